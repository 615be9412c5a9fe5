"""Read a source's response, whatever its kind: entries, feed hints, and what was left out."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar

from onestory.crawler.crawler_traps import trap_kind
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.hosts.elsewhere import ask_elsewhere
from onestory.crawler.hosts.host_session import HostSession
from onestory.crawler.sources.feed_hints import FeedHints, feed_hints
from onestory.crawler.sources.feeds import MAX_FEED_BYTES, BadSource, feed_entries
from onestory.crawler.sources.sections import read_section
from onestory.crawler.sources.sitemaps import (
    MAX_CHILDREN,
    children_of,
    decompress,
    is_near,
    read_sitemap,
    recent_entries,
)
from onestory.crawler.sources.source_error import source_error
from onestory.crawler.wire.dispatches import take_dispatches
from onestory.pipelines.runtime.bounded_calls import LimitExceeded
from onestory.pipelines.wire.reading import FiledCaptures, captures_of_file
from onestory.store.frontier.hosts import authority_of
from onestory.store.frontier.pages import PageEntry
from onestory.store.sources.polls import DueSource
from onestory.urls import host_of, site_of

__all__ = ["SourceListing", "read_listing"]

# How far the dates of an index may lag behind.
SLACK = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class SourceListing:
    """The entries of a response. `is_whole` is False if other sitemaps hold the rest.

    Of a source of dispatches, `dispatches` names their versions, of which `new_dispatches` were not known.
    """

    entries: tuple[PageEntry, ...]
    asks: FeedHints = field(default_factory=FeedHints)
    left_out: Counter[str] = field(default_factory=Counter)
    is_whole: bool = True
    dispatches: tuple[str, ...] = ()
    new_dispatches: int = 0


async def read_listing(session: HostSession, source: DueSource, response: FetchResponse) -> SourceListing | None:
    """Read the listing; None if the session ended meanwhile. Raises BadSource."""
    if source.wire is not None:
        return await _dispatches(session, source, source.wire, response)
    content_type = response.header("content-type")
    if source.kind == "section":
        section = await _parsed(session, read_section, response.body, url=response.url, content_type=content_type)
        return SourceListing(section.entries, left_out=section.left_out)
    if source.kind == "sitemap":
        return await _sitemaps(session, source, response)
    read = _search if source.kind == "search" else _feed
    return await _parsed(session, read, response.body, url=response.url, content_type=content_type)


Parsed = ParamSpec("Parsed")
T = TypeVar("T")


async def _parsed(
    session: HostSession,
    parse: Callable[Concatenate[bytes, Parsed], T],
    body: bytes,
    *args: Parsed.args,
    **named: Parsed.kwargs,
) -> T:
    """Parse a listing within bounds of time and memory. Raises BadSource."""
    try:
        return await session.context.parse(parse, body, *args, **named)
    except LimitExceeded as limit:
        raise BadSource("error", str(limit)) from limit


async def _dispatches(
    session: HostSession, source: DueSource, provider: str, response: FetchResponse
) -> SourceListing | None:
    file = await _parsed(session, _wire_file, response.body, provider, source.url, response.observed)
    if file.faults and not file.captures and not file.notices:
        raise BadSource("error", file.faults[0])
    new = await take_dispatches(session, file)
    if new is None:
        return None
    versions = [f"{one.uri} {one.version} {one.issued} {one.status}" for one in file.filings]
    return SourceListing(
        (),
        left_out=+Counter({"not a dispatch": len(file.faults) + file.left_out}),
        is_whole=session.context.scope.with_pages,
        dispatches=tuple(versions),
        new_dispatches=new,
    )


def _wire_file(body: bytes, provider: str, url: str, now: datetime) -> FiledCaptures:
    plain = decompress(body, max_bytes=MAX_FEED_BYTES)
    return captures_of_file(plain, provider=provider, source=url, now=now)


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
    own = _of_its_site(entries, url)
    return SourceListing(own, feed_hints(plain), left_out=+Counter({"another site": len(entries) - len(own)}))


def _of_its_site(entries: Sequence[PageEntry], url: str) -> tuple[PageEntry, ...]:
    """An outlet's feed without the pages of advertisers; where most lead to other sites, all of them are meant."""
    brand = _brand(url)
    own = tuple(entry for entry in entries if _brand(entry.url) == brand)
    return own if len(own) * 2 >= len(entries) else tuple(entries)


def _brand(url: str) -> str:
    """The registered name without its suffix: `bbc` of bbc.co.uk and bbc.com."""
    site = site_of(host_of(url))
    return site if site.replace(".", "").isdecimal() else site.partition(".")[0]


async def _sitemaps(session: HostSession, source: DueSource, response: FetchResponse) -> SourceListing | None:
    sitemap = await _parsed(session, read_sitemap, response.body, url=response.url)
    if not sitemap.children:
        return _without_traps(recent_entries(sitemap, now=response.observed))
    since = source.last_success - SLACK if source.last_success else None
    waiting = deque(children_of(sitemap, url=response.url, since=since))
    entries: list[PageEntry] = []
    faults: list[BadSource] = []
    is_read = not waiting
    for _ in range(MAX_CHILDREN):
        if not waiting:
            break
        url = waiting.popleft()
        child = await _ask(session, url)
        if child is None:
            if session.is_lost or session.context.is_resting:
                return None
            break  # the host is resting after a failure: what was read so far counts
        try:
            _refuse_child(child)
            read = await _parsed(session, read_sitemap, child.body, url=url)
        except BadSource as bad:
            is_read = is_read or bad.status == "empty"
            faults.append(BadSource(bad.status, f"{url}: {bad.why}"))
            continue
        is_read = True
        entries.extend(recent_entries(read, now=response.observed))
        below = children_of(read, url=url, since=since)
        waiting.extend(below)
    if faults and not is_read:
        raise faults[0]
    far = sum(not is_near(dated.entry.url, response.url) for dated in sitemap.children)
    return _without_traps(entries, is_whole=False, far=far)


async def _ask(session: HostSession, url: str) -> FetchResponse | None:
    """A sitemap of this host, or of another one of the site, by the robots.txt of whichever it is."""
    if authority_of(url) != session.lease.host:
        return await ask_elsewhere(session, url)
    if session.robots.allows(url):
        return await session.ask(url)
    return FetchResponse(url, session.context.clock.now(), reason="robots", why="robots.txt does not allow it")


def _refuse_child(response: FetchResponse) -> None:
    if response.reason == "robots":
        raise BadSource("robots", response.why or "robots.txt does not allow it")
    if bad := source_error(response):
        raise bad


def _without_traps(entries: Sequence[PageEntry], *, is_whole: bool = True, far: int = 0) -> SourceListing:
    kinds = {entry.url: trap_kind(entry.url) for entry in entries}
    kept = tuple(entry for entry in entries if kinds[entry.url] is None)
    left_out = Counter(kind for kind in kinds.values() if kind) + Counter({"another site": far})
    return SourceListing(kept, left_out=left_out, is_whole=is_whole)
