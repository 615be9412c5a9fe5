"""Crawls for the tests: in this process with a door that only takes notes, or as a process that can be killed."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from onestory.crawler.backoff import RateLimits
from onestory.crawler.counts import CrawlCounts
from onestory.crawler.crawl import crawl
from onestory.store.articles.captures import Capture
from onestory.store.database import Store
from onestory.store.schema import hosts, pages
from onestory.store.sources.polls import SourceEntry, add_sources
from onestory.store.sources.source_records import SourceRecord, source_records
from onestory.urls import article_id_of_url

__all__ = ["ALLOW", "QUICK", "RecordingSink", "crawl_once", "host_row", "keep", "page_rows", "polled", "start_crawl"]

ALLOW = (".localhost",)
QUICK = RateLimits(
    delay_seconds=0.0,
    page_retries=(0.1, 0.1, 0.1),
    host_backoff_seconds=0.1,
    lease_seconds=3.0,
    download_seconds=2.0,
    linger_seconds=1.0,
)
OPTIONS = ("names", "allow_private", "contact", "progress", "clock")
PROCESS = Path(__file__).with_name("crawl_process.py")


@dataclass(slots=True)
class RecordingSink:
    """Takes every capture as stored, and keeps it."""

    captures: list[Capture] = field(default_factory=list)

    def submit(self, capture: Capture) -> "Future[Any]":
        from onestory.pipelines.runtime.outcome import Outcome

        self.captures.append(capture)
        taken: Future[Any] = Future()
        taken.set_result(Outcome(capture.url, "stored", article_id=article_id_of_url(capture.url)))
        return taken


def keep(store: Store, *entries: SourceEntry, now: datetime | None = None) -> None:
    with store.write() as connection:
        add_sources(connection, entries, now=now or datetime.now(UTC))


def crawl_once(store: Store, *entries: SourceEntry, sink: RecordingSink | None = None, **changes: Any) -> CrawlCounts:
    """A crawl to its end; `changes` are the pace's, or options of the crawl, such as a clock that the test drives."""
    given = {name: changes.pop(name) for name in OPTIONS if name in changes}
    keep(store, *entries, now=given["clock"].now() if "clock" in given else None)
    rate_limits = replace(QUICK, **changes)
    return crawl(
        store, sink or RecordingSink(), once=True, rate_limits=rate_limits, **{"allow_private": ALLOW, **given}
    )


def polled(store: Store, url: str) -> SourceRecord:
    with store.read() as connection:
        return next(record for record in source_records(connection) if record.url == url)


def page_rows(store: Store) -> dict[str, Mapping[str, Any]]:
    """The pages by URL."""
    with store.read() as connection:
        return {row["url"]: row for row in connection.execute(select(pages)).mappings()}


def host_row(store: Store, label: str) -> Mapping[str, Any]:
    with store.read() as connection:
        query = select(hosts).where(hosts.c.name.startswith(f"{label}.localhost"))
        return connection.execute(query).mappings().one()


def start_crawl(database_url: str, *options: str, home: Path | None = None) -> "subprocess.Popen[bytes]":
    """A crawl to its end in a process of its own; with a home it has the real stages behind it."""
    command = [sys.executable, str(PROCESS), database_url, str(home or "-"), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    """Waits for them, and passes on what they complained of."""
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
