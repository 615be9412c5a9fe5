"""Values that pass between the pipeline stages. All are frozen; times are aware and in UTC."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from onestory.errors import BadInput
from onestory.urls import article_id_of_url, host_of, normalize_url

__all__ = [
    "MAX_OUTLET_CHARS",
    "Capture",
    "ExtractedArticle",
    "Filing",
    "ProcessedCapture",
    "RemovedLine",
    "article_row",
    "canonical_article_id",
    "content_digest",
    "page_facts",
    "storable_text",
    "story_row",
    "version_row",
]


# An index row of PostgreSQL holds at most 2,704 bytes, and outlets are indexed together with a host or story.
MAX_OUTLET_CHARS = 200


@dataclass(frozen=True, slots=True)
class Filing:
    """What a provider states of a version of its dispatch.

    `uri` identifies the dispatch within the provider. `issued` is when this version was made. A dispatch that is
    `canceled` or `withheld` must not be used.
    """

    provider: str
    uri: str
    version: str | None = None
    issued: datetime | None = None
    status: Literal["usable", "withheld", "canceled"] = "usable"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """A page or text as it arrived from a crawl, a WARC file or a row. The stages treat all of them alike.

    Exactly one of `body` (bytes of HTML) and `text` is set. `title`, `published`, `outlet` and `authors` are claims
    that came with it. `observed` is None if the time is unknown; the clock of the import is used then. `warc_file` and
    `warc_offset` (in bytes) locate the stored response, if there is one. `host_signals` holds the host's statements
    about data mining at fetch time as (source, value, says): see `onestory.pipelines.extract.rights`. `seen_after` is
    the last poll of its source that did not list the page yet. `filing` is set of dispatches, whose URL is
    `onestory.dispatch_urls.dispatch_url`.
    """

    url: str
    observed: datetime | None
    source: str = "import"
    body: bytes | None = None
    text: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    title: str | None = None
    published: str | None = None
    outlet: str | None = None
    warc_file: str | None = None
    warc_offset: int | None = None
    host_signals: tuple[tuple[str, str, str | None], ...] = ()
    authors: tuple[str, ...] = ()
    seen_after: datetime | None = None
    filing: Filing | None = None


@dataclass(frozen=True, slots=True)
class RemovedLine:
    """A line of boilerplate removed from an article's text, and the rule that removed it."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExtractedArticle:
    """An article extracted from a capture, not yet stored.

    `url` is its identity: the fetched URL, or its canonical URL if that is on the same site. A canonical URL on another
    site is `canonical_elsewhere`: a credit, never an identity. `text` is the clean body, one paragraph per line.
    `published` is a claim; `published_source` names the field that it was read from. `kind` is article, or one of the
    related kinds that are stored as well: live_blog, paywall_stub, gallery, video.
    """

    url: str
    fetched_url: str
    text: str
    language: str
    words: int
    title: str | None = None
    byline: tuple[str, ...] = ()
    outlet: str | None = None
    credit: str | None = None
    credit_evidence: str | None = None
    canonical_elsewhere: str | None = None
    published: datetime | None = None
    published_source: str | None = None
    modified: datetime | None = None
    section: str | None = None
    image: str | None = None
    accessible_for_free: bool | None = None
    notice: str | None = None
    kind: str = "article"
    rights: dict[str, Any] | None = None
    removed: tuple[RemovedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ProcessedCapture:
    """A capture after extraction and signing: everything that makes a version.

    `signature` is opaque to the store. `text_digest` is 16 bytes, equal for equal normalized texts.
    """

    capture: Capture
    extracted: ExtractedArticle
    signature: bytes
    signature_params: str
    text_digest: bytes
    extractor: str

    @property
    def content_digest(self) -> str:
        """SHA-256 of title and text, in hex. Equal content makes no new version."""
        return content_digest(self.extracted.title, self.extracted.text)


def content_digest(title: str | None, text: str) -> str:
    """SHA-256 of the title, an empty line and the text, in hex."""
    return hashlib.sha256(f"{title or ''}\n\n{text}".encode("utf-8", "replace")).hexdigest()


def article_row(reading: ProcessedCapture, identity: str, number: int, *, outlet: str, now: datetime) -> dict[str, Any]:
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
        "source": storable_text(reading.capture.source),
        "first_seen": observed,
        "updated": observed,
        "seen_after": reading.capture.seen_after,
        "is_observed": reading.capture.observed is not None,
        "published": extracted.published,
        "title": storable_text(extracted.title),
        "language": extracted.language,
        "credit": storable_text(extracted.credit),
        "names": canonical_article_id(extracted.canonical_elsewhere),
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


def version_row(reading: ProcessedCapture, identity: str, number: int, *, now: datetime) -> dict[str, Any]:
    return {
        "number": number,
        "article_id": identity,
        "observed": reading.capture.observed or now,
        "title": storable_text(reading.extracted.title),
        "text": storable_text(reading.extracted.text),
        "facts": page_facts(reading.extracted),
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


def page_facts(extracted: ExtractedArticle) -> dict[str, Any]:
    """The page's statements about the article as JSON, without empty ones."""
    result = {
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
    return {key: _storable_deep(value) for key, value in result.items() if value not in (None, [], {})}


def storable_text(value: str | None) -> str | None:
    """The text without characters that no database stores: NUL and lone surrogates."""
    if value is None:
        return None
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _storable_deep(value: Any) -> Any:
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, Mapping):
        return {storable_text(str(key)): _storable_deep(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable_deep(part) for part in value]
    return value


def canonical_article_id(url: str | None) -> str | None:
    """The id of the article that a canonical URL on another site identifies."""
    try:
        return article_id_of_url(normalize_url(url)) if url else None
    except BadInput:
        return None
