"""Records to the rows of a dump."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from store.records import ArticleRecord, StoryRecord

__all__ = ["article_row", "story_row"]


def article_row(record: ArticleRecord) -> dict[str, Any]:
    """One article. `url` is the fetched URL; `added` is when we got it, `created` when it says it was made."""
    copy, facts = record.copy, record.facts
    return {
        "id": copy.id,
        "url": facts.get("fetched_url", copy.url),
        "story_id": copy.story_id,
        "relation": copy.relation,
        "outlet": copy.outlet,
        "title": copy.title,
        "byline": facts.get("byline", []),
        "credit": copy.credit,
        "language": copy.language,
        "published": iso(copy.published),
        "first_seen": iso(copy.first_seen),
        "updated": iso(copy.updated),
        "text": record.text,
        "source": record.source,
        "added": iso(record.observed),
        "created": iso(copy.published),
        "content_digest": record.content_digest,
        "warc_file": record.warc_file,
        "warc_offset": record.warc_offset,
        "extractor": record.extractor,
        "signature_params": record.signature_params,
        "metadata": {"words": copy.words, "section": facts.get("section"), "notice": facts.get("notice")},
    }


def story_row(record: StoryRecord, members: Sequence[ArticleRecord]) -> dict[str, Any]:
    """One story with the text of its representative and every copy."""
    chosen = next(member for member in members if member.copy.id == record.representative)
    copies = [member.copy for member in members]
    return {
        "id": record.id,
        "title": record.title,
        "text": chosen.text,
        "first_seen": iso(record.first_seen),
        "last_seen": iso(record.last_seen),
        "outlets": sorted({copy.outlet for copy in copies}),
        "owners": sorted({copy.owner or copy.outlet for copy in copies}),
        "copies": [
            {
                "article_id": copy.id,
                "url": copy.url,
                "outlet": copy.outlet,
                "owner": copy.owner,
                "relation": copy.relation,
                "first_seen": iso(copy.first_seen),
                "published": iso(copy.published),
            }
            for copy in copies
        ],
        "source": chosen.source,
        "added": iso(record.first_seen),
        "created": iso(record.published),
        "metadata": {
            "language": record.language,
            "credit": record.credit,
            "representative": record.representative,
            "copies": record.copies,
        },
    }


def iso(time: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the second or, where there is more, to the microsecond."""
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")
