"""What a source's answer lists, whatever its kind: its entries, what it asks of us, and what was left out of it."""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.asking import Asks, asks_of
from crawler.feeds import MAX_FEED_BYTES, BadSource, feed_entries
from crawler.fetching import Answer
from crawler.sections import read_section
from crawler.sitemaps import MAX_CHILDREN, Sitemap, children_of, read_sitemap, recent, unpacked
from crawler.traps import trap
from crawler.trouble import trouble
from store.frontier import Entry
from store.sources import SourceDue

if TYPE_CHECKING:
    from crawler.visit import Visit

__all__ = ["Listing", "read_listing"]

# What an index's dates may lag behind.
SLACK = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Listing:
    """`is_whole` is False when the answer itself does not show all that may be new: it names other sitemaps."""

    entries: tuple[Entry, ...]
    asks: Asks = field(default_factory=Asks)
    left_out: Counter[str] = field(default_factory=Counter)
    is_whole: bool = True


async def read_listing(visit: "Visit", source: SourceDue, answer: Answer) -> Listing | None:
    """None when the visit ended on the way. Raises BadSource."""
    content_type = answer.header("content-type")
    if source.kind == "section":
        section = await asyncio.to_thread(read_section, answer.body, url=answer.url, content_type=content_type)
        return Listing(section.entries, left_out=section.left_out)
    if source.kind == "sitemap":
        return await _sitemaps(visit, source, answer)
    read = _search if source.kind == "search" else _feed
    return await asyncio.to_thread(read, answer.body, answer.url, content_type)


def _search(body: bytes, url: str, content_type: str | None) -> Listing:
    """A search that finds nothing yet is as well as one that does."""
    try:
        return _feed(body, url, content_type)
    except BadSource as bad:
        if bad.status != "empty" or not body.strip():
            raise
        return Listing(())


def _feed(body: bytes, url: str, content_type: str | None) -> Listing:
    plain = unpacked(body, max_bytes=MAX_FEED_BYTES)
    entries = feed_entries(plain, url=url, content_type=content_type)
    return Listing(tuple(entries), asks_of(plain))


async def _sitemaps(visit: "Visit", source: SourceDue, answer: Answer) -> Listing | None:
    sitemap = await asyncio.to_thread(read_sitemap, answer.body, url=answer.url)
    if not sitemap.children:
        return _without_traps(recent(sitemap, now=answer.observed))
    since = source.last_success - SLACK if source.last_success else None
    waiting = deque(url for url in children_of(sitemap, url=answer.url, since=since) if visit.robots.allows(url))
    entries: list[Entry] = []
    faults: list[BadSource] = []
    is_read = not waiting
    for _ in range(MAX_CHILDREN):
        if not waiting:
            break
        child = await visit.ask(url := waiting.popleft())
        if child is None:
            return None
        try:
            read = await asyncio.to_thread(_child, child, url)
        except BadSource as bad:
            is_read = is_read or bad.status == "empty"
            faults.append(BadSource(bad.status, f"{url}: {bad.why}"))
            continue
        is_read = True
        entries.extend(recent(read, now=answer.observed))
        below = children_of(read, url=url, since=since)
        waiting.extend(below_url for below_url in below if visit.robots.allows(below_url))
    if faults and not is_read:
        raise faults[0]
    return _without_traps(entries, is_whole=False)


def _child(answer: Answer, url: str) -> Sitemap:
    if bad := trouble(answer):
        raise bad
    return read_sitemap(answer.body, url=url)


def _without_traps(entries: Sequence[Entry], *, is_whole: bool = True) -> Listing:
    kinds = {entry.url: trap(entry.url) for entry in entries}
    kept = tuple(entry for entry in entries if kinds[entry.url] is None)
    return Listing(kept, left_out=Counter(kind for kind in kinds.values() if kind), is_whole=is_whole)
