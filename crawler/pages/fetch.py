"""Fetch one page, and submit it to the stages or record its outcome."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urldefrag, urljoin

from sqlalchemy import Connection

from onestory.crawler.context import CapturedPage
from onestory.crawler.fetching.challenge import detect_challenge
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.hosts.host_session import HostSession
from onestory.crawler.hosts.tdmrep import host_signals
from onestory.crawler.pages import results
from onestory.crawler.pages.refresh import as_redirect
from onestory.crawler.pages.round_trips import follow_round_trip, may_lead_back
from onestory.crawler.watches import record_redirect
from onestory.errors import BadInput
from onestory.ssrf import checked_url
from onestory.store.frontier.pages import DuePage, PageEntry, PageFetchResult, add_pages, record_page_fetch

__all__ = ["fetch_page", "other_spelling", "submit_capture"]


async def fetch_page(session: HostSession, page: DuePage) -> None:
    if not session.robots.allows(page.url):
        await _settle(session, page, results.blocked_result(page))
        return
    response = await session.ask(page.url)
    if response is not None:
        response = as_redirect(response)
    if response is not None and response.is_redirect and (spelling := other_spelling(page, response)):
        response = await session.ask(spelling)
    if response is not None and may_lead_back(page, response):
        response = await follow_round_trip(session, page, response)
    if response is None:
        return
    if challenge := detect_challenge(response.headers, response.body):
        refused = replace(response, reason="challenge", why=challenge)
        await _settle(session, page, results.failed_result(page, refused, rate_limits=session.context.rate_limits))
    elif response.is_readable:
        await submit_capture(session, page, response)
    elif response.is_redirect:
        await _settle(session, page, _redirected(page, response))
    else:
        await _settle(session, page, results.failed_result(page, response, rate_limits=session.context.rate_limits))


def other_spelling(page: DuePage, response: FetchResponse) -> str | None:
    """The target of a redirect that has the same normal URL: it adds or drops tracking parameters."""
    try:
        location = urljoin(page.url, response.header("location") or "")
        is_same = checked_url(location) == page.url and location != page.url
    except (BadInput, ValueError):
        return None
    return urldefrag(location).url if is_same else None


def _redirected(page: DuePage, response: FetchResponse) -> PageFetchResult:
    """Add the target as a page of its own, fetched under its host's lease, robots.txt and rate limit."""
    try:
        target = checked_url(response.header("location") or "", base=page.url)
    except BadInput as error:
        return results.refused_result(page, response, why=str(error))
    return results.redirect_result(page, response, target=target)


async def submit_capture(session: HostSession, page: DuePage, response: FetchResponse) -> None:
    """Submit the page to the stages; `under_way` holds it until its outcome is recorded."""
    await session.context.room.acquire()
    settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(_: object) -> None:
        session.under_way.pop(page.id, None)
        session.context.room.release()

    settled.add_done_callback(end)
    session.under_way[page.id] = settled
    result = results.fetched_result(page, response, verdict=session.robots.verdict)
    capture = replace(results.capture_of(page, response), host_signals=host_signals(session, page.url))
    await session.context.captured.put(CapturedPage(page, capture, result, session.write, settled))


async def _settle(session: HostSession, page: DuePage, result: PageFetchResult) -> None:
    """Record a fetch that brought no article."""
    said = replace(result, robots=session.robots.verdict)

    def work(connection: Connection, now: datetime) -> None:
        if said.location:
            # It inherits what the redirecting page claimed.
            target = PageEntry(said.location, page.title, page.published)
            add_pages(connection, [target], source_id=page.source_id, now=now, hops=page.hops + 1)
            record_redirect(connection, page.id, said.location, now=now)
        record_page_fetch(connection, page.id, replace(said, due=_due(session, said, now)), now=now)

    if await session.write(work):
        session.context.count(**{"waiting" if said.state == "due" else said.state: 1})


def _due(session: HostSession, result: PageFetchResult, now: datetime) -> datetime | None:
    """When the page is due again: not before the host's backoff ends."""
    if result.state != "due":
        return None
    rested = now + timedelta(seconds=results.retry_seconds(result, session.context.rate_limits))
    return max(rested, session.delayed_until or rested)
