"""The process beside a server that groups changed stories into news events.

Grouping computes for seconds at a time. In a thread of the server it would hold the interpreter while requests wait.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from onestory.config import Config
from onestory.file_lock import FileLock
from onestory.newsroom.supervisor import SupervisedProcess, onestory_command, watch_parent
from onestory.newsroom.terminal.repeating import stop_at_sigterm
from onestory.periodic import PeriodicThread
from onestory.private_files import make_private_folder
from onestory.store.database import Store
from onestory.store.queries import AdvisoryLock, try_session_lock
from onestory.times import utc_now

if TYPE_CHECKING:
    from onestory.pipelines.news_events.embedding import StoryEmbedder
    from onestory.pipelines.news_events.grouping import NewsEventGrouper

__all__ = ["NewsEventFollower", "follow_stories", "following_process", "next_limit", "only_one"]

CHECK_SECONDS = 0.5
RETRY_SECONDS = 15.0
LOCK_NAME = "news-events.lock"

# A step costs what its connected stories cost, however few of them are new. So steps that take long take more.
LEAST_AT_ONCE, MOST_AT_ONCE = 50, 1_600
LONG_STEP_SECONDS = 2.0

# Requests and the crawl come first: the process is nice (see nice(2)), and pauses as long as it works.
NICENESS = 10
STOP_CHECK_SECONDS = 0.5
EMBEDDED_AT_ONCE = 2  # a fifth of a second: new stories are grouped in between


def following_process(config: Config) -> SupervisedProcess:
    """The process, started and restarted while the context lasts."""
    return SupervisedProcess("the grouping of news events", onestory_command(config, ["news-events", "follow"]))


def follow_stories(config: Config) -> None:
    """Group stories as they change, until SIGTERM or SIGINT, or until the parent server has ended.

    Raises SystemExit after an unexpected error, so that the server starts the process again.
    """
    os.nice(NICENESS)
    with stop_at_sigterm() as stop, watch_parent() as gone, NewsEventFollower(config) as follower:
        while not (stop.wait(STOP_CHECK_SECONDS) or gone.is_set()):
            if not follower.is_alive():
                raise SystemExit(1)


class NewsEventFollower(PeriodicThread):
    """Groups changed stories with a store of its own, one batch per transaction.

    With the extra `semantic` it embeds them too, whenever no story waits to be grouped.

    One process at a time works on a store, as each keeps the live stories in memory. The others wait for its end.
    """

    def __init__(self, config: Config) -> None:
        super().__init__("news-events", pause_seconds=RETRY_SECONDS)
        self._config = config

    def work(self) -> None:
        # They bring NumPy and SciPy.
        from onestory.pipelines.news_events.embedding import StoryEmbedder, wants_embeddings  # noqa: PLC0415
        from onestory.pipelines.news_events.grouping import NewsEventGrouper  # noqa: PLC0415

        store = Store.open(self._config.database_url)
        try:
            with only_one(store, self._config) as is_ours:
                grouper = NewsEventGrouper(store)
                embedder = StoryEmbedder(store) if wants_embeddings(self._config.semantic) else None
                limit = LEAST_AT_ONCE
                while is_ours() and not self.stopping.is_set():
                    limit = self._step(grouper, embedder, limit)
            # Another process has the lock, or the connection that held it was cut.
            self.stopping.wait(RETRY_SECONDS)
        finally:
            store.close()

    def _step(self, grouper: "NewsEventGrouper", embedder: "StoryEmbedder | None", limit: int) -> int:
        """One step and the pause after it. Returns the limit of the next one."""
        begin = time.monotonic()
        done = grouper.step(now=utc_now(), limit=limit)
        is_behind = done >= limit
        if embedder and not done:
            is_behind = bool(embedder.step(now=utc_now(), limit=EMBEDDED_AT_ONCE))
        taken = time.monotonic() - begin
        self.note_success()
        self.stopping.wait(taken if is_behind else CHECK_SECONDS)
        return next_limit(limit, taken)


def next_limit(limit: int, taken: float) -> int:
    """How many stories the next step may take, after one with `limit` that took `taken` seconds."""
    if taken > LONG_STEP_SECONDS:
        return min(MOST_AT_ONCE, limit * 2)
    return limit if taken > LONG_STEP_SECONDS / 4 else max(LEAST_AT_ONCE, limit // 2)


@contextmanager
def only_one(store: Store, config: Config) -> Iterator[Callable[[], bool]]:
    """A function that tells whether this process holds the lock of its kind: of the database server, or for SQLite of
    the home.
    """
    if store.dialect == "postgresql":
        with store.without_transaction() as connection:
            yield lambda: try_session_lock(connection, AdvisoryLock.NEWS_EVENTS_PROCESS)
        return
    make_private_folder(config.home)
    with FileLock(config.home / LOCK_NAME) as lock:
        yield lock.try_hold
