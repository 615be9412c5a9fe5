"""A capture that was read, and the rows that are made of it: an article's, its story's, a version's."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.errors import BadInput
from store.identity import article_id, host_of, normal_url
from store.models import Capture, Extracted

__all__ = [
    "Reading",
    "article_row",
    "content_digest",
    "facts",
    "named",
    "storable",
    "story_row",
    "version_row",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """One capture, read and signed: all that a version is made from.

    `signature` is opaque here. `text_digest` is 16 bytes that are equal when the normalised texts are.
    """

    capture: Capture
    extracted: Extracted
    signature: bytes
    signature_params: str
    text_digest: bytes
    extractor: str

    @property
    def content_digest(self) -> str:
        """SHA-256 of title and text, in hex: the same content makes no new version."""
        return content_digest(self.extracted.title, self.extracted.text)


def content_digest(title: str | None, text: str) -> str:
    """SHA-256 of title, an empty line, and text, in hex."""
    return hashlib.sha256(f"{title or ''}\n\n{text}".encode("utf-8", "replace")).hexdigest()


def article_row(reading: Reading, identity: str, number: int, *, outlet: str, now: datetime) -> dict[str, Any]:
    extracted = reading.extracted
    observed = reading.capture.observed or now
    return {
        "id": identity,
        "url": extracted.url,
        "host": host_of(extracted.url),
        "story_id": identity,
        "relation": "original",
        "arrival": number,
        "version": number,
        "outlet": outlet,
        "source": storable(reading.capture.source),
        "first_seen": observed,
        "updated": observed,
        "published": extracted.published,
        "title": storable(extracted.title),
        "language": extracted.language,
        "credit": storable(extracted.credit),
        "names": named(extracted.canonical_elsewhere),
        "words": extracted.words,
    }


def story_row(article: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    return {
        "id": article["id"],
        "title": article["title"],
        "language": article["language"],
        "credit": article["credit"],
        "representative": article["id"],
        "original": article["id"],
        "original_reason": "only",
        "first_seen": article["first_seen"],
        "last_seen": article["first_seen"],
        "published": article["published"],
        "first_outlet": article["outlet"],
        "updated": now,
    }


def version_row(reading: Reading, identity: str, number: int, *, now: datetime) -> dict[str, Any]:
    return {
        "number": number,
        "article_id": identity,
        "observed": reading.capture.observed or now,
        "title": storable(reading.extracted.title),
        "text": storable(reading.extracted.text),
        "facts": facts(reading.extracted),
        "content_digest": reading.content_digest,
        "text_digest": reading.text_digest,
        "words": reading.extracted.words,
        "signature": reading.signature,
        "signature_params": reading.signature_params,
        "extractor": reading.extractor,
        "warc_file": reading.capture.warc_file,
        "warc_offset": reading.capture.warc_offset,
        "told": False,
    }


def facts(extracted: Extracted) -> dict[str, Any]:
    """What the page says of the article, as JSON; empty facts are left out."""
    told = {
        "fetched_url": extracted.fetched_url if extracted.fetched_url != extracted.url else None,
        "site_name": extracted.outlet,
        "language": extracted.language,
        "byline": list(extracted.byline),
        "credit": extracted.credit,
        "credit_evidence": extracted.credit_evidence,
        "canonical_elsewhere": extracted.canonical_elsewhere,
        "published": extracted.published and extracted.published.isoformat(),
        "published_source": extracted.published_source,
        "modified": extracted.modified and extracted.modified.isoformat(),
        "section": extracted.section,
        "image": extracted.image,
        "accessible_for_free": extracted.accessible_for_free,
        "notice": extracted.notice,
        "kind": extracted.kind if extracted.kind != "article" else None,
        "rights": extracted.rights,
    }
    return {key: _storable_deep(value) for key, value in told.items() if value not in (None, [], {})}


def storable(value: str | None) -> str | None:
    """Without what no database keeps in a text: NUL and lone surrogates."""
    if value is None:
        return None
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _storable_deep(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): _storable_deep(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable_deep(part) for part in value]
    return value


def named(url: str | None) -> str | None:
    """The id of the article that a canonical on another site names."""
    try:
        return article_id(normal_url(url)) if url else None
    except BadInput:
        return None
