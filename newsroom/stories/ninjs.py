"""Stories and articles as ninjs 3.1, the IPTC's News in JSON (https://iptc.org/standards/ninjs/).

Only members of its schema are used; unknown values are omitted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from onestory.newsroom.stories.feeds import record_urn
from onestory.pipelines.extract.language import known_language
from onestory.store.stories.records import ArticleRecord, CopyRecord, StoryRecord
from onestory.times import iso_utc

__all__ = ["NINJS_TYPE", "article_as_ninjs", "story_as_ninjs"]

NINJS_TYPE = "application/vnd.iptc.ninjs+json"
NINJS_STANDARD = {"name": "ninjs", "version": "3.1", "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json"}


def story_as_ninjs(story: StoryRecord, original: ArticleRecord, copies: Sequence[CopyRecord]) -> dict[str, Any]:
    """Headline and text of the original. Every other copy is an association, with `rel` as its relation to the
    original.
    """
    return {
        **_text_item(original),
        "uri": record_urn("story", story.id),
        "version": str(original.number),
        "firstCreated": iso_utc(story.first_seen),
        "versionCreated": iso_utc(story.updated),
        "altIds": [{"role": "onestory.story", "value": story.id}, *_ids(original.copy)],
        "associations": [_association(copy) for copy in copies if copy.id != original.copy.id],
    }


def article_as_ninjs(article: ArticleRecord) -> dict[str, Any]:
    return {
        **_text_item(article),
        "uri": record_urn("article", article.copy.id),
        "version": str(article.number),
        "firstCreated": iso_utc(article.copy.first_seen),
        "versionCreated": iso_utc(article.copy.updated),
        "altIds": _ids(article.copy),
        "associations": [{"name": "story", "rel": "partOf", "uri": record_urn("story", article.copy.story_id)}],
    }


def _text_item(article: ArticleRecord) -> dict[str, Any]:
    copy = article.copy
    body = {
        "role": "main",
        "contentType": "text/plain",
        "charCount": len(article.text),
        "wordCount": copy.words,
        "value": article.text,
    }
    result = {
        "standard": NINJS_STANDARD,
        "type": "text",
        "representationType": "full",
        "pubStatus": _status(copy),
        "language": known_language(copy.language),
        "contentCreated": iso_utc(copy.published),
        "headlines": _headlines(copy.title),
        "by": ", ".join(article.facts.get("byline", ())),
        "bodies": [body],
        "infoSources": _sources(copy),
    }
    return _known(result)


def _known(result: Mapping[str, Any]) -> dict[str, Any]:
    """The item without unknown values, since the schema has no null."""
    return {name: value for name, value in result.items() if value not in (None, "", [])}


def _status(copy: CopyRecord) -> str:
    """The status, which tells receivers to remove withdrawn copies."""
    return "usable" if copy.withdrawn is None else "canceled"


def _association(copy: CopyRecord) -> dict[str, Any]:
    result = {
        "name": copy.outlet,
        "rel": copy.relation,
        "uri": record_urn("article", copy.id),
        "type": "text",
        "representationType": "partial",
        "pubStatus": _status(copy),
        "language": known_language(copy.language),
        "firstCreated": iso_utc(copy.first_seen),
        "versionCreated": iso_utc(copy.updated),
        "headlines": _headlines(copy.title),
        "infoSources": _sources(copy),
        "altIds": _ids(copy),
    }
    return _known(result)


def _headlines(title: str | None) -> list[Mapping[str, str]]:
    return [{"role": "main", "contentType": "text/plain", "value": title}] if title else []


def _sources(copy: CopyRecord) -> list[dict[str, str]]:
    publisher = {"name": copy.outlet, "role": "publisher"}
    return [publisher, {"name": copy.credit, "role": "credit"}] if copy.credit else [publisher]


def _ids(copy: CopyRecord) -> list[dict[str, str]]:
    return [{"role": "onestory.article", "value": copy.id}, {"role": "url", "value": copy.url}]
