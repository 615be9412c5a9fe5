"""Two years of a small desk, compressed: does anything grow that should not, and does the forecast of the disk hold?

    python -m benchmarks.simulated_years [--days 730] [--articles-a-day 100] [--sources 10]

SQLite and an embedded Redis, in one process. Every day each feed is polled, its new pages become
articles and attach to their stories, and the pages that are due are revisited: one in twenty has changed, one in two
hundred is gone. Every day retention is enforced, lines are learned, the digest is gathered and stories are grouped into
news events. Left out are the network, the workers that read pages, webhooks and watches. The clock of the process and
of the database is the simulation's. Latency is the processor time of the front page, its server and client together.
"""

import argparse
import random
import signal
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import httpx2 as httpx
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import event, func, select
from wordfreq import top_n_list

from onestory.config import Config
from onestory.crawler.pages.revisit_policy import next_revisit
from onestory.dedupe.signature import PARAMETERS, sign
from onestory.newsroom.digest.gathering import gather_digest
from onestory.newsroom.maintenance.status import status_of
from onestory.newsroom.retention.enforcement import enforce_retention
from onestory.newsroom.server.app import create_app
from onestory.newsroom.server.server import listen_on, serve_in_thread
from onestory.pipelines.boilerplate.learning import learn_daily
from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.pipelines.runtime.engine import Engine, open_engine
from onestory.pipelines.stories.attach import attach
from onestory.store.access.api_keys import add_key
from onestory.store.access.sessions import begin_session
from onestory.store.articles.captures import Capture, ExtractedArticle, ProcessedCapture, RemovedLine
from onestory.store.articles.save import save_articles
from onestory.store.articles.versions import unattached_versions
from onestory.store.frontier.pages import PageEntry, PageFetchResult, admit_pages, due_pages, record_page_fetch
from onestory.store.frontier.revisits import DueRevisit, RevisitResult, due_revisits, save_revisit_result
from onestory.store.frontier.scope import CrawlScope
from onestory.store.schema import metadata
from onestory.store.search.full_text_index import index_all_due
from onestory.store.sources.health import PollResult
from onestory.store.sources.polls import SourceEntry, add_sources, due_sources, record_poll
from tests.servers import short_folder

VISITS_A_DAY, LISTED = 1, 30
RETENTION = "events=30, removed-lines=14, earlier-texts=90, pages=90"
START = datetime(2024, 1, 1, tzinfo=UTC)
# Rows of these come with articles, by design: see "Growth" in docs/benchmarks.md.
WITH_ARTICLES = ("articles", "versions", "matches", "stories", "withdrawals", "news_events", "news_event_stories",
                 "news_event_links")  # fmt: skip
ALL = CrawlScope()
LATE = START + timedelta(days=9_999)


@dataclass(slots=True)
class Clock:
    """The time of the simulation, for Python and for the database."""

    now: datetime = START

    def install(self) -> None:
        # Its only use in the product is the time of now.
        def configure(connection: Any, record: object) -> None:
            connection.create_function("strftime", 2, lambda form, when: self.now.strftime("%Y-%m-%dT%H:%M:%S.%f"))

        event.listen(SqlEngine, "connect", configure)


@dataclass
class Feeds:
    """Outlets: the articles of each, newest first, as its feed lists them, and their texts."""

    sources: int
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    words: Sequence[str] = field(default_factory=lambda: top_n_list("en", 20_000, wordlist="small"))
    numbers: Iterator[int] = field(default_factory=count)
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)  # of listed URLs: headline, text
    listed: list[list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.listed = [[] for _ in range(self.sources)]

    def publish(self, articles: int) -> None:
        """Yield this many new articles. Four stories in ten run once, the others at two to eight outlets."""
        left = articles
        while left > 0:
            copies = min(left, 1 if self.rng.random() < 0.4 else self.rng.randint(2, min(8, self.sources)))
            left -= copies
            title, lines = " ".join(self.rng.choices(self.words, k=7)).capitalize(), self._paragraphs()
            for copy, outlet in enumerate(self.rng.sample(range(self.sources), copies)):
                url = f"https://outlet{outlet}.example/news/{next(self.numbers)}"
                text = "\n".join(lines if not copy or self.rng.random() < 0.5 else lines[:-1])
                self.texts[url] = (title, text)
                self.listed[outlet].insert(0, url)
        for urls in self.listed:
            for url in urls[LISTED:]:
                self.texts.pop(url, None)
            del urls[LISTED:]

    def _paragraphs(self) -> list[str]:
        return [" ".join(self.rng.choices(self.words, k=45)).capitalize() + "." for _ in range(5)]


def capture_of(url: str, title: str, text: str, *, now: datetime, outlet: str) -> ProcessedCapture:
    signature = sign(text)
    extracted = ExtractedArticle(
        url, url, text, "en", signature.words, title=title, published=now,
        removed=(RemovedLine(f"Subscribe to {outlet}", "phrase"),),
    )  # fmt: skip
    capture = Capture(url, now, source=f"https://{outlet}.example/feed", outlet=outlet)
    return ProcessedCapture(
        capture, extracted, signature.to_bytes(), PARAMETERS.encode(), signature.digest, "simulation"
    )


@dataclass
class Desk:
    """The crawl and the daily work of one installation."""

    config: Config
    engine: Engine
    clock: Clock
    feeds: Feeds

    def __post_init__(self) -> None:
        self.store, self.index = self.engine.store, self.engine.index_client
        self.grouper = NewsEventGrouper(self.store)
        entries = [
            SourceEntry(f"https://outlet{n}.example/feed", "feed", f"outlet{n}", interval_seconds=86_400)
            for n in range(self.feeds.sources)
        ]
        with self.store.write() as connection:
            add_sources(connection, entries, now=self.clock.now)
            self.key = add_key(connection, "Ada Quill", "admin", now=self.clock.now).record.id
        self.index.rebuild()

    def day(self, articles: int) -> None:
        for visit in range(VISITS_A_DAY):
            self.feeds.publish(articles * (visit + 1) // VISITS_A_DAY - articles * visit // VISITS_A_DAY)
            for source in range(self.feeds.sources):
                self.visit(source)
            self.attach()
            self.clock.now += timedelta(days=1) / VISITS_A_DAY
        enforce_retention(self.store, self.config)
        learn_daily(self.store, self.index, now=self.clock.now)
        while self.grouper.step(now=self.clock.now):
            pass
        with self.store.write() as connection:
            begin_session(connection, self.key, now=self.clock.now)
        with self.store.read() as connection:
            gather_digest(connection, now=self.clock.now)

    def visit(self, outlet: int) -> None:
        """One poll, the pages that it brought, and the revisits that are due, in one transaction."""
        now, host, name = self.clock.now, f"outlet{outlet}.example", f"outlet{outlet}"
        urls = self.feeds.listed[outlet]
        with self.store.write() as connection:
            [source] = due_sources(connection, host, ALL, now=LATE, limit=1)
            found = admit_pages(connection, [PageEntry(url) for url in urls], source_id=source.id, room=1000, now=now,
                                unlisted=source.last_success)  # fmt: skip
            digest = sha256("\n".join(urls).encode()).hexdigest()
            record_poll(
                connection, source,
                PollResult("ok", None, now + timedelta(hours=6), 0, entries=len(urls), pages_found=found.found,
                           listing_digest=digest, is_success=True),
                now=now,
            )  # fmt: skip
            fresh = [
                page for page in due_pages(connection, host, ALL, now=now, limit=100) if page.url in self.feeds.texts
            ]
            captures = [capture_of(page.url, *self.feeds.texts[page.url], now=now, outlet=name) for page in fresh]
            saved = save_articles(connection, captures, now=now)
            for page, one in zip(fresh, saved, strict=True):
                due = next_revisit(known_since=now, changed=now, now=now)
                done = PageFetchResult("done", 1, http_status=200, article_id=one.article_id, changed=now, revisit=due)
                record_page_fetch(connection, page.id, done, now=now)
            for page in due_revisits(connection, host, ALL, now=now, limit=100):
                self.revisit(connection, page, name)

    def revisit(self, connection: Any, page: DueRevisit, outlet: str) -> None:
        now, chance = self.clock.now, self.feeds.rng.random()
        due = next_revisit(known_since=page.known_since, changed=page.changed, now=now)
        result = RevisitResult("unchanged", due, 200)
        if chance < 0.005 and page.missing_since is None:
            result = RevisitResult("absent", None, 410, reason="gone", is_confirmed=True)
        elif chance < 0.05 and page.url in self.feeds.texts:
            title, text = self.feeds.texts[page.url]
            changed = (title, text + "\n" + " ".join(self.feeds.rng.choices(self.feeds.words, k=12)))
            self.feeds.texts[page.url] = changed
            save_articles(connection, [capture_of(page.url, *changed, now=now, outlet=outlet)], now=now)
            result = RevisitResult("changed", due, 200, article_id=page.article_id)
        save_revisit_result(connection, page, result, now=now)

    def attach(self) -> None:
        with self.store.read() as connection:
            waiting = unattached_versions(connection, limit=10_000)
        attach(self.store, self.index, waiting, now=self.clock.now)
        index_all_due(self.store)

    def rows(self) -> dict[str, int]:
        with self.store.read() as connection:
            return {
                str(table.name): connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in metadata.sorted_tables
            }

    def front_page_ms(self) -> float:
        """The median of 21 requests."""
        app = create_app(self.store, self.index, clock=lambda: self.clock.now)
        taken = []
        with (
            listen_on("127.0.0.1", 0) as listening,
            serve_in_thread(app, listening) as url,
            httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
        ):
            for _ in range(22):
                began = time.process_time()
                client.get("/").raise_for_status()
                taken.append((time.process_time() - began) * 1000)
        return statistics.median(taken[1:])


@dataclass(frozen=True, slots=True)
class Measured:
    day: int
    rows: dict[str, int]
    size: int
    growth: float
    rss: int
    redis: int
    front_page_ms: float


def measure(desk: Desk, day: int) -> Measured:
    found = status_of(desk.config, desk.engine, now=desk.clock.now)
    [disk] = found.disks
    rss = int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    return Measured(
        day, desk.rows(), found.size["database"], disk.growth, rss, found.size["index"], desk.front_page_ms()
    )


def report(measured: Sequence[Measured]) -> None:
    """Print what was found beside the numbers wanted."""
    if not measured:
        return
    month, end = measured[0], measured[-1]
    print(f"{'table':<26}" + "".join(f"{'day ' + str(one.day):>12}" for one in measured))
    grows = []
    for name in month.rows:
        print(f"{name:<26}" + "".join(f"{one.rows[name]:>12,}" for one in measured))
        half = measured[len(measured) // 2]
        if end.rows[name] > 1.05 * half.rows[name] + 5 and name not in WITH_ARTICLES:
            grows.append(name)
    for what, of in (
        ("database, MB", "size"),
        ("forecast a day, MB", "growth"),
        ("memory, MB", "rss"),
        ("index, MB", "redis"),
    ):
        print(f"{what:<26}" + "".join(f"{getattr(one, of) / 1e6:>12,.2f}" for one in measured))
    print(f"{'front page, CPU ms':<26}" + "".join(f"{one.front_page_ms:>12.1f}" for one in measured))
    for one in measured[:-1]:
        forecast = one.size + one.growth * (end.day - one.day)
        print(f"forecast of day {one.day} for day {end.day}: {forecast / 1e6:,.0f} MB, {forecast / end.size - 1:+.1%}")
    print(f"front page, end / month: {end.front_page_ms / month.front_page_ms:.2f} (wanted 1.3)")
    print(f"tables that grow and should not: {', '.join(grows) or 'none'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--articles-a-day", type=int, default=100)
    parser.add_argument("--sources", type=int, default=10)
    asked = parser.parse_args()
    looks = sorted({min(30, asked.days), *range(asked.days // 4, asked.days, asked.days // 4), asked.days} - {0})
    clock, measured, began = Clock(), list[Measured](), time.process_time()
    clock.install()
    # Ended early, it tells what it measured.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with short_folder() as home, ExitStack() as stack:
        stack.callback(lambda: report(measured))
        config = Config.read({"ONESTORY_RETENTION": RETENTION}, home=home)
        engine = stack.enter_context(open_engine(config))
        desk = Desk(config, engine, clock, Feeds(asked.sources))
        for day in range(1, asked.days + 1):
            desk.day(asked.articles_a_day)
            if day in looks:
                measured.append(measure(desk, day))
            print(f"\rday {day}, {time.process_time() - began:.0f} s of a processor", end="", file=sys.stderr)
        print(file=sys.stderr)


if __name__ == "__main__":
    main()
