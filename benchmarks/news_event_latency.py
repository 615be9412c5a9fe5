"""From an article stored to its news event shown, at 20 articles a second, and the memory of live stories.

    python -m benchmarks.news_event_latency [--rate 20] [--seconds 40] [--stories 5000] [--memory 100000]

A store is filled with invented reports and grouped; then more arrive at a steady rate, each by the functions of the
intake, while the process beside a server (`onestory news-events follow`) groups. A row counts as shown when it has an
event that a reader finds. `--memory` adds that many stories of 150 terms to the live stories of a process and prints
the memory they take, without links.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
from sqlalchemy import select

from onestory.config import Config
from onestory.news_events.features import StoryFeatures, TermVector
from onestory.news_events.live_stories import LiveStories
from onestory.newsroom.supervisor import onestory_command
from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.pipelines.runtime.engine import open_engine
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.database import Store
from onestory.store.schema import news_event_stories, stories
from onestory.times import utc_now
from tests.news_events.reports import report
from tests.readings import reading, take

WRITERS = 3
LOOK_SECONDS = 0.05
LONGEST_SECONDS = 60.0
TERMS = 150


def reports(first: int) -> Iterator[ProcessedCapture]:
    """Endless reports, three writers to each happening."""
    happening = first
    while True:
        for writer in range(WRITERS):
            title, text = report(happening, writer)
            yield reading(f"https://writer{writer}.example/{happening}", text, title=title, outlet=f"Writer {writer}")
        happening += 1


@contextmanager
def following(config: Config) -> Iterator[None]:
    command, env = onestory_command(config, ["news-events", "follow"])
    with subprocess.Popen(command, env={**env, "ONESTORY_SUPERVISED": str(os.getpid())}) as process:
        yield
        process.terminate()


def shown(store: Store) -> set[str]:
    """The stories that are in an event."""
    with store.read() as connection:
        query = select(news_event_stories.c.story_id).where(news_event_stories.c.event_id.is_not(None))
        return set(connection.execute(query).scalars())


def all_stories(store: Store) -> set[str]:
    with store.read() as connection:
        return set(connection.execute(select(stories.c.id)).scalars())


def waits(config: Config, arriving: Iterator[ProcessedCapture], rate: float, seconds: float) -> list[float]:
    """Seconds from stored to shown, of each story that arrives."""
    stored: dict[str, float] = {}
    taken: list[float] = []
    with open_engine(config) as engine:
        known = all_stories(engine.store)
        begin = time.monotonic()
        end, next_at = begin + seconds, begin
        while time.monotonic() < end or (stored and time.monotonic() < end + LONGEST_SECONDS):
            if next_at <= time.monotonic() < end:
                take(engine.store, engine.index_client, list(islice(arriving, 1)), now=utc_now())
                fresh = all_stories(engine.store) - known
                known |= fresh
                stored |= dict.fromkeys(fresh, time.monotonic())
                next_at += 1 / rate
            else:
                fresh = shown(engine.store) & stored.keys()
                taken += [time.monotonic() - stored.pop(story) for story in fresh]
                time.sleep(LOOK_SECONDS if next_at > time.monotonic() else 0)
    return [*taken, *([LONGEST_SECONDS] * len(stored))]


def latency(options: argparse.Namespace) -> None:
    with TemporaryDirectory() as folder:
        config = Config.read({}, home=Path(folder) / "home")
        arriving = reports(0)
        with open_engine(config) as engine:
            for _ in range(0, options.stories, 100):
                take(engine.store, engine.index_client, list(islice(arriving, 100)), now=utc_now())
            grouper = NewsEventGrouper(engine.store)
            while grouper.step(now=utc_now()):
                pass
        with following(config):
            # The first one is shown when it has read the live stories.
            waits(config, arriving, options.rate, 1 / options.rate)
            found = sorted(waits(config, arriving, options.rate, options.seconds))
    print(f"{len(found)} stories; stored to shown, seconds: {_quantiles(found)}")


def _quantiles(values: Sequence[float]) -> str:
    return ", ".join(f"p{share} {values[min(len(values) - 1, len(values) * share // 100)]:.2f}" for share in (50, 99))


def memory(number: int) -> None:
    rng, live, now = np.random.default_rng(1), LiveStories(), utc_now()
    before = psutil.Process().memory_info().rss
    for at in range(number):
        terms = np.unique(rng.zipf(1.3, TERMS * 2).astype(np.uint32))[:TERMS]
        vector = TermVector(terms, np.full(len(terms), 3000, dtype=np.uint16))
        time_of = now - timedelta(seconds=at)
        live.add(StoryFeatures(f"{at:024x}", f"{at:024x}", "en", time_of, time_of, vector), {})
    print(f"{number:,} live stories: {(psutil.Process().memory_info().rss - before) / 1e6:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--stories", type=int, default=5000)
    parser.add_argument("--memory", type=int, default=100_000)
    options = parser.parse_args()
    memory(options.memory)
    sys.stdout.flush()
    latency(options)


if __name__ == "__main__":
    main()
