"""The `onestory crawl` command."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from typing import Annotated

import typer

from onestory.config import Config
from onestory.crawler.backoff import RateLimits
from onestory.crawler.context import CaptureSink
from onestory.crawler.counts import CrawlCounts
from onestory.crawler.crawl import crawl, pace_for
from onestory.crawler.metrics import CrawlMetrics, parse_address, serving_metrics
from onestory.logs import configure_logging
from onestory.newsroom.batch.weekly_audit import WeeklyAudit
from onestory.newsroom.sources.cli import SourcesArgument, ensure_sources
from onestory.newsroom.supervisor import watch_parent
from onestory.newsroom.terminal.console import (
    HomeOption,
    JsonOption,
    load_config,
    notice,
    notify_wait,
    print_json,
    spinner,
)
from onestory.newsroom.terminal.output import plural
from onestory.pipelines.archive.warc_writer import ArchivingSink, WarcWriter
from onestory.pipelines.runtime.daily_tasks import DailyTasks
from onestory.pipelines.runtime.engine import open_engine, open_intake
from onestory.pipelines.runtime.intake import Intake
from onestory.pipelines.runtime.retry import BackendRetry

__all__ = ["NO_CONTACT_NOTICE", "crawl_command"]

NO_CONTACT_NOTICE = (
    "ONESTORY_CONTACT is not set: publishers cannot contact you, so the crawl stays at its slowest rate. Set it to a "
    "URL or an email address."
)


def crawl_command(
    sources: SourcesArgument = None,
    once: Annotated[bool, typer.Option("--once", help="Poll each source once, fetch all due pages, and exit.")] = False,
    delay: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds between requests to one host, for hosts that you run.", show_default=False),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Serve /metrics for Prometheus, and /healthz, on PORT (loopback) or ADDRESS:PORT.", show_default=False
        ),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Crawl the sources on their schedules until interrupted."""
    place = parse_address(metrics) if metrics is not None else None
    config = load_config(home)
    configure_logging(as_json=config.log_json)
    if not config.contact and delay is None:
        notice(NO_CONTACT_NOTICE)
    told_metrics = CrawlMetrics()
    with _metrics(told_metrics, place), spinner("crawling") as progress:
        task = progress.add_task("", total=None)

        def advance(counts: CrawlCounts) -> None:
            progress.update(task, description=f"{counts.requests} requests, {counts.stored} articles stored")

        counts = _crawl(config, sources or (), once=once, delay=delay, progress=advance, metrics=told_metrics)
    if json:
        print_json(asdict(counts))
    elif counts != CrawlCounts():
        typer.echo("  ".join(f"{name.replace('_', ' ')} {number}" for name, number in asdict(counts).items() if number))
    if once:
        raise typer.Exit(_told_end(counts))


def _told_end(counts: CrawlCounts) -> int:
    """The exit code of a crawl with --once: 0 success, 1 some sources failed, 2 all failed."""
    if not counts.requests:
        notice("nothing was due: see `onestory sources list` and `sources show` for the next polls")
    if not counts.polls_failed:
        return 0
    failed = f"{counts.polls_failed} of {plural(counts.polls, 'source', 'sources')} could not be read"
    notice(f"{failed}: see `onestory sources list` for the reasons")
    pages = sum(getattr(counts, name) for name in ("stored", "known", "dropped", "moved", "barred", "gone", "looks"))
    return 1 if pages or counts.polls > counts.polls_failed else 2


@contextmanager
def _metrics(metrics: CrawlMetrics, place: tuple[str, int] | None) -> Iterator[None]:
    """Serve metrics, if an address was given."""
    if place is None:
        yield
        return
    with serving_metrics(metrics, place) as url:
        notice(f"metrics are served on {url}")
        yield


def _crawl(
    config: Config,
    names: Sequence[str],
    *,
    once: bool,
    delay: float | None,
    progress: object,
    metrics: CrawlMetrics,
) -> CrawlCounts:
    with open_engine(config) as engine:
        ensure_sources(engine.store, config)
        retry = BackendRetry(tell=_told(metrics))
        # Otherwise the first article to arrive would be the first to find that Redis refuses it.
        retry.call(engine.index_client.is_whole)
        with (
            open_intake(config, engine, retry=retry) as intake,
            watch_parent() as stop,
            DailyTasks(lambda: open_engine(config), intake),
            nullcontext() if once else WeeklyAudit(config),
            _sink(config, intake) as sink,
        ):
            return crawl(
                engine.store,
                sink,
                names=names,
                once=once,
                contact=config.contact,
                allow_private=config.allow_private,
                rate_limits=pace_for(config.contact) if delay is None else RateLimits(delay_seconds=delay),
                progress=progress,  # type: ignore[arg-type]
                metrics=metrics,
                retry=retry,
                stop=stop,
                folders=[config.home, *([config.warc_dir] if config.warc_dir else [])],
            )


def _told(metrics: CrawlMetrics) -> Callable[[str | None], None]:
    """Tell a person, and the health of the crawl, which backend it waits for."""

    def tell(message: str | None) -> None:
        metrics.note_wait(message)
        notify_wait(message)

    return tell


@contextmanager
def _sink(config: Config, intake: Intake) -> Iterator[CaptureSink]:
    """The intake, behind an archive of the pages if ONESTORY_WARC_DIR is set."""
    if config.warc_dir is None:
        yield intake
        return
    with WarcWriter(config.warc_dir) as writer, ArchivingSink(writer, intake) as sink:
        yield sink
