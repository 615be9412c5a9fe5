"""The spider: claims hosts that have work, visits them, and yields what their pages were captured as."""

import asyncio
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import scrapy
from sqlalchemy import Connection

from crawler.clock import sleep
from crawler.crew import Captured, Crew, Fetch
from crawler.visit import Visit
from store.frontier import is_pending
from store.hosts import HostState, Lease, claim_hosts, is_claimable, renew

__all__ = ["CoverageSpider"]

logger = logging.getLogger(__name__)

# How often the frontier is looked at while nothing happens.
TICK_SECONDS = 0.5


class CoverageSpider(scrapy.Spider):
    """Bounds what it claims by what is in flight: Scrapy drains `start` as fast as it yields."""

    name = "coverage"

    def __init__(self, *args: Any, crew: Crew, equip: Callable[[scrapy.Spider], Fetch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.crew = crew
        self.equip = equip
        self.holder = f"{socket.gethostname()}-{secrets.token_hex(8)}"
        self._visits: dict[asyncio.Task[None], Visit] = {}

    async def start(self) -> AsyncIterator[Captured]:
        try:
            self.crew.fetch = self.equip(self)
        except Exception as error:  # Scrapy would log it and end as if all was well
            self.crew.fail(error)
            return
        dispatcher = asyncio.create_task(self._dispatch())
        beat = asyncio.create_task(self._beat())
        try:
            while (captured := await self.crew.captured.get()) is not None:
                yield captured
            await dispatcher
        finally:
            beat.cancel()

    async def _dispatch(self) -> None:
        """Until the crawl is stopped or, if it is one that ends, done; then until every visit has ended."""
        try:
            while not self.crew.stopping.is_set() and await self._claim():
                await self._turn()
            while self._visits:
                await self._turn()
        except Exception as error:  # whatever broke is raised by whoever runs the crawl
            self.crew.fail(error)
        finally:
            await self.crew.captured.put(None)

    async def _claim(self) -> bool:
        """Visits what can be claimed; False when a crawl that ends has nothing left to do."""
        if not self.crew.disk.look():
            return True
        crew, room = self.crew, self.crew.pace.max_hosts - len(self._visits)
        if room > 0 and await crew.desk.read(lambda connection, now: is_claimable(connection, crew.scope, now=now)):
            for state in await crew.desk.write(lambda connection, now: self._claimed(connection, now, room)):
                visit = Visit(crew, state)
                self._visits[asyncio.create_task(visit.run())] = visit
        if self._visits or crew.scope.once_since is None:
            return True
        linger = timedelta(seconds=crew.pace.linger_seconds)
        return await crew.desk.read(lambda connection, now: is_pending(connection, crew.scope, until=now + linger))

    def _claimed(self, connection: Connection, now: datetime, limit: int) -> list[HostState]:
        crew = self.crew
        return claim_hosts(
            connection, crew.scope, holder=self.holder, now=now, lease_seconds=crew.pace.lease_seconds, limit=limit
        )

    async def _turn(self) -> None:
        """Waits for a visit to end, for the next look at the frontier, or for the stop."""
        stop = asyncio.create_task(self.crew.stopping.wait())
        waited = [*self._visits] if self.crew.stopping.is_set() else [*self._visits, stop]
        done, _ = await asyncio.wait(waited, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        for task in [task for task in self._visits if task in done]:
            del self._visits[task]
            if error := task.exception():
                self.crew.fail(error)

    async def _beat(self) -> None:
        """Prolongs the leases that are held."""
        seconds = self.crew.pace.lease_seconds
        try:
            while True:
                await sleep(seconds / 3, clock=self.crew.clock)
                await self._renew(seconds)
        except Exception as error:  # a crawl that cannot keep its leases must end
            self.crew.fail(error)

    async def _renew(self, seconds: float) -> None:
        held = {visit.lease: visit for visit in self._visits.values() if not visit.is_released}

        def work(connection: Connection, now: datetime) -> set[Lease]:
            return renew(connection, list(held), now=now, lease_seconds=seconds)

        for lease in await self.crew.desk.write(work):
            if not held[lease].is_released:
                logger.warning("the lease of %s was lost", lease.host)
                held[lease].is_lost = True
