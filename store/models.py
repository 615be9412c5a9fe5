"""The values that pass between the stages. All are frozen; times are aware UTC."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["MAX_OUTLET_CHARS", "Capture", "Extracted", "Removed"]

# No row of an index of PostgreSQL holds more than 2,704 bytes, and outlets are indexed with a host or a story.
MAX_OUTLET_CHARS = 200


@dataclass(frozen=True, slots=True)
class Capture:
    """One page or text as it arrived, from a crawl, a WARC or a row: the stages cannot tell which.

    Exactly one of `body` (bytes of HTML) and `text` is set. `title`, `published`, `outlet` and `authors` are claims
    that came beside it. `observed` is None when nothing tells: then the clock of the import counts. `warc_file` and
    `warc_offset` (bytes) say where the fetched bytes are kept, if they are. `host_signals` is what the host said
    about mining when it was fetched, as (source, value, says): see `pipelines.rights`.
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


@dataclass(frozen=True, slots=True)
class Removed:
    """A line of furniture taken out of an article's text, and the rule that took it."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """An article as taken from its capture, not yet stored.

    `url` is the identity: the fetched URL, or its canonical when that is on the same site. A canonical on another
    site is `canonical_elsewhere`: a credit, never an identity. `text` is the clean body, one paragraph a line.
    `published` is a claim; `published_source` names the field it was read from. `kind` is article, or what is kept
    although it is not quite one: live_blog, paywall_stub, gallery, video.
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
    removed: tuple[Removed, ...] = ()
