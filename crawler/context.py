"""What all visits of one crawl share."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from onestory.crawler.clock import Clock, wait_for
from onestory.crawler.counts import CrawlCounts
from onestory.crawler.database_thread import DatabaseThread
from onestory.crawler.disk_space import DiskSpace
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.metrics import CrawlMetrics
from onestory.crawler.rate_limit import RateLimits
from onestory.pipelines.runtime.outcome import Outcome
from onestory.store.articles.captures import Capture
from onestory.store.frontier.pages import DuePage, PageFetchResult
from onestory.store.frontier.scope import CrawlScope

__all__ = ["CaptureSink", "CapturedPage", "CrawlContext", "FetchRequest", "Progress"]


class FetchRequest(Protocol):
    """One request: `onestory.crawler.fetching.fetcher.Fetcher`."""

    async def __call__(self, url: str, *, headers: dict[str, str] | None = None) -> FetchResponse: ...


class CaptureSink(Protocol):
    """Where captures go: `onestory.pipelines.runtime.intake.Intake`."""

    def submit(self, capture: Capture) -> "Future[Outcome]": ...


# How long a visit waits between two requests while it keeps its place; a crawl that ends has time for each host.
HELD_SECONDS = 30.0
HELD_SECONDS_ONCE = 300.0
Progress = Callable[[CrawlCounts], None]


@dataclass(frozen=True, slots=True, eq=False)
class CapturedPage:
    """A page on its way through the stages: the spider's item.

    `write` writes under the lease that it was fetched under; `settled` is set when its end is recorded.
    """

    page: DuePage
    capture: Capture
    result: PageFetchResult
    write: Callable[[Callable[[Connection, datetime], object]], Awaitable[bool]]
    settled: "asyncio.Future[None]"


@dataclass(slots=True, eq=False)
class CrawlContext:
    """One crawl's parts and its state; only the reactor's thread touches it."""

    database: DatabaseThread
    sink: CaptureSink
    rate_limits: RateLimits
    scope: CrawlScope
    progress: Progress
    clock: Clock
    in_flight: int = 128
    disk: DiskSpace = field(default_factory=lambda: DiskSpace((), waits=False))
    metrics: CrawlMetrics = field(default_factory=CrawlMetrics)
    counts: CrawlCounts = field(default_factory=CrawlCounts)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    captured: "asyncio.Queue[CapturedPage | None]" = field(default_factory=asyncio.Queue)
    failure: BaseException | None = None
    room: asyncio.Semaphore = field(init=False)
    fetch: FetchRequest = field(init=False)  # given by the spider, when there is a downloader

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
        return not await wait_for(self.stopping, seconds=seconds, clock=self.clock)
