"""Rows of JSON Lines in, captures out: our own field names, and those of the tools that people come from.

Read as they are: the output of news-please, newspaper4k, trafilatura and fundus, and the rows of news services.
"""

import json
import logging
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

import orjson
import zstandard

from onestory.errors import BadInput, Dropped
from onestory.pipelines.archive.opening import first_line, opened
from onestory.pipelines.archive.warc_reading import TruncatedArchive
from onestory.pipelines.dates.parsing import read_time
from onestory.pipelines.extract.people import listed
from onestory.pipelines.markup.charset import decode
from onestory.store.articles.captures import Capture

__all__ = [
    "FIELDS",
    "Row",
    "by_folded_name",
    "captures_of_rows",
    "first_value",
    "folded",
    "numbered_captures",
    "numbered_rows",
    "observed_time",
    "read_rows",
]

logger = logging.getLogger(__name__)

MAX_LINE_BYTES = 128 << 20
Row = dict[str, Any]
UTF8_HTML = (("content-type", "text/html; charset=utf-8"),)
# By what they become, in the order in which they are asked; a dot leads into an object. Case and signs do not count:
# `publishDate` is `publish_date`.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "url": (
        *("url", "link", "responded_url", "html.responded_url", "html.requested_url", "requested_url", "source"),
        *("article_url", "permalink", "uri", "canonical_url", "web_url", "page_url", "original_url", "canonical_link"),
        *("source_url", "loc", "href"),
    ),
    "html": ("html", "html.content", "raw_html"),
    "text": (
        *("text", "maintext", "plaintext", "body", "content", "cleaned_text", "article_text", "raw_text", "body_html"),
        *("content_text", "content_html", "fulltext", "article_body", "body_text", "fields.body_text", "text_content"),
        *("page_content", "news_content", "article_content", "article", "story", "document"),
    ),
    "title": ("title", "headline", "title_page", "web_title", "headline.main", "article_title", "title_text"),
    "published": (
        *("published", "publish_date", "date_publish", "publishing_date", "published_at", "pub_date"),
        *("date_published", "date_time", "date", "published_date", "seendate", "date_time_pub", "publication_date"),
        *("web_publication_date", "first_publication_date", "published_time", "publication_datetime", "firstcreated"),
        *("versioncreated", "timestamp"),
    ),
    "fetched": (
        *("fetched", "date_download", "html.crawl_date", "crawl_date", "crawled", "scraped_at", "download_date"),
        *("crawled_at", "fetched_at", "retrieved_at", "download_time"),
    ),
    "authors": ("authors", "author", "byline", "creator", "creators", "author_name", "author_names", "writer"),
    "outlet": ("outlet", "publisher", "publisher.name", "source.name", "source.title", "html.source_info.publisher"),
    "source": ("source",),
}
# Of an object in the place of a text: a date of MongoDB, and a body of fundus.
_NAME_SIGNS = re.compile(r"[\W_]+")
_PARTS = ("$date", "$numberLong", "summary", "sections", "headline", "paragraphs")
MAX_PARTS = 10_000
# What a field is likely called that holds one of these under a name we do not know.
_TELLING = re.compile(r"(?i)date|time|publish|author|byline|text|body|title|headline|url")
_OTHERS = (
    *("date_modify", "date_modified", "modified", "image_url", "meta_data", "title_rss", "localpath", "filename"),
    *("source_domain", "sitename", "hostname", "description", "top_image_url"),
)


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """A name of a field in lower case, without the signs between its words."""
    return _NAME_SIGNS.sub("", name.lower())


_PATHS = {
    what: tuple(tuple(folded(part) for part in name.split(".")) for name in names) for what, names in FIELDS.items()
}
_KNOWN = frozenset(path[0] for paths in _PATHS.values() for path in paths) | frozenset(map(folded, _OTHERS))


@dataclass(slots=True)
class _File:
    """Notices that each file gets once: fields that cannot be read, and fields that are ignored."""

    name: str
    said: set[str] = field(default_factory=set)

    def say(self, name: str, why: str) -> None:
        if name not in self.said and len(self.said) < 20:
            self.said.add(name)
            logger.warning("%s: the field %r %s", self.name, name, why)


def captures_of_rows(path: str) -> Iterator[Capture | Dropped]:
    """The pages and texts in the rows of a file, or of standard input for `-`."""
    name = "stdin" if path == "-" else Path(path).name
    return (found for _, found in numbered_captures(numbered_rows(path), name=name))


def numbered_captures(
    rows: Iterable[tuple[int, Row | Dropped]], *, name: str
) -> Iterator[tuple[int, Capture | Dropped]]:
    """The pages and texts in the rows of a file of this name, each with the number of its row."""
    file = _File(name)
    for number, row in rows:
        yield number, row if isinstance(row, Dropped) else _capture(row, file)


def read_rows(path: str) -> Iterator[Row | Dropped]:
    """The objects of a JSON Lines file; a line that is none comes as Dropped, named by its number."""
    return (row for _, row in numbered_rows(path))


def numbered_rows(path: str) -> Iterator[tuple[int, Row | Dropped]]:
    """The objects of a JSON Lines file, each with the number of its line; see `read_rows`."""
    name = "stdin" if path == "-" else Path(path).name
    number = 0
    with opened(path) as stream:
        try:
            for number, line in enumerate(_lines(stream), start=1):
                if line is None:
                    yield number, Dropped(f"{name}:{number}", "too_large", f"a line of over {MAX_LINE_BYTES >> 20} MiB")
                elif line.strip():
                    yield number, _parsed(line, f"{name}:{number}")
        except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
            raise TruncatedArchive(f"{path}: unreadable behind line {number}: {first_line(error)}") from error
    if not number:
        raise BadInput(f"{name} is empty")


def _lines(stream: IO[bytes]) -> Iterator[bytes | None]:
    """Lines as bytes; None in place of one that is too long."""
    while line := stream.readline(MAX_LINE_BYTES):
        if len(line) < MAX_LINE_BYTES or line.endswith(b"\n"):
            yield line
            continue
        while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield None


def _parsed(line: bytes, place: str) -> Row | Dropped:
    # Between records, JSON Text Sequences (RFC 7464) have a sign, and arrays a comma.
    line = line.strip(b" \t\r\n\x1e").removesuffix(b",")
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        # The standard library also takes lone surrogates and NaN, which do come out of scrapers.
        try:
            row = json.loads(line if b"\x00" in line[:8] else decode(line))
        except (ValueError, RecursionError) as error:
            return Dropped(place, "not_json", f"the line is not JSON: {first_line(error)}")
    if isinstance(row, list):
        return Dropped(
            place, "not_json", "the line is a JSON array: give one object a line, as `jq -c '.[]'` writes them"
        )
    if not isinstance(row, dict):
        return Dropped(place, "not_json", "the line is not a JSON object")
    return cast("Row", row)


def _capture(row: Mapping[str, Any], file: _File) -> Capture | Dropped:
    _say_unread(row, file)
    row = by_folded_name(row)
    url = next((found for found in _found(row, "url") if _is_address(found)), None) or first_value(row, "url")
    if url is None:
        return Dropped(f"{file.name}: {str(row)[:60]}", "no_url", "the row has no url")
    html, text = first_value(row, "html"), first_value(row, "text")
    if html is None and text is None:
        return Dropped(url, "no_content", "the row has neither html nor text")
    return Capture(
        url=url,
        observed=_observed(row, file),
        source=_source(row) or file.name,
        body=html.encode("utf-8", "replace") if html is not None else None,
        text=text if html is None else None,
        headers=UTF8_HTML if html is not None else (),
        title=first_value(row, "title"),
        published=_published(row, file),
        outlet=first_value(row, "outlet"),
        authors=_authors(row),
    )


def _say_unread(row: Mapping[str, Any], file: _File) -> None:
    for name in row:
        if folded(name) not in _KNOWN and _TELLING.search(name):
            file.say(name[:60], "is not read; `published`, `authors`, `text`, `title` and `url` are")


def _found(row: Mapping[str, Any], what: str) -> Iterator[str]:
    """The texts and numbers in the fields for this, in order; white space is none."""
    for path in _PATHS[what]:
        text = _text(_value(row, path), depth=4)
        if text and text.strip():
            yield text.strip()


def _value(row: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = row
    for depth, part in enumerate(path):
        if not isinstance(value, dict):
            return None
        value = (by_folded_name(value) if depth else value).get(part)
    return value


def by_folded_name(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields by their folded names; of two with one name the first counts."""
    return {folded(name): value for name, value in reversed(list(row.items()))}


def _text(value: Any, *, depth: int) -> str | None:
    """A text or number; of a list the texts in it, a line each; of fundus's and databases' objects their own."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list) and depth:
        return "\n".join(text for one in value[:MAX_PARTS] if (text := _text(one, depth=depth - 1)))
    if isinstance(value, dict) and depth:
        parts = [_text(value.get(name), depth=depth - 1) for name in _PARTS]
        return "\n".join(part for part in parts if part) or None
    return None


def first_value(row: Mapping[str, Any], what: str) -> str | None:
    """The first value in the fields for this, a key of `FIELDS`; None where all are empty."""
    return next(_found(row, what), None)


def _is_address(value: str) -> bool:
    return value.startswith(("http://", "https://"))


def _source(row: Mapping[str, Any]) -> str | None:
    """The row's source, unless that is its address, as trafilatura calls it."""
    return next((found for found in _found(row, "source") if not _is_address(found)), None)


def _authors(row: Mapping[str, Any]) -> tuple[str, ...]:
    for path in _PATHS["authors"]:
        value = _value(row, path)
        if isinstance(value, str) and (several := listed(value)):
            value = several
        entries = value if isinstance(value, list) else [value]
        named = [(one.get("name") or one.get("original")) if isinstance(one, dict) else one for one in entries[:50]]
        if found := tuple(one.strip() for one in named if isinstance(one, str) and one.strip()):
            return found
    return ()


def _published(row: Mapping[str, Any], file: _File) -> str | None:
    found = first_value(row, "published")
    if found is not None and read_time(found) is None:
        file.say("published", f"cannot be read as a time: {found[:60]!r}")
    return found


def _observed(row: Mapping[str, Any], file: _File) -> datetime | None:
    found = first_value(row, "fetched")
    read = observed_time(found)
    if found is not None and read is None:
        file.say("fetched", f"cannot be read as a time that is past: {found[:60]!r}; the clock counts")
    return read


def observed_time(value: str | None) -> datetime | None:
    """An observed time, or None for none, nonsense, and a time to come: then the clock counts."""
    try:
        read = datetime.fromisoformat((value or "").strip())
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        stamp = read_time(value)
        if stamp is None:
            return None
        read = stamp.at
    return read if read <= datetime.now(UTC) else None
