"""What all visits of one crawl share."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection

from crawler.clock import Clock, until
from crawler.desk import Desk
from crawler.fetching import Answer
from crawler.metrics import CrawlMetrics
from crawler.pace import Pace
from crawler.room import DiskRoom
from store.frontier import PageDue, PageResult
from store.models import Capture
from store.scope import Scope

if TYPE_CHECKING:
    # The stages take seconds to import, and not every process that crawls runs them.
    from pipelines.intake import Outcome

__all__ = ["Captured", "Counts", "Crew", "Door", "Fetch", "Progress"]


class Fetch(Protocol):
    """One request: `crawler.fetching.Fetcher`."""

    async def __call__(self, url: str, *, headers: dict[str, str] | None = None) -> Answer: ...


class Door(Protocol):
    """Where captures go: `pipelines.intake.Intake`."""

    def submit(self, capture: Capture) -> "Future[Outcome]": ...


@dataclass(frozen=True, slots=True)
class Counts:
    """What a crawl did so far. `waiting` pages are to be tried again; `moved` ones redirect.

    `looks` are at articles that were known; `changed` and `withdrawn` of them were.
    """

    requests: int = 0
    polls: int = 0
    polls_failed: int = 0
    pages_found: int = 0
    stored: int = 0
    known: int = 0
    dropped: int = 0
    moved: int = 0
    barred: int = 0
    refused: int = 0
    gone: int = 0
    failed: int = 0
    waiting: int = 0
    looks: int = 0
    changed: int = 0
    withdrawn: int = 0


# How long a visit waits between two requests while it keeps its place; a crawl that ends has time for each host.
HELD_SECONDS = 30.0
HELD_SECONDS_ONCE = 300.0
Progress = Callable[[Counts], None]


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """A page on its way through the stages: the spider's item.

    `write` writes under the lease that it was fetched under; `settled` is set when its end is recorded.
    """

    page: PageDue
    capture: Capture
    result: PageResult
    write: Callable[[Callable[[Connection, datetime], object]], Awaitable[bool]]
    settled: "asyncio.Future[None]"


@dataclass(slots=True, eq=False)
class Crew:
    """One crawl's parts and its state; only the reactor's thread touches it."""

    desk: Desk
    door: Door
    pace: Pace
    scope: Scope
    progress: Progress
    clock: Clock
    in_flight: int = 128
    disk: DiskRoom = field(default_factory=lambda: DiskRoom((), waits=False))
    metrics: CrawlMetrics = field(default_factory=CrawlMetrics)
    counts: Counts = field(default_factory=Counts)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    captured: "asyncio.Queue[Captured | None]" = field(default_factory=asyncio.Queue)
    failure: BaseException | None = None
    room: asyncio.Semaphore = field(init=False)
    fetch: Fetch = field(init=False)  # given by the spider, when there is a downloader

    def __post_init__(self) -> None:
        self.room = asyncio.Semaphore(self.in_flight)

    @property
    def is_resting(self) -> bool:
        """Whether nothing more is to be begun now."""
        return self.disk.is_full or self.stopping.is_set()

    @property
    def held_seconds(self) -> float:
        return HELD_SECONDS if self.scope.once_since is None else HELD_SECONDS_ONCE

    def count(self, **more: int) -> None:
        changed = {name: getattr(self.counts, name) + number for name, number in more.items()}
        self.counts = replace(self.counts, **changed)
        self.metrics.take(self.counts)
        self.progress(self.counts)

    def fail(self, error: BaseException) -> None:
        """Ends the crawl; what is under way is left as it is, and is still due."""
        self.failure = self.failure or error
        self.stopping.set()

    async def wait(self, seconds: float) -> bool:
        """Whether the crawl goes on after so many seconds."""
        return not await until(self.stopping, seconds=seconds, clock=self.clock)
