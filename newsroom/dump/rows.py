"""Conversion of records to the rows of a dump."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from onestory.newsroom.dump.schema import SIGNAL_FIELDS
from onestory.store.articles.earlier_versions import EarlierVersion
from onestory.store.sources.coverage import Gap
from onestory.store.stories.records import ArticleRecord, StoryRecord
from onestory.store.tombstones import Tombstone
from onestory.times import iso_utc

__all__ = ["dump_article_row", "dump_gap_row", "dump_removed_row", "dump_story_row", "mining_verdict_of"]

NONE_EARLIER: Mapping[str, EarlierVersion] = {}


def dump_article_row(record: ArticleRecord) -> dict[str, Any]:
    """The row of an article. `url` is the fetched URL, `added` when it was acquired, `created` when its page says it
    was published.
    """
    copy, facts = record.copy, record.facts
    rights = facts.get("rights") or {}
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
        "published": iso_utc(copy.published),
        "first_seen": iso_utc(copy.first_seen),
        "updated": iso_utc(copy.updated),
        "withdrawn": iso_utc(copy.withdrawn),
        "withdrawn_reason": copy.withdrawn_reason,
        "text": record.text,
        "source": record.source,
        "added": iso_utc(record.observed),
        "created": iso_utc(copy.published),
        "content_digest": record.content_digest,
        "warc_file": record.warc_file,
        "warc_offset": record.warc_offset,
        "extractor": record.extractor,
        "signature_params": record.signature_params,
        "mining": mining_verdict_of(record),
        "rights_observed": iso_utc(_moment(rights.get("observed")) or record.observed),
        "rights": [{name: signal.get(name) for name in SIGNAL_FIELDS} for signal in rights.get("signals", [])],
        "metadata": {
            "words": copy.words,
            "section": facts.get("section"),
            "notice": facts.get("notice"),
            "kind": facts.get("kind", "article"),
        },
    }


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def mining_verdict_of(record: ArticleRecord) -> str:
    """The verdict on text and data mining: allowed, denied, or unknown without any statement."""
    return str((record.facts.get("rights") or {}).get("mining") or "unknown")


def dump_story_row(
    record: StoryRecord, members: Sequence[ArticleRecord], earlier: Mapping[str, EarlierVersion] = NONE_EARLIER
) -> dict[str, Any]:
    """The row of a story, with the text of its original and every copy in `members`.

    If the original is not among them, the first one seen is used instead. `earlier` has the copies that run an earlier
    version of the original.
    """
    chosen = next((member for member in members if member.copy.id == record.original), members[0])
    copies = [member.copy for member in members]
    return {
        "id": record.id,
        "title": record.title,
        "text": chosen.text,
        "first_seen": iso_utc(record.first_seen),
        "last_seen": iso_utc(record.last_seen),
        "outlets": sorted({copy.outlet for copy in copies}),
        "owners": sorted({copy.owner or copy.outlet for copy in copies}),
        "copies": [
            {
                "article_id": copy.id,
                "url": copy.url,
                "outlet": copy.outlet,
                "owner": copy.owner,
                "relation": "verbatim" if copy.id in earlier else copy.relation,
                "runs_version": earlier[copy.id].version if copy.id in earlier else None,
                "first_seen": iso_utc(copy.first_seen),
                "published": iso_utc(copy.published),
                "withdrawn": iso_utc(copy.withdrawn),
            }
            for copy in copies
        ],
        "source": chosen.source,
        "added": iso_utc(record.first_seen),
        "created": iso_utc(record.published),
        "metadata": {
            "language": record.language,
            "credit": record.credit,
            "original": chosen.copy.id,
            "original_reason": record.original_reason if chosen.copy.id == record.original else None,
            "copies": len(copies),
        },
    }


def dump_removed_row(tombstone: Tombstone) -> dict[str, Any]:
    """The row of a tombstone: a digest, never an id."""
    return {"digest": tombstone.digest, "kind": tombstone.kind, "removed": iso_utc(tombstone.at)}


def dump_gap_row(gap: Gap) -> dict[str, Any]:
    """The row of a gap; `to` is null while it lasts."""
    return {
        "source": gap.source,
        "outlet": gap.outlet,
        "from": iso_utc(gap.began),
        "to": iso_utc(gap.ended),
        "status": gap.status,
        "why": gap.why,
        "polls": gap.polls,
    }
