"""Feeds: bytes that we fetched to entries. RSS and Atom by feedparser, JSON Feed by its specification.

feedparser is only ever handed bytes: given a URL or a file name it would fetch that itself.
"""

import calendar
import html
import io
import json
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar
from xml.parsers import expat

import feedparser

from onestory.errors import BadInput
from onestory.pipelines.dates.parsing import is_ambiguous, read_time
from onestory.pipelines.extract.html import printable
from onestory.pipelines.markup.plain import plain
from onestory.pipelines.markup.xml_repair import declares_entities, escaped, with_closed_tags, without_marks
from onestory.ssrf import checked_url
from onestory.store.frontier.pages import PageEntry

__all__ = [
    "MAX_FEED_BYTES",
    "BadSource",
    "feed_entries",
    "is_html",
    "parser_errors_as_bad_source",
    "refuse_entities",
    "refuse_excess_markup",
    "summary_of",
]


P = ParamSpec("P")
T = TypeVar("T")

MAX_ENTRIES = 1_000
MAX_TITLE = 500
# Unpacked; what is fetched is cut off there as well.
MAX_FEED_BYTES = 8_000_000
# A feed of a thousand entries with forty elements each has 80,000; every one costs feedparser some 2 kB and 50 µs.
MAX_MARKS = 100_000
# Of one element: looking up each of them costs as many steps as there are.
MAX_ATTRIBUTES = 500

SMALL_BYTES = 50_000
ADDRESS = re.compile(r"https?://", re.IGNORECASE)

PROLOGUE_BYTES = 65_536

# `www.outlet.example/n/1` without a scheme, as a feed parser joins it with the address of the feed.
JOINED = re.compile(r"https?://(?P<host>[^/]+)/(?P<link>(?P=host)(?:/|$).*)", re.IGNORECASE)
IS_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)


class BadSource(Exception):  # noqa: N818 - named for what is wrong
    """A source that cannot be read: the status word for it, and why in plain words.

    `is_dead`: not a moment's trouble, nothing is there that is a source.
    """

    def __init__(self, status: str, why: str, *, is_dead: bool = False) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.is_dead = is_dead or status in ("gone", "empty")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle support: the `args` of the exception are not the arguments of its constructor."""
        return partial(BadSource, is_dead=self.is_dead), (self.status, self.why)


def parser_errors_as_bad_source(read: Callable[P, T]) -> Callable[P, T]:
    """Whatever a parser raises at bytes that it was not made for is that source's trouble: a BadSource."""

    @wraps(read)
    def reading(*args: P.args, **named: P.kwargs) -> T:
        try:
            return read(*args, **named)
        except BadSource:
            raise
        except Exception as error:  # parsers of what strangers write raise whatever it provokes
            said = printable(str(error))[:100] or type(error).__name__
            raise BadSource("error", f"it cannot be read: {said}") from error

    return reading


def refuse_excess_markup(body: bytes, *, max_marks: int) -> None:
    """Raises BadSource for more markup than any honest file has: it would cost minutes and gigabytes to read."""
    if (marks := body.count(b"<")) > max_marks:
        raise BadSource("error", f"it has {marks:,} tags, more than the {max_marks:,} that are read")


def refuse_entities(body: bytes) -> None:
    """Raises BadSource for XML that declares entities or attributes; in any encoding that XML parsers read."""
    if declares_entities(body):
        raise BadSource("error", "it is XML with a document type of its own (DTD), which is not read")


@parser_errors_as_bad_source
def feed_entries(body: bytes, *, url: str, content_type: str | None = None) -> list[PageEntry]:
    """The entries of a feed that have a URL we may fetch, newest first as the feed has them, each URL once.

    Raises BadSource for what is no feed, and for a feed without a single entry.
    """
    body = without_marks(body)
    if not body.strip():
        raise BadSource("empty", "the answer is empty")
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        found = _json_entries(body, url)
    else:
        found = _xml_entries(body, url, content_type)
    unique = {entry.url: entry for entry in reversed(found[:MAX_ENTRIES])}
    if not unique:
        raise BadSource("empty", "the feed has no entry with a link")
    return list(reversed(unique.values()))


def _xml_entries(body: bytes, url: str, content_type: str | None) -> list[PageEntry]:
    if is_html(body):
        raise BadSource("error", "it is a web page (HTML), not a feed", is_dead=True)
    refuse_entities(body)
    refuse_excess_markup(body, max_marks=MAX_MARKS)
    _refuse_attributes(body)
    body = escaped(body)
    headers = {"content-location": url} | ({"content-type": content_type} if content_type else {})
    parsed = _parsed(body, headers)
    if not parsed.version:
        raise BadSource("error", "it is neither RSS nor Atom nor JSON Feed", is_dead=True)
    found = [entry for raw in parsed.entries for entry in _entry(raw, url)]
    if not found and parsed.bozo and (closed := with_closed_tags(body)):
        found = [entry for raw in _parsed(closed, headers).entries for entry in _entry(raw, url)]
    return found


def _parsed(body: bytes, headers: dict[str, str]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return feedparser.parse(io.BytesIO(body), response_headers=headers, sanitize_html=False)


def _refuse_attributes(body: bytes) -> None:
    """Raises BadSource for an element of very many. Read as Latin-1, in which all that is markup is where it was."""
    if len(body) < SMALL_BYTES:
        return
    parser = expat.ParserCreate("iso-8859-1")
    parser.ordered_attributes = True

    def begin(name: str, attributes: list[str]) -> None:
        if len(attributes) > 2 * MAX_ATTRIBUTES:
            raise BadSource("error", f"it has an element of more than {MAX_ATTRIBUTES} attributes")

    parser.StartElementHandler = begin
    with suppress(expat.ExpatError):  # what is no XML is read by feedparser's other parser, which takes no longer
        parser.Parse(body.replace(b"\x00", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff"), True)


def is_html(body: bytes) -> bool:
    """Whether a body is a web page, by its first tag."""
    return IS_HTML.match(_after_comments(body[:PROLOGUE_BYTES])) is not None


def _after_comments(head: bytes) -> bytes:
    """From the first that is neither white space nor a comment."""
    head = head.lstrip()
    while head.startswith(b"<!--") and b"-->" in head:
        head = head.partition(b"-->")[2].lstrip()
    return head


def _entry(raw: Any, base: str) -> Iterator[PageEntry]:
    # A proxy such as FeedBurner tells where its own link leads; that is one redirect less, to a host less.
    link = raw.get("feedburner_origlink") or _link(raw)
    contents = [content.get("value") for content in raw.get("content") or ()]
    yield from _kept(link, base, raw.get("title"), _moment(raw), summary_of(raw.get("summary"), *contents))


def _moment(raw: Any) -> str | None:
    """When an entry was published, in the form that the one parser of times wrote it; else as feedparser reads it.

    A date whose day and month cannot be told apart stays as it is: the page's language decides.
    """
    # Asked for what it lacks, feedparser's own dict warns.
    text = dict.get(raw, "published") or dict.get(raw, "updated")
    stamp = read_time(text) if isinstance(text, str) and not is_ambiguous(text) else None
    if stamp is None:
        moment = dict.get(raw, "published_parsed") or dict.get(raw, "updated_parsed")
        return text if isinstance(text, str) and is_ambiguous(text) else _iso(moment) or text
    if not stamp.has_clock:
        return stamp.at.date().isoformat()
    return stamp.at.isoformat() if stamp.has_zone else stamp.at.replace(tzinfo=None).isoformat()


def _link(raw: Any) -> object:
    """The link, unless it is the enclosure's: a recording is not the article. Without one, RSS takes the guid."""
    enclosed = {one.get("href") for one in raw.get("enclosures") or ()}
    link, name = raw.get("link"), raw.get("id")
    if link and link not in enclosed:
        return link
    # A guid is an address unless `isPermaLink` is false. If `link` is empty, feedparser does not report this.
    return name if raw.get("guidislink", True) or (link == "" and _address(name)) else None


def _json_entries(body: bytes, url: str) -> list[PageEntry]:
    """JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/."""
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadSource("error", f"it is not JSON: {str(error)[:100]}") from error
    if not isinstance(feed, dict) or "jsonfeed.org" not in str(feed.get("version")):
        raise BadSource("error", "it is JSON, but not a JSON Feed")
    if feed.get("expired") is True:
        raise BadSource("gone", "the feed says that it has ended")
    raws = feed.get("items")
    if not isinstance(raws, list):
        return []
    return [
        entry
        for raw in raws
        if isinstance(raw, dict)
        for entry in _kept(
            raw.get("url") or _address(raw.get("id")),
            url,
            raw.get("title"),
            raw.get("date_published") or raw.get("date_modified"),
            summary_of(raw.get("summary"), raw.get("content_text"), raw.get("content_html")),
        )
    ]


def _address(name: object) -> str | None:
    return name if isinstance(name, str) and ADDRESS.match(name) else None


def _kept(link: object, base: str, title: object, published: object, summary: str | None) -> Iterator[PageEntry]:
    if not isinstance(link, str) or not link.strip():
        return
    link = link.strip().replace("&amp;", "&")
    joined = JOINED.fullmatch(link)
    try:
        target = checked_url(f"https://{joined['link']}" if joined else link, base=base)
    except BadInput:
        return
    yield PageEntry(target, _title(title), _words(published), summary)


def _title(value: object) -> str | None:
    """Without markup and entities, which feeds escape once, twice, or put into CDATA."""
    return plain(printable(value))[:MAX_TITLE] or None if isinstance(value, str) else None


def _words(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return " ".join(printable(value).split())[:MAX_TITLE] or None


def _iso(moment: Any) -> str | None:
    if moment is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(moment), UTC).isoformat()
    except (OverflowError, ValueError, OSError, TypeError):
        return None


MAX_LENGTH = 2_000

# Of markup, of which little may be text.
MAX_MARKUP = 20_000

# No `<` inside: a text of nothing but these is looked at once, and not once a character.
TAG = re.compile(r"<[^<>]*>")


def summary_of(*fields: object) -> str | None:
    """The longest of the fields without its markup, at most 2,000 characters; None where nothing is said."""
    said = max((field for field in fields if isinstance(field, str)), key=len, default="")
    markup = said[:MAX_MARKUP]
    # Some feeds escape their markup twice.
    markup = markup if "<" in markup else html.unescape(markup)
    text = html.unescape(TAG.sub(" ", markup))
    return " ".join(printable(text).split())[:MAX_LENGTH] or None
