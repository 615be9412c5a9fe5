"""Requested sources: what is at an address that somebody wants polled, found out beside a running crawl."""

import asyncio
import logging
from datetime import datetime

from sqlalchemy import Connection, select

from onestory.crawler.clock import sleep
from onestory.crawler.context import CrawlContext
from onestory.crawler.sources.discovery import DiscoveredSource, discover, discover_section
from onestory.errors import BadInput
from onestory.pipelines.runtime.bounded_calls import LimitExceeded
from onestory.store.schema import sources
from onestory.store.sources.polls import outlet_of_url
from onestory.store.sources.requests import (
    SourceRequest,
    finish_source_request,
    has_source_requests,
    take_source_request,
)
from onestory.store.sources.source_list import SourceEntry, add_sources
from onestory.urls import host_of

__all__ = ["add_requested_sources"]

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
MAX_SECONDS = 60.0
MAX_REASON = 600


async def add_requested_sources(context: CrawlContext) -> None:
    """Add requested sources one by one until the crawl stops. A request ends with a source or a reason."""
    while not context.stopping.is_set():
        if await context.database.read(lambda connection, _: has_source_requests(connection)):
            request = await context.database.write(lambda connection, now: take_source_request(connection, now=now))
            if request is not None:
                await _answer(context, request)
                continue
        await sleep(PAUSE_SECONDS, clock=context.clock)


async def _answer(context: CrawlContext, request: SourceRequest) -> None:
    found, why = None, None
    try:
        finding = discover_section if request.is_section else discover
        async with asyncio.timeout(MAX_SECONDS):
            found = await finding(context.fetch, request.url, parse=context.parse)
    except (BadInput, LimitExceeded) as error:
        why = str(error)[:MAX_REASON]
    except TimeoutError:
        why = f"{request.url} was not read within {MAX_SECONDS:.0f} s"
    await context.database.write(lambda connection, now: _record(connection, request, found, why, now=now))
    logger.info("requested source %s: %s", request.url, why or "added")


def _record(
    connection: Connection, request: SourceRequest, found: DiscoveredSource | None, why: str | None, *, now: datetime
) -> None:
    source_id = None
    if found is not None:
        home = found.homepage or found.url
        outlet = request.outlet or outlet_of_url(connection, home) or host_of(home).removeprefix("www.")
        entry = SourceEntry(found.url, found.kind, outlet, homepage=found.homepage, language=request.language)
        add_sources(connection, [entry], now=now)
        source_id = connection.execute(select(sources.c.id).where(sources.c.url == found.url)).scalar_one()
    finish_source_request(connection, request.id, source_id=source_id, why=why, now=now)
