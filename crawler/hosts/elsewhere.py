"""One request to another host of the same site, under a lease of that host and by its own robots.txt."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection

from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.hosts.host_session import HostSession
from onestory.crawler.hosts.robots import Robots, parse_robots, stored_robots
from onestory.store.frontier.hosts import LeasedHost, authority_of, claim_host

__all__ = ["ask_elsewhere", "borrow_host"]

BORROW_TRIES = 20


async def borrow_host(session: HostSession, name: str) -> HostSession | None:
    """A session of another host, which its user has to release; None when that host is never free."""
    context = session.context

    def claim(connection: Connection, now: datetime) -> LeasedHost | None:
        seconds = context.rate_limits.lease_seconds
        return claim_host(connection, name, holder=session.lease.holder, now=now, lease_seconds=seconds)

    for _ in range(BORROW_TRIES):
        state = await context.database.write(claim)
        if state is not None:
            return session.for_host(state)
        if not await context.wait(1.0):
            return None
    return None


async def ask_elsewhere(session: HostSession, url: str) -> FetchResponse | None:
    """The response; without a status where that host is busy or does not allow it. None when the visit ended."""
    name, clock = authority_of(url), session.context.clock
    other = await borrow_host(session, name)
    if other is None:
        return FetchResponse(url, clock.now(), reason="busy", why=f"{name} is busy") if session.goes_on else None
    try:
        robots = await _robots(other, url)
        if robots is None:
            return None
        if not robots.allows(url):
            return FetchResponse(url, clock.now(), reason="robots", why=f"the robots.txt of {name} does not allow it")
        return await other.ask(url)
    finally:
        await other.release()


async def _robots(other: HostSession, url: str) -> Robots | None:
    """As it was read before, where that is still good; else read now, for this one request."""
    state = other.state
    if state.robots_due is not None and other.context.clock.now() < state.robots_due:
        return stored_robots(state.robots_verdict, state.robots)
    parts = urlsplit(url)
    response = await other.ask(f"{parts.scheme}://{parts.netloc}/robots.txt")
    if response is None:
        return None
    robots = parse_robots(response.status, response.body, why=response.why)
    other.set_crawl_delay(robots.crawl_delay)
    return robots
