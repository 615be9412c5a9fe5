"""A visit to a host: its robots.txt, then its due sources, then its due pages, one request at a time."""

import asyncio
from collections.abc import Awaitable, Callable

from onestory.crawler import robots_fetch
from onestory.crawler.hosts import tdmrep
from onestory.crawler.hosts.host_session import HostSession
from onestory.crawler.pages import fetch, revisit
from onestory.crawler.sources import poll
from onestory.store.frontier.pages import due_pages
from onestory.store.sources.polls import due_sources

__all__ = ["visit_host"]

BATCH_PAGES = 16
# A visit ends after this many pages, so that another host gets its turn.
TURN_PAGES = 64


async def visit_host(session: HostSession) -> None:
    """Run the whole visit and release the lease, whatever happens."""
    try:
        robots = await robots_fetch.fetch_robots(session)
        if robots is not None:
            session.robots = robots
            for turn in _turns(session):
                await turn(session)
            await revisit.revisit_all(session)
        while session.under_way:
            await asyncio.wait(list(session.under_way.values()))
    finally:
        await session.release()


def _turns(session: HostSession) -> list[Callable[[HostSession], Awaitable[None]]]:
    """Sources before pages. A slow host gets one request a visit, so there the two alternate."""
    is_slow = session.delay_seconds > session.context.held_seconds
    return [_fetch_all, _poll_all] if is_slow and session.lease.fence % 2 == 0 else [_poll_all, _fetch_all]


async def _poll_all(session: HostSession) -> None:
    """Poll what was due when the visit began: a poll that takes longer than its interval would never end."""
    host, scope, database = session.lease.host, session.context.scope, session.context.database
    began = await database.read(lambda connection, now: now)
    while session.has_turn:
        found = await database.read(lambda connection, now: due_sources(connection, host, scope, now=began, limit=1))
        if not found:
            return
        await poll.poll(session, found[0])


async def _fetch_all(session: HostSession) -> None:
    host, scope = session.lease.host, session.context.scope
    taken = 0
    while session.has_turn and taken < TURN_PAGES:
        busy = tuple(session.under_way)
        batch = await session.context.database.read(
            lambda connection, now: due_pages(
                connection,
                host,
                scope,
                now=now,
                limit=BATCH_PAGES,
                but=busy,  # noqa: B023 - awaited at once
            )
        )
        if not batch:
            return
        if not taken:
            await tdmrep.fetch_tdmrep(session, scheme=batch[0].url.partition(":")[0])
        for page in batch:
            if session.has_turn:
                await fetch.fetch_page(session, page)
        taken += len(batch)
