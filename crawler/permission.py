"""Reading a host's robots.txt, at most once in 24 hours, before anything else of it is fetched."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from crawler import polling
from crawler.feeds import BadSource
from crawler.fetching import Answer
from crawler.guard import checked_url
from crawler.robots import Robots, robots_of, stored_robots
from store.errors import BadInput
from store.frontier import close_pages, due_pages
from store.hosts import HostState, authority_of, claim_named, keep_robots
from store.revisits import due_looks
from store.sources import due_sources

if TYPE_CHECKING:
    from crawler.visit import Visit

__all__ = ["read_robots"]

MAX_HOPS = 5
BORROW_TRIES = 20
# The back-off has doubled to hours by then.
GIVE_UP_FAILURES = 12


async def read_robots(visit: "Visit") -> Robots | None:
    """The host's robots.txt, fresh or still good; None when the visit ended on the way, or nothing is allowed."""
    robots = await _kept(visit) or await _fetched(visit)
    if robots is None or robots.verdict != "closed":
        return robots
    why = robots.why or "robots.txt could not be had"
    await _give_up(visit, robots, why)
    await visit.delay(robots.lifetime.total_seconds(), why=why)
    await polling.closed(visit, BadSource(robots.word, why))
    return None


async def _give_up(visit: "Visit", robots: Robots, why: str) -> None:
    """On the pages of a place that is not fetched from, and of a host that has not answered for days."""
    if robots.is_refused:
        state = "refused"
    elif not robots.is_reached and visit.state.failures >= GIVE_UP_FAILURES:
        state = "failed"
    else:
        return
    closed = 0

    def work(connection: Connection, now: datetime) -> None:
        nonlocal closed
        closed = close_pages(connection, visit.lease.host, state=state, reason=why[:200])

    if await visit.write(work):
        visit.crew.count(**{state: closed})


async def _kept(visit: "Visit") -> Robots | None:
    state = visit.state

    def read(_: Connection, now: datetime) -> Robots | None:
        if state.robots_due is None or now >= state.robots_due:
            return None
        visit.use_robots_for((state.robots_due - now).total_seconds())
        return stored_robots(state.robots_verdict, state.robots)

    return await visit.crew.desk.read(read)


async def _fetched(visit: "Visit") -> Robots | None:
    scheme = await visit.crew.desk.read(lambda connection, now: _scheme(visit, connection, now))
    answer = await _answer(visit, f"{scheme}://{visit.lease.host}/robots.txt")
    if answer is None:
        return None
    robots = robots_of(answer.status, answer.body, why=answer.why)
    robots = replace(robots, is_refused=answer.reason == "refused")
    visit.set_crawl_delay(robots.crawl_delay)

    def keep(connection: Connection, now: datetime) -> None:
        visit.use_robots_for(robots.lifetime.total_seconds())
        keep_robots(
            connection,
            visit.lease,
            text=robots.text,
            verdict=robots.verdict,
            crawl_delay=robots.crawl_delay,
            fetched=now,
            due=now + robots.lifetime,
        )

    return robots if await visit.write(keep) else None


def _scheme(visit: "Visit", connection: Connection, now: datetime) -> str:
    """That of what is to be fetched: the same name may answer otherwise, or not at all, over the other one."""
    host, scope = visit.lease.host, visit.crew.scope
    urls = [source.at for source in due_sources(connection, host, scope, now=now, limit=1)]
    urls += [page.url for page in due_pages(connection, host, scope, now=now, limit=1)]
    urls += [page.url for page in due_looks(connection, host, scope, now=now, limit=1)]
    return urls[0].partition(":")[0] if urls else "https"


async def _answer(visit: "Visit", url: str) -> Answer | None:
    """The answer after at most five redirects, also to other hosts (RFC 9309, section 2.3.1.2)."""
    answer = None
    for _ in range(MAX_HOPS + 1):
        answer = await (visit.ask(url) if authority_of(url) == visit.lease.host else _elsewhere(visit, url))
        if answer is None or not answer.is_redirect:
            return answer
        try:
            url = checked_url(answer.header("location") or "", base=url)
        except BadInput as error:
            return replace(answer, status=None, why=f"robots.txt redirects to what is not fetched: {error}")
    # After five the RFC lets us take it for unavailable, which is what a 404 is.
    return answer and replace(answer, status=404)


async def _elsewhere(visit: "Visit", url: str) -> Answer | None:
    """One request to another host, under a lease of that one; without a status when it is never free."""
    crew, name = visit.crew, authority_of(url)

    def claim(connection: Connection, now: datetime) -> HostState | None:
        seconds = crew.pace.lease_seconds
        return claim_named(connection, name, holder=visit.lease.holder, now=now, lease_seconds=seconds)

    for _ in range(BORROW_TRIES):
        state = await crew.desk.write(claim)
        if state is not None:
            return await visit.beside(state).ask_once(url)
        if not await crew.wait(1.0):
            return None
    return Answer(url, crew.clock.now(), why=f"{name}, where its robots.txt lies, is busy")
