"""Run crawls and probe single addresses in this process."""

import asyncio
import threading
from collections.abc import Awaitable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings

from onestory.crawler.backoff import RateLimits
from onestory.crawler.clock import Clock, SystemClock
from onestory.crawler.context import CaptureSink, CrawlContext, Progress
from onestory.crawler.counts import CrawlCounts
from onestory.crawler.database_thread import DatabaseThread
from onestory.crawler.disk_space import DiskSpace
from onestory.crawler.event_loop import interruptible, run_in_loop
from onestory.crawler.fetching.body_parser import BodyParser
from onestory.crawler.fetching.fetcher import Fetcher
from onestory.crawler.metrics import CrawlMetrics
from onestory.crawler.sources.discovery import Ask, DiscoveredSource, discover
from onestory.crawler.spiders.coverage import CoverageSpider
from onestory.crawler.spiders.single_task import SingleTaskSpider
from onestory.errors import BadInput, OnestoryError
from onestory.pipelines.runtime.bounded_calls import LimitExceeded
from onestory.pipelines.runtime.outcome import Outcome
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.ssrf import AllowList, GuardedResolver, checked_url
from onestory.store.articles.captures import MAX_OUTLET_CHARS, Capture
from onestory.store.database import Store
from onestory.store.frontier.hosts import database_time
from onestory.store.frontier.scope import CrawlScope
from onestory.store.sources.polls import SourceEntry, add_sources, enabled_sources, find_sources, outlet_of_url
from onestory.store.sources.source_records import SourceRecord, source_records
from onestory.urls import host_of

__all__ = [
    "SLOWEST_SECONDS",
    "add_source",
    "crawl",
    "discover_source",
    "pace_for",
    "poll_sources",
    "settings_for",
    "user_agent",
]

# Without a contact address, no publisher can ask for a slower pace.
SLOWEST_SECONDS = 10.0


class Finding(Protocol):
    """`discover` or `discover_section`."""

    def __call__(self, ask: Ask, url: str, *, parse: BodyParser) -> Awaitable[DiscoveredSource]: ...


GRACE_SECONDS = 20.0
PROGRESS_SECONDS = 5.0


def user_agent(contact: str | None) -> str:
    """The User-Agent, `Onestory/<version> (+contact)`."""
    try:
        number = version("onestory")
    except PackageNotFoundError:
        number = "0"
    printable = "".join(char for char in contact or "" if char.isascii() and char.isprintable() and char not in "()")
    return f"Onestory/{number} (+{printable})" if printable else f"Onestory/{number}"


def pace_for(contact: str | None, rate_limits: RateLimits | None = None) -> RateLimits:
    """The rate limits; the slowest ones while no contact is set."""
    rate_limits = rate_limits or RateLimits()
    return (
        rate_limits if contact else replace(rate_limits, delay_seconds=max(rate_limits.delay_seconds, SLOWEST_SECONDS))
    )


def settings_for(*, contact: str | None, download_seconds: float) -> Settings:
    settings = Settings()
    settings.setmodule("onestory.crawler.settings", priority="project")
    settings.set("USER_AGENT", user_agent(contact), priority="project")
    settings.set("DOWNLOAD_TIMEOUT", download_seconds, priority="project")
    return settings


def crawl(  # noqa: PLR0913 - its parts, each named
    store: Store,
    sink: CaptureSink,
    *,
    names: Sequence[str] = (),
    once: bool = False,
    contact: str | None = None,
    allow_private: Sequence[str] = (),
    rate_limits: RateLimits | None = None,
    progress: Progress = lambda counts: None,
    metrics: CrawlMetrics | None = None,
    retry: BackendRetry | None = None,
    stop: threading.Event | None = None,
    folders: Sequence[Path] = (),
    clock: Clock | None = None,
) -> CrawlCounts:
    """Crawl until SIGINT or SIGTERM, or until `stop` is set; with `once`, until nothing is left to do.

    `names` limits the crawl to sources by id, URL, host or outlet. `retry` is the one that the stages use: a stopped
    crawl gives up on it after 20 s. `rate_limits` defaults to `pace_for(contact)`, `clock` to the system's. While less
    than 5% of the disk of any of `folders` is free, nothing is fetched; with `once`, DiskFull is raised. Raises
    BadInput for an unknown name, and whatever the stages raise.
    """
    clock = clock or SystemClock()
    with store.read() as connection:
        found = find_sources(connection, names) if names else None
        scope = CrawlScope(found, clock.on(connection) if once else None)
    session = ScrapySession(
        contact, tuple(allow_private), rate_limits or pace_for(contact), clock, stop, tuple(folders)
    )
    metrics = metrics or CrawlMetrics()
    return _crawl(store, sink, scope, session, progress=progress, metrics=metrics, retry=retry or BackendRetry())


def poll_sources(
    store: Store,
    names: Sequence[str] = (),
    *,
    contact: str | None = None,
    allow_private: Sequence[str] = (),
    rate_limits: RateLimits | None = None,
    progress: Progress = lambda counts: None,
) -> list[SourceRecord]:
    """Poll each named source, or each enabled one, once; return their records.

    Listed entries become pages for the next crawl; no page is fetched. Raises BadInput for an unknown name.
    """
    clock = SystemClock()
    with store.read() as connection:
        ids = find_sources(connection, names) if names else enabled_sources(connection)
        scope = CrawlScope(ids, clock.on(connection), with_pages=False)
    kept = rate_limits or pace_for(contact)
    # A check waits for its turn at a host, but not for a host that is backing off.
    calm = replace(kept, linger_seconds=kept.delay_seconds + 1.0)
    session = ScrapySession(contact, tuple(allow_private), calm, clock)
    _crawl(store, _NoCaptures(), scope, session, progress=progress, metrics=CrawlMetrics(), retry=BackendRetry())
    with store.read() as connection:
        return [record for record in source_records(connection) if record.id in set(ids)]


def add_source(
    store: Store,
    url: str,
    *,
    finding: Finding = discover,
    outlet: str | None = None,
    language: str | None = None,
    contact: str | None = None,
    allow_private: Sequence[str] = (),
) -> SourceRecord:
    """Discover what is at the URL (a feed, a sitemap, a page that names one) and add it as a source.

    With `discover_section` as `finding`, the page itself is the source. A known source is returned unchanged. Raises
    BadInput with the reason if the URL cannot be a source.
    """
    if outlet is not None and not 0 < len(outlet.strip()) <= MAX_OUTLET_CHARS:
        raise BadInput(f"--outlet: the name of an outlet has 1 to {MAX_OUTLET_CHARS} characters")
    found = discover_source(url, finding=finding, contact=contact, allow_private=allow_private)
    with store.write() as connection:
        home = found.homepage or found.url
        name = outlet or outlet_of_url(connection, home) or host_of(home).removeprefix("www.")
        entry = SourceEntry(found.url, found.kind, name, homepage=found.homepage, language=language)
        add_sources(connection, [entry], now=database_time(connection))
    with store.read() as connection:
        return next(record for record in source_records(connection) if record.url == found.url)


def discover_source(
    url: str, *, finding: Finding = discover, contact: str | None = None, allow_private: Sequence[str] = ()
) -> DiscoveredSource:
    """Discover what is at the URL without adding it. Raises BadInput with the reason if it cannot be a source."""
    found: list[DiscoveredSource | BadInput] = []
    parse = BodyParser()

    async def errand(fetch: Fetcher) -> None:
        try:
            found.append(await finding(fetch, url, parse=parse))
        except BadInput as error:
            found.append(error)
        except LimitExceeded as limit:
            found.append(BadInput(f"{url} cannot be polled: {limit}"))

    checked_url(url)
    session = ScrapySession(contact, tuple(allow_private), pace_for(contact), SystemClock())
    try:
        run_in_loop(lambda: session.scrapy(SingleTaskSpider, equip=session.fetcher, errand=errand))
    finally:
        parse.stop()
    for result in found:
        if isinstance(result, DiscoveredSource):
            return result
        raise result
    raise RuntimeError("the look did not start")


@dataclass(frozen=True, slots=True)
class ScrapySession:
    """The settings that every run of Scrapy shares."""

    contact: str | None
    allow_private: tuple[str, ...]
    rate_limits: RateLimits
    clock: Clock
    stop: threading.Event | None = None
    folders: tuple[Path, ...] = ()

    def fetcher(self, spider: Spider) -> Fetcher:
        """Guard every connection of this process's reactor and return a fetcher that uses it."""
        from twisted.internet import reactor  # noqa: PLC0415 - only when it is installed

        resolver = GuardedResolver(asyncio.get_running_loop(), AllowList.of(self.allow_private))
        reactor.installNameResolver(resolver)
        return Fetcher(spider.crawler, resolver, clock=self.clock)

    async def scrapy(self, spider: type[Spider], **arguments: Any) -> None:
        settings = settings_for(contact=self.contact, download_seconds=self.rate_limits.download_seconds)
        await AsyncCrawlerRunner(settings).crawl(spider, **arguments)


def _crawl(
    store: Store,
    sink: CaptureSink,
    scope: CrawlScope,
    session: ScrapySession,
    *,
    progress: Progress,
    metrics: CrawlMetrics,
    retry: BackendRetry,
) -> CrawlCounts:
    with DatabaseThread(store, retry=retry, clock=session.clock.on) as database:

        async def run() -> CrawlCounts:
            disk = DiskSpace(session.folders, waits=scope.once_since is None)
            context = CrawlContext(
                database, sink, session.rate_limits, scope, progress, session.clock, disk=disk, metrics=metrics
            )
            beside = (_watch(session.stop, context), _give_up(context, retry), _note_progress(context))
            tasks = [asyncio.create_task(task) for task in beside]
            try:
                with interruptible(asyncio.get_running_loop(), context.stopping.set):
                    await session.scrapy(CoverageSpider, context=context, equip=session.fetcher)
            finally:
                context.parse.stop()
            for task in tasks:
                task.cancel()
            if context.failure is not None:
                raise context.failure
            return context.counts

        return run_in_loop(run)


async def _watch(stop: threading.Event | None, context: CrawlContext) -> None:
    """Forward another thread's event to the loop."""
    while stop is not None and not stop.is_set():
        await asyncio.sleep(0.1)
    if stop is not None:
        context.stopping.set()


async def _note_progress(context: CrawlContext) -> None:
    """Note at intervals that this loop runs and the database answers; a crawl with nothing due is well, too."""
    while True:
        # Without a database there is no progress; the crawl itself reports why.
        with suppress(OnestoryError):
            await context.database.read(lambda connection, now: None)
            context.metrics.note_progress()
        await asyncio.sleep(PROGRESS_SECONDS)


async def _give_up(context: CrawlContext, retry: BackendRetry) -> None:
    """Stop waiting for a lost server some seconds after the crawl was stopped."""
    await context.stopping.wait()
    await asyncio.sleep(GRACE_SECONDS)
    retry.give_up()


class _NoCaptures:
    """The sink of a run that fetches no pages."""

    def submit(self, capture: Capture) -> "Future[Outcome]":
        raise RuntimeError(f"{capture.url} was captured in a crawl without pages")
