"""Read a source's response, whatever its kind: entries, feed hints, and what was left out."""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from onestory.crawler.crawler_traps import trap_kind
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.hosts.session import HostSession
from onestory.crawler.sources.feed_hints import FeedHints, feed_hints
from onestory.crawler.sources.feeds import MAX_FEED_BYTES, BadSource, feed_entries
from onestory.crawler.sources.sections import read_section
from onestory.crawler.sources.sitemaps import (
    MAX_CHILDREN,
    Sitemap,
    children_of,
    decompress,
    read_sitemap,
    recent_entries,
)
from onestory.crawler.sources.source_error import source_error
from onestory.store.frontier.pages import PageEntry
from onestory.store.sources.polls import DueSource

__all__ = ["SourceListing", "read_listing"]

# How far the dates of an index may lag behind.
SLACK = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class SourceListing:
    """The entries of a response. `is_whole` is False if other sitemaps hold the rest."""

    entries: tuple[PageEntry, ...]
    asks: FeedHints = field(default_factory=FeedHints)
    left_out: Counter[str] = field(default_factory=Counter)
    is_whole: bool = True


async def read_listing(session: HostSession, source: DueSource, response: FetchResponse) -> SourceListing | None:
    """Read the listing; None if the session ended meanwhile. Raises BadSource."""
    content_type = response.header("content-type")
    if source.kind == "section":
        section = await asyncio.to_thread(read_section, response.body, url=response.url, content_type=content_type)
        return SourceListing(section.entries, left_out=section.left_out)
    if source.kind == "sitemap":
        return await _sitemaps(session, source, response)
    read = _search if source.kind == "search" else _feed
    return await asyncio.to_thread(read, response.body, response.url, content_type)


def _search(body: bytes, url: str, content_type: str | None) -> SourceListing:
    """Read a search feed. One with no results is not a failure."""
    try:
        return _feed(body, url, content_type)
    except BadSource as bad:
        if bad.status != "empty" or not body.strip():
            raise
        return SourceListing(())


def _feed(body: bytes, url: str, content_type: str | None) -> SourceListing:
    plain = decompress(body, max_bytes=MAX_FEED_BYTES)
    entries = feed_entries(plain, url=url, content_type=content_type)
    return SourceListing(tuple(entries), feed_hints(plain))


async def _sitemaps(session: HostSession, source: DueSource, response: FetchResponse) -> SourceListing | None:
    sitemap = await asyncio.to_thread(read_sitemap, response.body, url=response.url)
    if not sitemap.children:
        return _without_traps(recent_entries(sitemap, now=response.observed))
    since = source.last_success - SLACK if source.last_success else None
    waiting = deque(url for url in children_of(sitemap, url=response.url, since=since) if session.robots.allows(url))
    entries: list[PageEntry] = []
    faults: list[BadSource] = []
    is_read = not waiting
    for _ in range(MAX_CHILDREN):
        if not waiting:
            break
        child = await session.ask(url := waiting.popleft())
        if child is None:
            if session.is_lost or session.context.is_resting:
                return None
            break  # the host is resting after a failure: what was read so far counts
        try:
            read = await asyncio.to_thread(_child, child, url)
        except BadSource as bad:
            is_read = is_read or bad.status == "empty"
            faults.append(BadSource(bad.status, f"{url}: {bad.why}"))
            continue
        is_read = True
        entries.extend(recent_entries(read, now=response.observed))
        below = children_of(read, url=url, since=since)
        waiting.extend(below_url for below_url in below if session.robots.allows(below_url))
    if faults and not is_read:
        raise faults[0]
    return _without_traps(entries, is_whole=False)


def _child(response: FetchResponse, url: str) -> Sitemap:
    if bad := source_error(response):
        raise bad
    return read_sitemap(response.body, url=url)


def _without_traps(entries: Sequence[PageEntry], *, is_whole: bool = True) -> SourceListing:
    kinds = {entry.url: trap_kind(entry.url) for entry in entries}
    kept = tuple(entry for entry in entries if kinds[entry.url] is None)
    return SourceListing(kept, left_out=Counter(kind for kind in kinds.values() if kind), is_whole=is_whole)
