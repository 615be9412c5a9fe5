"""Dispatches in RSS and Atom whose entries hold the whole text. Their `guid` or `id` is the identity."""

import io
import re
import warnings
from collections.abc import Iterator
from typing import Any

import feedparser

from onestory.pipelines.markup.plain import plain
from onestory.pipelines.markup.xml_repair import declares_entities, escaped
from onestory.pipelines.wire.lines import lines_of_markup
from onestory.pipelines.wire.parsing import MAX_MARKS, BadDispatch, Dispatch, time_of

__all__ = ["feed_dispatches", "is_feed"]

IS_FEED = re.compile(rb"(?:\s|<\?.{0,200}?\?>|<!--.{0,2000}?-->)*<(?:\w{1,20}:)?(?:rss|feed|rdf)\b", re.I | re.S)


def is_feed(body: bytes) -> bool:
    """Whether XML is a feed, by its first tag."""
    return IS_FEED.match(body[:8_192].replace(b"\x00", b"")) is not None


def feed_dispatches(body: bytes) -> Iterator[Dispatch | BadDispatch | None]:
    """The dispatches of a feed. Raises BadDispatch for a document type, and for more markup than is read."""
    if declares_entities(body):
        raise BadDispatch("it has a document type (DTD), which is not read: remove `<!DOCTYPE …>`")
    if (marks := body.count(b"<")) > MAX_MARKS:
        raise BadDispatch(f"it has {marks:,} tags, more than the {MAX_MARKS:,} that are read: split it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Bytes only: given a URL or the name of a file, feedparser would fetch that itself.
        parsed = feedparser.parse(io.BytesIO(escaped(body)), sanitize_html=False)
    for number, entry in enumerate(parsed.entries, 1):
        yield _dispatch(entry, number)


def _dispatch(entry: Any, number: int) -> Dispatch | BadDispatch:
    uri = _said(entry, "id") or _said(entry, "link")
    if uri is None:
        return BadDispatch(f"item {number}: it has no identity: give it a `guid` or an `id`")
    contents = [one.get("value") or "" for one in dict.get(entry, "content") or ()]
    text = lines_of_markup(max([*contents, _said(entry, "summary") or ""], key=len))
    if not text:
        return BadDispatch(f"item {number}: {uri[:100]} has no text: give it as `content`")
    title = _said(entry, "title")
    return Dispatch(
        uri=uri,
        provider=None,
        text=text,
        title=plain(title) if title else None,
        issued=time_of(_said(entry, "updated") or _said(entry, "published")),
        published=time_of(_said(entry, "published")),
        authors=tuple(one for one in (_said(entry, "author"),) if one),
    )


def _said(entry: Any, name: str) -> str | None:
    """A field that is a text. Asked for what it lacks, feedparser's own dict warns."""
    value = dict.get(entry, name)
    return value.strip() or None if isinstance(value, str) else None
