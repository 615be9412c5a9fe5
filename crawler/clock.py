"""The clock of a crawl. All of `crawler` reads the time and waits through it, so that tests can drive it.

The network and the machine stay on real time: the duration of a response, the timeouts of downloads and DNS, and how
often the frontier is checked.
"""

import asyncio
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Protocol

from sqlalchemy import Connection

from onestory.store.frontier.hosts import database_time
from onestory.times import utc_now

__all__ = ["Clock", "SystemClock", "sleep", "wait_for"]


class Clock(Protocol):
    """A source of time. Processes that share a store must agree on `on`."""

    def now(self) -> datetime:
        """The local time in aware UTC, for when a response was observed."""
        ...

    def elapsed(self) -> float:
        """Seconds since an arbitrary moment; monotonic."""
        ...

    def on(self, connection: Connection) -> datetime:
        """The time for leases and due times: one clock for all crawlers of a store."""
        ...

    def real(self, seconds: float) -> float:
        """Real seconds to sleep before checking again whether `seconds` of this clock have passed."""
        ...


class SystemClock:
    """The machine's time, and the database's time for what crawlers share."""

    def now(self) -> datetime:
        return utc_now()

    def elapsed(self) -> float:
        return monotonic()

    def on(self, connection: Connection) -> datetime:
        return database_time(connection)

    def real(self, seconds: float) -> float:
        return seconds


async def wait_for(event: asyncio.Event, *, seconds: float, clock: Clock) -> bool:
    """Wait for the event, at most `seconds` of the clock; return whether it was set. Never returns early."""
    end = clock.elapsed() + seconds
    while not event.is_set() and (left := end - clock.elapsed()) > 0:
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), clock.real(left))
    return event.is_set()


async def sleep(seconds: float, *, clock: Clock) -> None:
    await wait_for(asyncio.Event(), seconds=seconds, clock=clock)
