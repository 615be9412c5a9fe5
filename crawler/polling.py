"""A poll of a source: what it says becomes pages, durably, before any of them is fetched."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from crawler.asking import Asks, lifetime_seconds
from crawler.feeds import BadSource
from crawler.fetching import Answer
from crawler.listing import Listing, read_listing
from crawler.pace import day_of
from crawler.reaching import reach
from crawler.schedule import adapted, after_failure, next_poll
from crawler.seeking import find_other, homepage_of, is_dead
from crawler.watching import sift
from store.admission import Admitted, admit
from store.frontier import Entry
from store.source_settings import held_settings
from store.sources import PollResult, SourceDue, due_sources, replace_feed, seek_feed, settle_poll

if TYPE_CHECKING:
    from crawler.visit import Visit

__all__ = ["closed", "poll"]

SLOW_SECONDS = 10.0
FRESHNESS = ("cache-control", "expires", "date", "age")
# New pages of one poll, and of one day: what no honest source of its kind exceeds, and a page trap soon does.
MOST_A_POLL = {"section": 200}
MOST_A_DAY = {"section": 500}
MOST_BY_DEFAULT = (1_000, 2_000)


async def poll(visit: "Visit", source: SourceDue) -> None:
    """Polls one source of the visited host, and records how it went."""
    if source.is_seeking:
        await _seek(visit, source)
        return
    try:
        reached = await reach(visit, source)
        if reached is None:
            return
        answer, at = reached
        is_new = not _is_unchanged(answer, source)
        listing = await read_listing(visit, source, answer) if is_new else None
        if is_new and listing is None:
            return
    except BadSource as bad:
        await _failed(visit, source, bad)
        return
    await _succeeded(visit, source, answer, listing=listing, at=at)


async def closed(visit: "Visit", bad: BadSource) -> None:
    """The host's robots.txt cannot be read: its sources that are due say so, and wait with it."""
    polls = 0

    def work(connection: Connection, now: datetime) -> None:
        nonlocal polls
        due = due_sources(connection, visit.lease.host, visit.crew.scope, now=now, limit=1_000)
        for source in due:
            settle_poll(connection, source, _failure(source, bad, now=now), now=now)
        polls = len(due)

    if await visit.write(work):
        visit.crew.count(polls=polls, polls_failed=polls)


def _is_unchanged(answer: Answer, source: SourceDue) -> bool:
    return answer.status == 304 or _digest(answer.body) == source.body_digest


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _listing_digest(entries: Iterable[Entry]) -> str:
    """Of what is listed, in any order: a feed that only says anew when it was built has nothing new."""
    return _digest("\n".join(sorted({entry.url for entry in entries})).encode())


async def _succeeded(
    visit: "Visit", source: SourceDue, answer: Answer, *, listing: Listing | None, at: str | None
) -> None:
    """`listing` of None: nothing changed since the last poll."""
    found = 0

    def work(connection: Connection, now: datetime) -> None:
        nonlocal found
        held = held_settings(connection, source.id)
        asked = replace(source, schedule=held.schedule, daily_pages=held.daily_pages)
        sifted = sift(connection, source.id, source.kind, listing.entries if listing else (), now=now)
        admitted = admit(connection, sifted.entries, source_id=source.id, room=_room(asked, now=now), now=now)
        sifted.bind(connection, now=now)
        settle_poll(connection, source, _success(asked, answer, listing, admitted, at=at, now=now), now=now)
        found = admitted.found

    if await visit.write(work):
        visit.crew.count(polls=1, pages_found=found)


def _room(source: SourceDue, *, now: datetime) -> int:
    """How many new pages this poll may make."""
    a_poll, a_day = MOST_BY_DEFAULT
    daily = source.daily_pages or MOST_A_DAY.get(source.kind, a_day)
    return min(MOST_A_POLL.get(source.kind, a_poll), daily - _used(source, now=now))


def _used(source: SourceDue, *, now: datetime) -> int:
    return source.day_pages if source.day == day_of(now) else 0


def _success(
    source: SourceDue, answer: Answer, listing: Listing | None, admitted: Admitted, *, at: str | None, now: datetime
) -> PollResult:
    is_slow = answer.seconds > SLOW_SECONDS
    asks = Asks.of(source.asks) if listing is None else listing.asks
    fresh = lifetime_seconds({name: answer.header(name) for name in FRESHNESS}, now=answer.observed)
    elapsed = (now - source.last_success).total_seconds() if source.last_success else None
    new = admitted.found + admitted.left_out
    interval = adapted(source.schedule, found=new, elapsed_seconds=elapsed)
    left_out = Counter() if listing is None else listing.left_out + Counter({"beyond": admitted.left_out})
    asked = max(asks.seconds, fresh)
    result = PollResult(
        status="slow" if is_slow else "ok",
        why=f"it took {answer.seconds:.0f} s to answer" if is_slow else None,
        next_poll=next_poll(
            replace(source.schedule, interval_seconds=interval), asks=asks, asked_seconds=asked, now=now
        ),
        failures=0,
        entries=None if listing is None else len(listing.entries),
        pages_found=admitted.found,
        listing_digest=None if listing is None else _listing_digest(listing.entries),
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
    # What is not all there, or was not all taken, is read again, changed or not.
    is_to_remember = listing is None or (listing.is_whole and not admitted.left_out)
    return _remembered(result, source, answer) if is_to_remember else result


def _remembered(result: PollResult, source: SourceDue, answer: Answer) -> PollResult:
    """With what tells next time that nothing changed."""
    was_sent = answer.status != 304
    return replace(
        result,
        etag=_short(answer.header("etag")) or (None if was_sent else source.etag),
        last_modified=_short(answer.header("last-modified")) or (None if was_sent else source.last_modified),
        body_digest=_digest(answer.body) if was_sent else source.body_digest,
    )


def _short(value: str | None) -> str | None:
    return value if value is None or len(value) <= 500 else None


def _words_of(left_out: Counter[str]) -> str | None:
    """`12 look like a trap: calendar`; in the order of their number."""
    said = {
        "beyond": "{} new pages are more than it may bring at once or in a day; it is read again",
        "beyond 200 links": "{} links are more than the 200 of a page",
    }
    known = [said.get(kind, f"{{}} links look like a trap: {kind}").format(n) for kind, n in left_out.most_common()]
    return "; ".join(known) or None


async def _failed(visit: "Visit", source: SourceDue, bad: BadSource) -> None:
    def work(connection: Connection, now: datetime) -> None:
        settle_poll(connection, source, _failure(source, bad, now=now), now=now)
        homepage = homepage_of(source) if is_dead(source, bad, now=now) else None
        if homepage is not None and not source.is_seeking:
            seek_feed(connection, source, homepage=homepage, now=now)

    if await visit.write(work):
        visit.crew.count(polls=1, polls_failed=1)


def _failure(source: SourceDue, bad: BadSource, *, now: datetime) -> PollResult:
    """It begins at its own URL again; where another was found in its stead, only when that one is dead, too."""
    failures = source.failures + 1
    own = source.at if source.location_why and not (source.is_seeking or bad.is_dead) else source.url
    due = after_failure(source.schedule, failures=failures, now=now)
    return PollResult(bad.status, bad.why[:500], due, failures, at=own)


async def _seek(visit: "Visit", source: SourceDue) -> None:
    """Asks the homepage for another feed; what it names is polled at once, and has to prove itself."""
    try:
        found = await find_other(visit, source)
    except BadSource as bad:
        said = BadSource(source.status, f"it is dead; of the homepage, where another was sought: {bad.why}")
        await _failed(visit, source, said)
        return
    if found is None:
        return
    since = f"{source.status_since:%Y-%m-%d}" if source.status_since else "long ago"
    why = f"{source.url} is {source.status} since {since}; {source.at} names this one instead"
    if await visit.write(lambda c, now: replace_feed(c, source, at=found, why=why, now=now)):
        visit.crew.count(polls=1)
