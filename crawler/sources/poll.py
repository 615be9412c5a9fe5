"""Poll a source: its entries become pages, durably, before any of them is fetched."""

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from onestory.crawler.backoff import day_of
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.hosts.host_session import HostSession
from onestory.crawler.sources.feed_hints import FeedHints, lifetime_seconds
from onestory.crawler.sources.feeds import BadSource
from onestory.crawler.sources.listing import SourceListing, read_listing
from onestory.crawler.sources.redirects import fetch_source
from onestory.crawler.sources.rediscovery import find_replacement, homepage_of, is_dead
from onestory.crawler.sources.schedule import adapt_interval, next_poll, poll_after_failure
from onestory.crawler.watches import sort_entries
from onestory.store.frontier.pages import AdmittedPages, admit_pages
from onestory.store.sources.health import PollResult
from onestory.store.sources.polls import DueSource, due_sources, record_poll, replace_feed, start_feed_rediscovery
from onestory.store.sources.source_list import source_settings_for_update

__all__ = ["poll", "record_robots_failure"]

SLOW_SECONDS = 10.0
FRESHNESS = ("cache-control", "expires", "date", "age")
# New pages of one poll and of one day: limits that honest sources do not reach and crawler traps soon do.
MOST_A_POLL = {"section": 200}
MOST_A_DAY = {"section": 500}
MOST_BY_DEFAULT = (1_000, 2_000)


async def poll(session: HostSession, source: DueSource) -> None:
    """Poll one source of the session's host and record the result."""
    if source.is_rediscovering:
        await _seek(session, source)
        return
    try:
        reached = await fetch_source(session, source)
        if reached is None:
            return
        response, at = reached
        is_new = not _is_unchanged(response, source)
        listing = await read_listing(session, source, response) if is_new else None
        if is_new and listing is None:
            return
    except BadSource as bad:
        await _failed(session, source, bad)
        return
    await _succeeded(session, source, response, listing=listing, at=at)


async def record_robots_failure(session: HostSession, bad: BadSource) -> None:
    """Record an unreadable robots.txt on the host's due sources; they wait with the host."""
    polls = 0

    def work(connection: Connection, now: datetime) -> None:
        nonlocal polls
        due = due_sources(connection, session.lease.host, session.context.scope, now=now, limit=1_000)
        for source in due:
            record_poll(connection, source, _failure(source, bad, now=now), now=now)
        polls = len(due)

    if await session.write(work):
        session.context.count(polls=polls, polls_failed=polls)


def _is_unchanged(response: FetchResponse, source: DueSource) -> bool:
    return response.status == 304 or _digest(response.body) == source.body_digest


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _listing_digest(listing: SourceListing) -> str:
    """A digest of what is listed, in any order: a feed that changes only its build date has nothing new."""
    return _digest("\n".join(sorted({*(entry.url for entry in listing.entries), *listing.dispatches})).encode())


async def _succeeded(
    session: HostSession, source: DueSource, response: FetchResponse, *, listing: SourceListing | None, at: str | None
) -> None:
    """Record a successful poll. A `listing` of None means that nothing changed."""
    found = 0

    def work(connection: Connection, now: datetime) -> None:
        nonlocal found
        held = source_settings_for_update(connection, source.id)
        asked = replace(source, schedule=held.schedule, daily_pages=held.daily_pages)
        sifted = sort_entries(connection, source.id, source.kind, listing.entries if listing else (), now=now)
        room = _room(asked, now=now)
        admitted = admit_pages(
            connection, sifted.entries, source_id=source.id, room=room, now=now, unlisted=source.last_success
        )
        sifted.bind(connection, now=now)
        record_poll(connection, source, _success(asked, response, listing, admitted, at=at, now=now), now=now)
        found = admitted.found

    if await session.write(work):
        session.context.count(polls=1, pages_found=found)


def _room(source: DueSource, *, now: datetime) -> int:
    """How many new pages this poll may make."""
    a_poll, a_day = MOST_BY_DEFAULT
    daily = source.daily_pages or MOST_A_DAY.get(source.kind, a_day)
    return min(MOST_A_POLL.get(source.kind, a_poll), daily - _used(source, now=now))


def _used(source: DueSource, *, now: datetime) -> int:
    return source.day_pages if source.day == day_of(now) else 0


def _success(
    source: DueSource,
    response: FetchResponse,
    listing: SourceListing | None,
    admitted: AdmittedPages,
    *,
    at: str | None,
    now: datetime,
) -> PollResult:
    is_slow = response.seconds > SLOW_SECONDS
    asks = FeedHints.of(source.asks) if listing is None else listing.asks
    fresh = lifetime_seconds({name: response.header(name) for name in FRESHNESS}, now=response.observed)
    elapsed = (now - source.last_success).total_seconds() if source.last_success else None
    brought = admitted.found + (listing.new_dispatches if listing else 0)
    new = brought + admitted.left_out
    interval = adapt_interval(source.schedule, found=new, elapsed_seconds=elapsed)
    left_out = Counter() if listing is None else listing.left_out + Counter({"beyond": admitted.left_out})
    asked = max(asks.seconds, fresh)
    result = PollResult(
        status="slow" if is_slow else "ok",
        why=f"it took {response.seconds:.0f} s to answer" if is_slow else None,
        next_poll=next_poll(
            replace(source.schedule, interval_seconds=interval), asks=asks, asked_seconds=asked, now=now
        ),
        failures=0,
        entries=None if listing is None else len(listing.entries) + len(listing.dispatches),
        pages_found=brought,
        listing_digest=None if listing is None else _listing_digest(listing),
        is_success=True,
        at=at,
        interval_seconds=interval,
        asks=asks.row,
        asks_seconds=asked,
        day=day_of(now),
        day_pages=_used(source, now=now) + admitted.found,
        left_out=None if listing is None else left_out.total(),
        left_out_why=_words_of(left_out),
    )
    # A listing that is incomplete, or was not taken whole, is read again even if unchanged.
    is_to_remember = listing is None or (listing.is_whole and not admitted.left_out)
    return _remembered(result, source, response) if is_to_remember else result


def _remembered(result: PollResult, source: DueSource, response: FetchResponse) -> PollResult:
    """Add the validators that show next time that nothing changed.

    After a 304 the next poll sends none: some servers answer 304 forever.
    """
    if response.status == 304:
        return replace(result, body_digest=source.body_digest)
    return replace(
        result,
        etag=_short(response.header("etag")),
        last_modified=_short(response.header("last-modified")),
        body_digest=_digest(response.body),
    )


def _short(value: str | None) -> str | None:
    return value if value is None or len(value) <= 500 else None


def _words_of(left_out: Counter[str]) -> str | None:
    """The counts in words, largest first: `12 look like a trap: calendar`."""
    said = {
        "beyond": "{} new pages are more than it may bring at once or in a day; it is read again",
        "another site": "{} links lead to other sites",
        "not a dispatch": "{} items are no text, or cannot be used as dispatches",
        "beyond 200 links": "{} links are more than the 200 of a page",
    }
    known = [said.get(kind, f"{{}} links look like a trap: {kind}").format(n) for kind, n in left_out.most_common()]
    return "; ".join(known) or None


async def _failed(session: HostSession, source: DueSource, bad: BadSource) -> None:
    def work(connection: Connection, now: datetime) -> None:
        record_poll(connection, source, _failure(source, bad, now=now), now=now)
        homepage = homepage_of(source) if source.wire is None and is_dead(source, bad, now=now) else None
        if homepage is not None and not source.is_rediscovering:
            start_feed_rediscovery(connection, source, homepage=homepage, now=now)

    if await session.write(work):
        session.context.count(polls=1, polls_failed=1)


def _failure(source: DueSource, bad: BadSource, *, now: datetime) -> PollResult:
    """The result of a failed poll. The source's own URL is tried again, unless a replacement is still alive."""
    failures = source.failures + 1
    own = source.polled_url if source.location_why and not (source.is_rediscovering or bad.is_dead) else source.url
    due = poll_after_failure(source.schedule, failures=failures, now=now)
    return PollResult(bad.status, bad.why[:500], due, failures, at=own)


async def _seek(session: HostSession, source: DueSource) -> None:
    """Look for another feed on the homepage; a found one is polled at once."""
    try:
        found = await find_replacement(session, source)
    except BadSource as bad:
        said = BadSource(source.status, f"it is dead; of the homepage, where another was sought: {bad.why}")
        await _failed(session, source, said)
        return
    if found is None:
        return
    since = f"{source.status_since:%Y-%m-%d}" if source.status_since else "long ago"
    why = f"{source.url} is {source.status} since {since}; {source.polled_url} names this one instead"
    if await session.write(lambda c, now: replace_feed(c, source, at=found, why=why, now=now)):
        session.context.count(polls=1)
