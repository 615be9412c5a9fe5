"""The time of a crawl: whatever in `crawler` asks for the time, or waits for it to pass, does so through one clock.

What belongs to the network and to this machine stays on real time: how long an answer takes, the timeouts of a
download and of a name server, and how often the frontier is looked at.
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
    """A clock that other processes share: its `on` must agree with theirs."""

    def now(self) -> datetime:
        """The time here, in aware UTC: when an answer was observed."""
        ...

    def elapsed(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    def on(self, connection: Connection) -> datetime:
        """The time by which leases and due times are counted, on one clock for all crawlers of a store."""
        ...

    def real(self, seconds: float) -> float:
        """Real seconds to wait before looking again whether so many of this clock have passed."""
        ...


class SystemClock:
    """This machine's time, and for what crawlers share the database's."""

    def now(self) -> datetime:
        return utc_now()

    def elapsed(self) -> float:
        return monotonic()

    def on(self, connection: Connection) -> datetime:
        return database_time(connection)

    def real(self, seconds: float) -> float:
        return seconds


async def wait_for(event: asyncio.Event, *, seconds: float, clock: Clock) -> bool:
    """Whether the event was set before so many seconds of the clock had passed; never back before they have."""
    end = clock.elapsed() + seconds
    while not event.is_set() and (left := end - clock.elapsed()) > 0:
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), clock.real(left))
    return event.is_set()


async def sleep(seconds: float, *, clock: Clock) -> None:
    await wait_for(asyncio.Event(), seconds=seconds, clock=clock)
