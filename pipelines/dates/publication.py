"""When a page says that it was published, and changed: the surest source first, with the field it was read from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from htmldate import find_date
from lxml.html import HtmlElement

from onestory.pipelines.dates.date_order import is_month_first
from onestory.pipelines.dates.parsing import Hints, Stamp, is_ambiguous, plausible, read_time
from onestory.pipelines.dates.shown_dates import guessed, labelled, marked, pruned, stamped, time_elements
from onestory.pipelines.markup.own_node import speaks_for
from onestory.pipelines.markup.structured_data import Markup, strings, types

__all__ = ["Moment", "modified", "published"]

_PUBLISHED_META = (
    "article:published_time", "og:article:published_time", "article:published", "datepublished", "parsely-pub-date",
    "sailthru.date", "cxenseparse:recs:publishtime", "dc.date.issued", "dcterms.created", "dc.date", "dcterms.date",
    "publish-date", "publishdate", "pubdate", "publication_date", "article.published", "date.created", "ptime",
    "published_at", "date", "originalpublicationdate", "vr:published_time", "og:published_time", "rnews:datepublished",
    "citation_publication_date", "citation_online_date", "dc.date.created", "dcterms.issued", "pub_date",
    "pubdate_time", "article_date_original", "displaydate", "shareaholic:article_published_time", "article:post_date",
)  # fmt: skip
_MODIFIED_META = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "datemodified", "article:modified",
    "dcterms.modified", "dc.date.modified", "lastmod", "last-modified", "date.updated", "modified_time",
)  # fmt: skip
_FIELDS = ("json-ld", "meta", "microdata", "claim")
_PAGES = frozenset(["webpage", "itempage", "creativework", "mediaobject", "videoobject"])
_URL_DATE = re.compile(
    r"/((?:19|20)\d\d)(?:[/-]?(0[1-9]|1[0-2])[/-]?|/(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/)"
    r"(0[1-9]|[12]\d|3[01])(?=[/\-_.]|$)"
)
_QUARTER = timedelta(minutes=15)
_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Moment:
    """A claimed time and the field it was read from, with `(day)` for a day alone and `(no offset)` for assumed UTC."""

    at: datetime
    source: str


@dataclass(frozen=True)
class _Page:
    """What the times of one page are read with."""

    markup: Markup
    tree: HtmlElement | None
    observed: datetime | None

    def read(self, source: str, text: str) -> Stamp | None:
        """The time, if an article can have been published then. An ambiguous day to come has the other order."""
        if not is_ambiguous(text):
            return self._plausible(self._stamp(text), is_field=source.startswith(_FIELDS))
        likelier = is_month_first(text, self.markup, self.tree)
        stamps = (self._stamp(text, month_first=order) for order in (likelier, not likelier))
        return next((stamp for stamp in stamps if self._plausible(stamp, is_field=False)), None)

    def _stamp(self, text: str, *, month_first: bool = False) -> Stamp | None:
        hints = Hints(self._language, month_first)
        stamp = read_time(text, hints)
        is_doubtful = stamp is not None and stamp.has_clock and not stamp.has_zone
        return read_time(text, replace(hints, zone=self._zone)) if is_doubtful and self._zone else stamp

    def _plausible(self, stamp: Stamp | None, *, is_field: bool) -> Stamp | None:
        return stamp if stamp and plausible(stamp.at, observed=self.observed, field=is_field) else None

    @property
    def _language(self) -> str:
        return (self.markup.language or "")[:2].lower()

    @cached_property
    def _zone(self) -> tzinfo | None:
        """The site's own zone, where one of its fields tells it. UTC tells nothing: many systems write that."""
        stamps = (read_time(text) for _, text in (*_published_fields(self.markup), *_modified_fields(self.markup)))
        return next((stamp.zone for stamp in stamps if stamp and stamp.zone and stamp.is_local), None)


def published(
    markup: Markup, tree: HtmlElement | None, *, observed: datetime | None, claim: str | None = None
) -> Moment | None:
    """The claimed time of publication. `claim` came beside the page, from a feed or a row.

    It goes before what the page shows its readers, and gives its zone to a time of the page that has none.
    """
    page = _Page(markup, tree, observed)
    beside = page.read("claim", claim) if claim else None
    day: tuple[str, Stamp] | None = None
    for source, text in _published_claims(markup, tree, claim):
        stamp = page.read(source, text) if text else None
        if stamp and day is None:
            stamp = _zoned(stamp, beside)
        if stamp and stamp.has_clock and (day is None or _is_closer(stamp, day[1])):
            return _moment(source, stamp)
        if stamp and day is None:
            day = source, stamp
    if day is None and tree is not None:
        found = find_date(pruned(tree), original_date=True, extensive_search=False)
        stamp = page.read("page text", found or "")
        day = ("page text", stamp) if stamp else None
    return _moment(*day) if day else None


def _is_closer(stamp: Stamp, day: Stamp) -> bool:
    """Whether a time with a clock is on that day, by the zone that it was written in."""
    local = stamp.at.astimezone(stamp.zone) if stamp.zone else stamp.at
    return stamp.has_clock and local.date() == day.at.date()


def modified(markup: Markup, *, observed: datetime | None) -> datetime | None:
    """The claimed time of the last change."""
    page = _Page(markup, None, observed)
    stamps = (page.read(source, text) for source, text in _modified_fields(markup))
    return next((stamp.at for stamp in stamps if stamp), None)


def _moment(source: str, stamp: Stamp) -> Moment:
    doubt = "" if stamp.has_zone else " (no offset)" if stamp.has_clock else " (day)"
    return Moment(stamp.at, source + doubt)


def _zoned(stamp: Stamp, beside: Stamp | None) -> Stamp:
    """The same time with the zone that the feed has for it, when both can be one moment."""
    if beside is None or not beside.has_zone or stamp.has_zone or not stamp.has_clock:
        return stamp
    ahead = stamp.at.replace(second=0, microsecond=0) - beside.at.replace(second=0, microsecond=0)
    return beside if _WEST <= ahead <= _EAST and not ahead % _QUARTER else stamp


def _published_claims(markup: Markup, tree: HtmlElement | None, claim: str | None) -> Iterator[tuple[str, str]]:
    yield from _published_fields(markup)
    if tree is not None:
        yield from (("microdata", text) for text in marked(tree))
    if claim:
        yield "claim", claim
    if tree is not None:
        yield from (("time element", text) for text in (*time_elements(tree), *stamped(tree)))
        yield from (("page text", text) for text in labelled(tree))
    if match := _URL_DATE.search(urlsplit(markup.url).path):
        yield "url", " ".join(part for part in match.groups() if part).replace(" ", "-")
    if tree is not None:
        yield from (("page text", text) for text in guessed(tree))


def _published_fields(markup: Markup) -> Iterator[tuple[str, str]]:
    for key in ("datePublished", "dateCreated", "uploadDate"):
        yield from ((f"json-ld {key}", text) for text in _texts(markup.article.get(key)))
    for key in _PUBLISHED_META if markup.meta else ():
        yield from ((f"meta {key}", text) for text in markup.meta.get(key, ())[:2])
    for node in markup.nodes:
        if types(node) & _PAGES and speaks_for(node, markup.paths):
            yield from (("json-ld datePublished", text) for text in strings(node.get("datePublished")))


def _texts(value: Any) -> tuple[str, ...]:
    """A time may be a number, too: the seconds since 1970."""
    return (str(int(value)),) if isinstance(value, int | float) else strings(value)


def _modified_fields(markup: Markup) -> Iterator[tuple[str, str]]:
    yield from (("json-ld dateModified", text) for text in strings(markup.article.get("dateModified")))
    for key in _MODIFIED_META if markup.meta else ():
        yield from ((f"meta {key}", text) for text in markup.meta.get(key, ())[:1])
