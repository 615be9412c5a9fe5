"""Fetch a host's robots.txt, at most once in 24 hours and before anything else of the host."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.hosts.elsewhere import borrow_host
from onestory.crawler.hosts.host_session import HostSession
from onestory.crawler.hosts.robots import Robots, parse_robots, stored_robots
from onestory.crawler.sources import poll
from onestory.crawler.sources.feeds import BadSource
from onestory.errors import BadInput
from onestory.ssrf import checked_url
from onestory.store.frontier.hosts import authority_of, save_robots
from onestory.store.frontier.pages import abandon_due_pages, due_pages
from onestory.store.frontier.revisits import due_revisits
from onestory.store.sources.polls import due_sources
from onestory.urls import MAX_REDIRECTS

__all__ = ["fetch_robots"]

# By then the backoff has reached hours.
GIVE_UP_FAILURES = 12


async def fetch_robots(session: HostSession) -> Robots | None:
    """The host's robots.txt, fetched or still valid. None if the session ended meanwhile or nothing is allowed."""
    robots = await _kept(session) or await _fetched(session)
    if robots is None or robots.verdict != "closed":
        return robots
    why = robots.why or "robots.txt could not be had"
    await _give_up(session, robots, why)
    await session.delay(robots.lifetime.total_seconds(), why=why)
    await poll.record_robots_failure(session, BadSource(robots.word, why))
    return None


async def _give_up(session: HostSession, robots: Robots, why: str) -> None:
    """Abandon the pages of a blocked address or of a host that has been unreachable for days."""
    if robots.is_refused:
        state = "refused"
    elif not robots.is_reached and session.state.failures >= GIVE_UP_FAILURES:
        state = "failed"
    else:
        return
    closed = 0

    def work(connection: Connection, now: datetime) -> None:
        nonlocal closed
        closed = abandon_due_pages(connection, session.lease.host, state=state, reason=why[:200])

    if await session.write(work):
        session.context.count(**{state: closed})


async def _kept(session: HostSession) -> Robots | None:
    state = session.state

    def read(_: Connection, now: datetime) -> Robots | None:
        if state.robots_due is None or now >= state.robots_due:
            return None
        session.use_robots_for((state.robots_due - now).total_seconds())
        return stored_robots(state.robots_verdict, state.robots)

    return await session.context.database.read(read)


async def _fetched(session: HostSession) -> Robots | None:
    scheme = await session.context.database.read(lambda connection, now: _scheme(session, connection, now))
    response = await _answer(session, f"{scheme}://{session.lease.host}/robots.txt")
    if response is None:
        return None
    robots = parse_robots(response.status, response.body, why=response.why)
    robots = replace(robots, is_refused=response.reason == "refused")
    session.set_crawl_delay(robots.crawl_delay)

    def keep(connection: Connection, now: datetime) -> None:
        session.use_robots_for(robots.lifetime.total_seconds())
        save_robots(
            connection,
            session.lease,
            text=robots.text,
            verdict=robots.verdict,
            crawl_delay=robots.crawl_delay,
            fetched=now,
            due=now + robots.lifetime,
        )

    return robots if await session.write(keep) else None


def _scheme(session: HostSession, connection: Connection, now: datetime) -> str:
    """The scheme of what will be fetched: the same host may answer differently over the other one."""
    host, scope = session.lease.host, session.context.scope
    urls = [source.polled_url for source in due_sources(connection, host, scope, now=now, limit=1)]
    urls += [page.url for page in due_pages(connection, host, scope, now=now, limit=1)]
    urls += [page.url for page in due_revisits(connection, host, scope, now=now, limit=1)]
    return urls[0].partition(":")[0] if urls else "https"


async def _answer(session: HostSession, url: str) -> FetchResponse | None:
    """The response after at most five redirects, also to other hosts (RFC 9309, section 2.3.1.2)."""
    response = None
    for _ in range(MAX_REDIRECTS + 1):
        response = await (session.ask(url) if authority_of(url) == session.lease.host else _elsewhere(session, url))
        if response is None or not response.is_redirect:
            return response
        try:
            url = checked_url(response.header("location") or "", base=url)
        except BadInput as error:
            return replace(response, status=None, why=f"robots.txt redirects to what is not fetched: {error}")
    # After five redirects the RFC permits treating it as unavailable, like a 404.
    return response and replace(response, status=404)


async def _elsewhere(session: HostSession, url: str) -> FetchResponse | None:
    """One request to another host under that host's lease; without a status if the host is never free."""
    name = authority_of(url)
    other = await borrow_host(session, name)
    if other is not None:
        return await other.ask_once(url)
    why = f"{name}, where its robots.txt lies, is busy"
    return FetchResponse(url, session.context.clock.now(), why=why) if session.goes_on else None
