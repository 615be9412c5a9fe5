"""One page: fetched, and handed to the stages or recorded with what became of it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

from sqlalchemy import Connection

from crawler import verdicts
from crawler.challenge import challenge_of
from crawler.crew import Captured
from crawler.fetching import Answer
from crawler.guard import checked_url
from crawler.reservation import host_signals
from crawler.watching import redirected
from store.errors import BadInput
from store.frontier import Entry, PageDue, PageResult, add_pages, settle_page

if TYPE_CHECKING:
    from crawler.visit import Visit

__all__ = ["fetch", "hand_in", "other_spelling"]


async def fetch(visit: "Visit", page: PageDue) -> None:
    if not visit.robots.allows(page.url):
        await _settle(visit, page, verdicts.barred(page))
        return
    answer = await visit.ask(page.url)
    if answer is not None and answer.is_redirect and (spelling := other_spelling(page, answer)):
        answer = await visit.ask(spelling)
    if answer is None:
        return
    if challenge := challenge_of(answer.headers, answer.body):
        refused = replace(answer, reason="challenge", why=challenge)
        await _settle(visit, page, verdicts.missed(page, refused, pace=visit.crew.pace))
    elif answer.status in verdicts.READABLE:
        await hand_in(visit, page, answer)
    elif answer.is_redirect:
        await _settle(visit, page, _redirected(page, answer))
    else:
        await _settle(visit, page, verdicts.missed(page, answer, pace=visit.crew.pace))


def other_spelling(page: PageDue, answer: Answer) -> str | None:
    """A redirect to what is the same page to us, but not to its server: tracking parameters, or their absence."""
    try:
        location = urljoin(page.url, answer.header("location") or "")
        is_same = checked_url(location) == page.url and location != page.url
    except (BadInput, ValueError):
        return None
    return urldefrag(location).url if is_same else None


def _redirected(page: PageDue, answer: Answer) -> PageResult:
    """The target is a page of its own: it is fetched under its own host's lease, robots.txt and pace."""
    try:
        target = checked_url(answer.header("location") or "", base=page.url)
    except BadInput as error:
        return verdicts.refused(page, answer, why=str(error))
    return verdicts.moved(page, answer, target=target)


async def hand_in(visit: "Visit", page: PageDue, answer: Answer) -> None:
    """Leaves the page to the stages; `under_way` keeps it until its end is recorded."""
    await visit.crew.room.acquire()
    settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(_: object) -> None:
        visit.under_way.pop(page.id, None)
        visit.crew.room.release()

    settled.add_done_callback(end)
    visit.under_way[page.id] = settled
    result = verdicts.fetched(page, answer, verdict=visit.robots.verdict)
    capture = replace(verdicts.capture_of(page, answer), host_signals=host_signals(visit, page.url))
    await visit.crew.captured.put(Captured(page, capture, result, visit.write, settled))


async def _settle(visit: "Visit", page: PageDue, result: PageResult) -> None:
    """Records the end of a fetch that brought no article."""
    said = replace(result, robots=visit.robots.verdict)

    def work(connection: Connection, now: datetime) -> None:
        if said.location:
            # It comes with the claims of the page that led to it.
            target = Entry(said.location, page.title, page.published)
            add_pages(connection, [target], source_id=page.source_id, now=now, hops=page.hops + 1)
            redirected(connection, page.id, said.location, now=now)
        settle_page(connection, page.id, replace(said, due=_due(visit, said, now)), now=now)

    if await visit.write(work):
        visit.crew.count(**{"waiting" if said.state == "due" else said.state: 1})


def _due(visit: "Visit", result: PageResult, now: datetime) -> datetime | None:
    """Not before the host's own back-off is over."""
    if result.state != "due":
        return None
    rested = now + timedelta(seconds=verdicts.retry_seconds(result, visit.crew.pace))
    return max(rested, visit.delayed_until or rested)
