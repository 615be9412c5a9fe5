"""A session with one host: the lease, its rate limits and its robots.txt. Every request to the host passes here."""

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from onestory.crawler.backoff import day_of, next_day, rest_seconds, retry_after
from onestory.crawler.context import CrawlContext
from onestory.crawler.fetching.fetcher import HOST_REASONS, FetchResponse
from onestory.crawler.hosts.robots import Robots
from onestory.store.frontier.hosts import LeasedHost, delay_host, holds_lease, record_request, release_host

__all__ = ["HostSession"]

logger = logging.getLogger(__name__)


class HostSession:
    """Holds a host's lease from claim to release. `is_lost`: the lease expired and another crawler may hold it."""

    def __init__(self, context: CrawlContext, state: LeasedHost) -> None:
        self.context = context
        self.state = state
        self.lease = state.lease
        self.robots = Robots("closed")
        self.is_lost = False
        self.is_released = False
        self.under_way: dict[int, asyncio.Future[None]] = {}
        self.delayed_until: datetime | None = None
        self._is_over = False
        self._ready = context.clock.elapsed()
        self._robots_end = math.inf

    @property
    def delay_seconds(self) -> float:
        """Seconds between two requests: the host's or the crawl's delay, with Crawl-delay as the minimum."""
        own = self.context.rate_limits.delay_seconds if self.state.delay_seconds is None else self.state.delay_seconds
        return max(own, self.state.crawl_delay or 0.0)

    @property
    def has_answered(self) -> bool:
        """Whether the host answered when it was last asked, in this session or before."""
        return not self.state.failures and (self.state.robots_due is not None or self._robots_end < math.inf)

    @property
    def goes_on(self) -> bool:
        return not (self._is_over or self.is_lost or self.context.is_resting)

    @property
    def has_turn(self) -> bool:
        """Whether to start another request. A host with a long pause ahead gives its place to another.

        Nothing starts under an expired robots.txt either: the next visit fetches it again.
        """
        now = self.context.clock.elapsed()
        return self.goes_on and now < self._robots_end and self._ready - now <= self.context.held_seconds

    async def write(self, work: Callable[[Connection, datetime], object]) -> bool:
        """Write under the lease. Returns False and writes nothing if the lease is lost."""

        def fenced(connection: Connection, now: datetime) -> bool:
            if not holds_lease(connection, self.lease):
                return False
            work(connection, now)
            return True

        self.is_lost = self.is_lost or not await self.context.database.write(fenced)
        return not self.is_lost

    async def ask(self, url: str, *, headers: dict[str, str] | None = None) -> FetchResponse | None:
        """Fetch a URL when the rate limit allows; None if the session ended before."""
        if not await self.context.wait(self._ready - self.context.clock.elapsed()) or not await self._record_request():
            return None
        response = await self.context.fetch(url, headers=headers)
        self.context.metrics.fetched(response)
        self._ready = self.context.clock.elapsed() + self.delay_seconds
        self.context.count(requests=1)
        await self._apply_backoff(response)
        return response

    async def ask_once(self, url: str) -> FetchResponse | None:
        """Fetch a URL, then release the lease."""
        try:
            return await self.ask(url)
        finally:
            await self.release()

    def for_host(self, state: LeasedHost) -> "HostSession":
        """A session with another host for the same crawl."""
        return HostSession(self.context, state)

    def use_robots_for(self, seconds: float) -> None:
        """Set how long robots.txt stays valid, in seconds, because the database's clock may differ."""
        self._robots_end = self.context.clock.elapsed() + seconds

    def set_crawl_delay(self, seconds: float | None) -> None:
        """Apply a Crawl-delay from the next request on."""
        self.state = replace(self.state, crawl_delay=seconds)
        self._ready = max(self._ready, self.context.clock.elapsed() + self.delay_seconds)

    def set_reservation(self, tdmrep: str | None, *, due: datetime) -> None:
        """Set the tdmrep.json for pages fetched from now on."""
        self.state = replace(self.state, tdmrep=tdmrep, tdmrep_due=due)

    async def _record_request(self) -> bool:
        """Record a request before it is made, so that rate limit and budget survive a crash."""
        if not self.goes_on:
            return False
        budget, delay = self.context.rate_limits.daily_budget, self.delay_seconds

        def work(connection: Connection, now: datetime) -> tuple[bool, str, int]:
            day = day_of(now)
            used = self.state.day_fetches if self.state.day == day else 0
            if used >= budget:
                why = f"{budget} requests were made today"
                return delay_host(connection, self.lease, until=next_day(now), failures=0, why=why), day, 0
            ahead = now + timedelta(seconds=delay)
            booked = record_request(connection, self.lease, next_fetch=ahead, day=day, day_fetches=used + 1)
            return booked, day, used + 1

        is_ours, day, used = await self.context.database.write(work)
        self.is_lost = not is_ours
        if not used:
            self._is_over, self.delayed_until = True, next_day(self.context.clock.now())
        self.state = replace(self.state, day=day, day_fetches=used)
        return self.goes_on

    async def _apply_backoff(self, response: FetchResponse) -> None:
        """Back off if the host, not the page, failed; clear past failures if it works."""
        if response.status not in (429, 503) and response.reason not in HOST_REASONS:
            if self.state.failures:
                self.state = replace(self.state, failures=0)
                await self.write(lambda c, now: delay_host(c, self.lease, until=now, failures=0, why=None))
            return
        self._is_over = True
        self.state = replace(self.state, failures=self.state.failures + 1)
        asked = retry_after(response.header("retry-after"), now=response.observed)
        seconds = rest_seconds(self.context.rate_limits.host_backoff_seconds, failures=self.state.failures, asked=asked)
        await self.delay(seconds, why=response.why or f"it answered {response.status}")

    async def delay(self, seconds: float, *, why: str) -> None:
        """Fetch nothing more from the host for `seconds`."""
        self._is_over = True
        pause = timedelta(seconds=max(seconds, self.delay_seconds))

        def work(connection: Connection, now: datetime) -> None:
            until = max(now + pause, self.delayed_until or now)
            delay_host(connection, self.lease, until=until, failures=self.state.failures, why=why)
            self.delayed_until = until

        await self.write(work)

    async def release(self) -> None:
        """Give the lease back; the host's next request comes after its delay."""
        self.is_released = True
        pause = timedelta(seconds=max(self._ready - self.context.clock.elapsed(), 0.0))

        def work(connection: Connection, now: datetime) -> None:
            release_host(connection, self.lease, next_fetch=max(now + pause, self.delayed_until or now))

        await self.context.database.write(work)
