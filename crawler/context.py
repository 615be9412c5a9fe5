"""The state that all host sessions of one crawl share."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from onestory.crawler.backoff import RateLimits
from onestory.crawler.clock import Clock, wait_for
from onestory.crawler.counts import CrawlCounts
from onestory.crawler.database_thread import DatabaseThread
from onestory.crawler.disk_space import DiskSpace
from onestory.crawler.fetching.body_parser import BodyParser
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.metrics import CrawlMetrics
from onestory.pipelines.runtime.outcome import Outcome
from onestory.store.articles.captures import Capture
from onestory.store.frontier.pages import DuePage, PageFetchResult
from onestory.store.frontier.scope import CrawlScope

__all__ = ["CaptureSink", "CapturedPage", "CrawlContext", "FetchRequest", "Progress"]


class FetchRequest(Protocol):
    """Fetches one URL: `onestory.crawler.fetching.fetcher.Fetcher`."""

    async def __call__(self, url: str, *, headers: dict[str, str] | None = None) -> FetchResponse: ...


class CaptureSink(Protocol):
    """Receives captures: `onestory.pipelines.runtime.intake.Intake`."""

    def submit(self, capture: Capture) -> "Future[Outcome]": ...


# The longest pause between two requests for which a session keeps its place. A crawl with `once` can afford more.
HELD_SECONDS = 30.0
HELD_SECONDS_ONCE = 300.0
Progress = Callable[[CrawlCounts], None]


@dataclass(frozen=True, slots=True, eq=False)
class CapturedPage:
    """A page on its way through the stages; the spider's item.

    `write` writes under the lease of the fetch; `settled` is set when the outcome is recorded.
    """

    page: DuePage
    capture: Capture
    result: PageFetchResult
    write: Callable[[Callable[[Connection, datetime], object]], Awaitable[bool]]
    settled: "asyncio.Future[None]"


@dataclass(slots=True, eq=False)
class CrawlContext:
    """The parts and the state of one crawl. Only the event loop's thread touches it."""

    database: DatabaseThread
    sink: CaptureSink
    rate_limits: RateLimits
    scope: CrawlScope
    progress: Progress
    clock: Clock
    in_flight: int = 128
    parse: BodyParser = field(default_factory=BodyParser)
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
        """Whether the crawl starts nothing new: it is stopping, or the disk is full."""
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
        """End the crawl. Work in progress is abandoned and stays due."""
        self.failure = self.failure or error
        self.stopping.set()

    async def wait(self, seconds: float) -> bool:
        """Wait `seconds`; return whether the crawl continues."""
        return not await wait_for(self.stopping, seconds=seconds, clock=self.clock)
