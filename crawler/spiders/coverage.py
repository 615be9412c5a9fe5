"""The spider: claims hosts with work, visits them, and yields captured pages."""

import asyncio
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import scrapy
from sqlalchemy import Connection

from onestory.crawler.clock import sleep
from onestory.crawler.context import CapturedPage, CrawlContext, FetchRequest
from onestory.crawler.hosts.host_session import HostSession
from onestory.crawler.spiders.requested_sources import add_requested_sources
from onestory.crawler.visit import visit_host
from onestory.store.frontier.hosts import Lease, LeasedHost, claim_hosts, renew_leases
from onestory.store.frontier.pages import has_pending_work
from onestory.store.frontier.visit_slots import VisitSlots, hosts_to_visit

__all__ = ["CoverageSpider"]

logger = logging.getLogger(__name__)

# How often an idle crawl checks the frontier.
TICK_SECONDS = 0.5


class CoverageSpider(scrapy.Spider):
    """Claims hosts and visits them. Claims are bounded by what is in flight, because Scrapy drains `start` at once."""

    name = "coverage"

    def __init__(
        self, *args: Any, context: CrawlContext, equip: Callable[[scrapy.Spider], FetchRequest], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.context = context
        self.equip = equip
        self.holder = f"{socket.gethostname()}-{secrets.token_hex(8)}"
        self._visits: dict[asyncio.Task[None], HostSession] = {}

    async def start(self) -> AsyncIterator[CapturedPage]:
        try:
            self.context.fetch = self.equip(self)
        except Exception as error:  # Scrapy would log it and end as if nothing had failed
            self.context.fail(error)
            return
        dispatcher = asyncio.create_task(self._dispatch())
        beside = [asyncio.create_task(self._beat())]
        if self.context.scope.once_since is None:
            beside.append(asyncio.create_task(self._add_requested_sources()))
        try:
            while (captured := await self.context.captured.get()) is not None:
                yield captured
            await dispatcher
        finally:
            for task in beside:
                task.cancel()

    async def _dispatch(self) -> None:
        """Dispatch until the crawl is stopped, done or failed, then wait until every visit has ended."""
        try:
            try:
                while not self.context.stopping.is_set() and await self._claim():
                    await self._turn()
            except Exception as error:  # the caller of the crawl raises it
                self.context.fail(error)
            while self._visits:
                await self._turn()
        finally:
            await self.context.captured.put(None)

    async def _claim(self) -> bool:
        """Visit what can be claimed. False if a crawl with `once` has nothing left to do."""
        if not self.context.disk.look():
            return True
        context, slots = self.context, self._slots()
        names: list[str] = []
        if slots.free > 0:
            names = await context.database.read(
                lambda connection, now: hosts_to_visit(connection, context.scope, slots, now=now)
            )
        if names:
            for state in await context.database.write(lambda connection, now: self._claimed(connection, now, names)):
                session = HostSession(context, state)
                self._visits[asyncio.create_task(visit_host(session))] = session
        if self._visits or context.scope.once_since is None:
            return True
        linger = timedelta(seconds=context.rate_limits.linger_seconds)
        return await context.database.read(
            lambda connection, now: has_pending_work(connection, context.scope, until=now + linger)
        )

    def _slots(self) -> VisitSlots:
        visits = self._visits.values()
        return VisitSlots(
            self.context.rate_limits.max_hosts,
            visited=[session.lease.host for session in visits],
            unproven=sum(not session.has_answered for session in visits),
        )

    def _claimed(self, connection: Connection, now: datetime, names: list[str]) -> list[LeasedHost]:
        seconds = self.context.rate_limits.lease_seconds
        return claim_hosts(connection, names, holder=self.holder, now=now, lease_seconds=seconds)

    async def _turn(self) -> None:
        """Wait for a visit to end, for the next check of the frontier, or for the stop."""
        if self.context.stopping.is_set() and not self._visits:
            return  # it was stopped while it claimed
        stop = asyncio.create_task(self.context.stopping.wait())
        waited = [*self._visits] if self.context.stopping.is_set() else [*self._visits, stop]
        done, _ = await asyncio.wait(waited, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        for task in [task for task in self._visits if task in done]:
            del self._visits[task]
            if error := task.exception():
                self.context.fail(error)

    async def _beat(self) -> None:
        """Renew the leases that are held."""
        seconds = self.context.rate_limits.lease_seconds
        try:
            while True:
                await sleep(seconds / 3, clock=self.context.clock)
                await self._renew(seconds)
        except Exception as error:  # a crawl that cannot keep its leases must end
            self.context.fail(error)

    async def _add_requested_sources(self) -> None:
        try:
            await add_requested_sources(self.context)
        except Exception as error:  # what ends it, such as a lost database, ends the crawl
            self.context.fail(error)

    async def _renew(self, seconds: float) -> None:
        held = {session.lease: session for session in self._visits.values() if not session.is_released}

        def work(connection: Connection, now: datetime) -> set[Lease]:
            return renew_leases(connection, list(held), now=now, lease_seconds=seconds)

        for lease in await self.context.database.write(work):
            if not held[lease].is_released:
                logger.warning("the lease of %s was lost", lease.host)
                held[lease].is_lost = True
