"""Sitemaps: news sitemaps, plain ones, and indexes of them (sitemaps.org, Google's news extension)."""

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from lxml import etree

from onestory.crawler.sources.feeds import (
    BadSource,
    feed_entries,
    is_html,
    parser_errors_as_bad_source,
    refuse_entities,
    refuse_excess_markup,
)
from onestory.errors import BadInput
from onestory.pipelines.archive.content_coding import CodingError, without_coding
from onestory.pipelines.dates.parsing import read_time
from onestory.pipelines.extract.html import printable
from onestory.pipelines.markup.xml_repair import escaped, without_marks
from onestory.ssrf import checked_url
from onestory.store.frontier.hosts import authority_of
from onestory.store.frontier.pages import PageEntry
from onestory.urls import same_site

__all__ = [
    "MAX_BYTES",
    "Sitemap",
    "children_of",
    "decompress",
    "is_near",
    "read_sitemap",
    "recent_entries",
]

MAX_BYTES = 52_428_800  # the protocol's own limit, unpacked
MAX_PACKED = 3
# Lines of addresses, with comments before them.
PLAIN_TEXT = re.compile(rb"\s*(?:#[^\n<]{0,500}\n\s*){0,50}https?://", re.IGNORECASE)
ROOT = re.compile(rb"<(?:\?xml|(?:\w{1,20}:)?(?:urlset|sitemapindex)\b)", re.IGNORECASE)
MAX_NOTICE_BYTES = 4_096
MAX_URLS = 50_000  # likewise
MAX_NEW = 1_000
# Of 50,000 URLs with ten elements each there are a million; a node costs libxml2 over a hundred bytes.
MAX_MARKS = 2_000_000
MAX_CHILDREN = 10
# A sitemap without dates may list a whole archive; what is dated is news for so long.
NEWS_DAYS = 3
YEAR_OR_MONTH = re.compile(r"[0-9]{4}(-[0-9]{2})?")


@dataclass(frozen=True, slots=True)
class DatedEntry:
    entry: PageEntry
    moment: datetime | None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """`children` are the sitemaps that an index names; a sitemap has `urls` instead."""

    urls: tuple[DatedEntry, ...] = ()
    children: tuple[DatedEntry, ...] = ()


def decompress(body: bytes, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes themselves, or those in gzip members, packed up to three times. Raises BadSource for broken ones."""
    for _ in range(MAX_PACKED):
        if not body.startswith(b"\x1f\x8b"):
            break
        body = _unpacked(body, max_bytes)
    return body


def _unpacked(body: bytes, max_bytes: int) -> bytes:
    """One layer of gzip. What is cut gives what it has, and what is no gzip behind the last member is left out."""
    try:
        plain = without_coding(body, "gzip", max_bytes)
    except CodingError as error:
        raise BadSource("error", f"its gzip is broken: {error}") from error
    if len(plain) > max_bytes:
        raise BadSource("error", f"unpacked it is larger than {max_bytes} bytes")
    return plain


@parser_errors_as_bad_source
def read_sitemap(body: bytes, *, url: str) -> Sitemap:
    """Raises BadSource for what is no sitemap, and for one that lists nothing."""
    plain = _narrow(without_marks(decompress(body)))
    if not plain.strip():
        raise BadSource("empty", "the answer is empty")
    if PLAIN_TEXT.match(plain):
        return _plain_text(plain, url)
    if is_html(plain):
        raise BadSource("error", "it is a web page (HTML), not a sitemap", is_dead=True)
    refuse_entities(plain)
    refuse_excess_markup(plain, max_marks=MAX_MARKS)
    root = _root(escaped(_from_root(plain)))
    name = _name(root)
    if name in ("rss", "feed", "rdf"):
        entries = feed_entries(plain, url=url)
        return Sitemap(urls=tuple(DatedEntry(entry, _moment(entry.published)) for entry in entries))
    if name == "html":
        raise BadSource("error", "it is a web page (HTML), not a sitemap", is_dead=True)
    if name not in ("urlset", "sitemapindex"):
        raise BadSource("error", f"it is XML, but no sitemap: its root is <{printable(name)[:40]}>")
    found = tuple(one for element in root[:MAX_URLS] for one in _dated(element, url))
    if not found:
        raise BadSource("empty", "the sitemap lists no URL")
    return Sitemap(urls=found) if name == "urlset" else Sitemap(children=found)


def _from_root(plain: bytes) -> bytes:
    """Without notices that a script of the server printed before the XML."""
    found = ROOT.search(plain[:MAX_NOTICE_BYTES])
    return plain[found.start() :] if found and plain[:1] == b"<" and not plain.startswith((b"<?", b"<!")) else plain


def _narrow(plain: bytes) -> bytes:
    """Convert a list of addresses from UTF-16 to UTF-8. XML declares its own encoding."""
    if plain[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return plain
    narrow = plain.decode("utf-16", "replace").encode("utf-8", "replace")
    return narrow if PLAIN_TEXT.match(narrow) else plain


def _plain_text(plain: bytes, base: str) -> Sitemap:
    """One URL a line, which the protocol allows as well."""
    lines = plain.decode("utf-8-sig", "replace").split(maxsplit=MAX_URLS)[:MAX_URLS]
    found = []
    for line in lines:
        if not line.lower().startswith("http"):
            continue
        with suppress(BadInput):
            found.append(DatedEntry(PageEntry(checked_url(line, base=base)), None))
    if not found:
        raise BadSource("empty", "the sitemap lists no URL")
    return Sitemap(urls=tuple(found))


def _root(plain: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(plain, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadSource("error", f"it is not XML: {error}") from error
    if root is None:
        raise BadSource("error", "it is not XML")
    return root


def _dated(element: Any, base: str) -> list[DatedEntry]:
    said = _words_of(element)
    try:
        url = checked_url(said["loc"].replace("&amp;", "&"), base=base)
    except (BadInput, KeyError):
        return []
    published = said.get("publication_date") or said.get("lastmod")
    return [DatedEntry(PageEntry(url, said.get("title"), published, said.get("keywords")), _moment(published))]


def _words_of(element: Any) -> dict[str, str]:
    """Its address and date by name; title and date of publication only from what the news extension says.

    Images and videos may stand before them, with addresses, titles and dates of their own.
    """
    said: dict[str, str] = {}
    for child in element:
        if _name(child) in ("loc", "lastmod"):
            _say(said, child)
        elif _name(child) == "news":
            for part in child:
                if _name(part) in ("title", "publication_date"):
                    _say(said, part)
    return said


def _name(element: Any) -> str:
    """Without its namespace, or the prefix of one that nobody declared."""
    return re.split("[}:]", element.tag)[-1].lower() if isinstance(element.tag, str) else ""


def _say(said: dict[str, str], element: Any) -> None:
    if element.text and element.text.strip():
        said.setdefault(_name(element), " ".join(printable(element.text).split())[:2048])


def _moment(value: str | None) -> datetime | None:
    """W3C date and time, or one as in RSS; a day, month or year counts from its end."""
    text = (value or "").strip()
    for read in (_end_of_month, _w3c, parsedate_to_datetime):
        try:
            moment = read(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            continue
    stamp = read_time(text)
    if stamp is None:
        return None
    with suppress(OverflowError):
        return stamp.at if stamp.has_clock else stamp.at + timedelta(days=1)
    return None


def _end_of_month(text: str) -> datetime:
    if not YEAR_OR_MONTH.fullmatch(text):
        raise ValueError(text)
    first = datetime(int(text[:4]), int(text[5:] or 12), 1)
    return datetime(first.year + first.month // 12, first.month % 12 + 1, 1)


def _w3c(text: str) -> datetime:
    return datetime.fromisoformat(text) + timedelta(days=1 if len(text) in (8, 10) else 0)


def recent_entries(sitemap: Sitemap, *, now: datetime) -> list[PageEntry]:
    """What is news: dated within the last days, or not dated; the newest first, at most 1,000."""
    since = now - timedelta(days=NEWS_DAYS)
    young = [dated for dated in sitemap.urls if dated.moment is None or dated.moment >= since]
    young.sort(key=lambda dated: dated.moment or since, reverse=True)
    return list({dated.entry.url: dated.entry for dated in young[:MAX_NEW]}.values())


def is_near(one: str, other: str) -> bool:
    """Whether two addresses are of one site: with and without www, or on a host of its own for sitemaps."""
    bare, beside = (authority_of(url).removeprefix("www.") for url in (one, other))
    return bare == beside or same_site(one, other)


def children_of(sitemap: Sitemap, *, url: str, since: datetime | None) -> list[str]:
    """The sitemaps of an index that may hold something new, the newest first, at most ten; of the same site only.

    A stranger's host could be made to be asked on the strength of this file (sitemaps.org, "Cross submits").
    """
    same = [dated for dated in sitemap.children if is_near(dated.entry.url, url)]
    fresh = [dated for dated in same if since is None or dated.moment is None or dated.moment >= since]
    oldest = datetime.min.replace(tzinfo=UTC)
    fresh.sort(key=lambda dated: dated.moment or oldest, reverse=True)
    return [dated.entry.url for dated in fresh[:MAX_CHILDREN]]
