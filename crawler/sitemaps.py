"""Sitemaps: news sitemaps, plain ones, and indexes of them (sitemaps.org, Google's news extension)."""

import gzip
import io
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree

from crawler.feeds import BadSource, refuse_entities
from crawler.guard import checked_url
from pipelines.page import printable
from store.errors import BadInput
from store.frontier import Entry
from store.hosts import authority_of

__all__ = ["MAX_BYTES", "Sitemap", "children_of", "read_sitemap", "recent", "unpacked"]

MAX_BYTES = 52_428_800  # the protocol's own limit, unpacked
MAX_URLS = 50_000  # likewise
MAX_NEW = 1_000
MAX_CHILDREN = 10
# A sitemap without dates may list a whole archive; what is dated is news for so long.
NEWS_DAYS = 3


@dataclass(frozen=True, slots=True)
class Dated:
    entry: Entry
    moment: datetime | None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """`children` are the sitemaps that an index names; a sitemap has `urls` instead."""

    urls: tuple[Dated, ...] = ()
    children: tuple[Dated, ...] = ()


def unpacked(body: bytes, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes themselves, or those in a gzip member. Raises BadSource for what is broken or too large."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            plain = packed.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadSource("error", f"its gzip is broken: {error}") from error
    if len(plain) > max_bytes:
        raise BadSource("error", f"unpacked it is larger than {max_bytes} bytes")
    return plain


def read_sitemap(body: bytes, *, url: str) -> Sitemap:
    """Raises BadSource for what is no sitemap, and for one that lists nothing."""
    plain = unpacked(body)
    if not plain.strip():
        raise BadSource("empty", "the answer is empty")
    refuse_entities(plain)
    root = _root(plain)
    name = etree.QName(root).localname.lower()
    if name == "html":
        raise BadSource("error", "it is a web page (HTML), not a sitemap")
    if name not in ("urlset", "sitemapindex"):
        raise BadSource("error", f"it is XML, but no sitemap: its root is <{printable(name)[:40]}>")
    found = tuple(one for element in root[:MAX_URLS] for one in _dated(element, url))
    if not found:
        raise BadSource("empty", "the sitemap lists no URL")
    return Sitemap(urls=found) if name == "urlset" else Sitemap(children=found)


def _root(plain: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(plain, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadSource("error", f"it is not XML: {error}") from error
    if root is None:
        raise BadSource("error", "it is not XML")
    return root


def _dated(element: Any, base: str) -> list[Dated]:
    said = _words_of(element)
    try:
        url = checked_url(said["loc"], base=base)
    except (BadInput, KeyError):
        return []
    published = said.get("publication_date") or said.get("lastmod")
    return [Dated(Entry(url, said.get("title"), published), _moment(published))]


def _words_of(element: Any) -> dict[str, str]:
    """The text of each descendant by its local name, the first of each."""
    said: dict[str, str] = {}
    for child in element.iterdescendants():
        if isinstance(child.tag, str) and child.text and child.text.strip():
            said.setdefault(etree.QName(child).localname.lower(), " ".join(printable(child.text).split())[:2048])
    return said


def _moment(value: str | None) -> datetime | None:
    """W3C date and time; a day counts from its end, so that it is not old before it is over."""
    try:
        read = datetime.fromisoformat((value or "").strip())
    except ValueError:
        return None
    if len((value or "").strip()) == 10:
        read += timedelta(days=1)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def recent(sitemap: Sitemap, *, now: datetime) -> list[Entry]:
    """What is news: dated within the last days, or not dated; the newest first, at most 1,000."""
    since = now - timedelta(days=NEWS_DAYS)
    young = [dated for dated in sitemap.urls if dated.moment is None or dated.moment >= since]
    young.sort(key=lambda dated: dated.moment or since, reverse=True)
    return list({dated.entry.url: dated.entry for dated in young[:MAX_NEW]}.values())


def children_of(sitemap: Sitemap, *, url: str, since: datetime | None) -> list[str]:
    """The sitemaps of an index that may hold something new, the newest first, at most ten; of the same host only.

    Another host could be made to be asked on the strength of a stranger's file (sitemaps.org, "Cross submits").
    """
    same = [dated for dated in sitemap.children if authority_of(dated.entry.url) == authority_of(url)]
    fresh = [dated for dated in same if since is None or dated.moment is None or dated.moment >= since]
    oldest = datetime.min.replace(tzinfo=UTC)
    fresh.sort(key=lambda dated: dated.moment or oldest, reverse=True)
    return [dated.entry.url for dated in fresh[:MAX_CHILDREN]]
