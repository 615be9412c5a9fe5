"""Background maintenance while a server runs: the index in Redis, full-text search, and news events."""

import time

from onestory.config import Config
from onestory.periodic import PeriodicThread
from onestory.pipelines.news_events.embedding import StoryEmbedder, wants_embeddings
from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.pipelines.runtime.engine import open_engine
from onestory.store.database import Store
from onestory.store.search.full_text_index import index_due_batch
from onestory.times import utc_now

__all__ = ["IndexMonitor", "NewsEventIndexer", "SearchIndexer"]


INDEX_CHECK_SECONDS = 15.0


class IndexMonitor(PeriodicThread):
    """Checks the index at intervals with an engine of its own, and has it rebuilt if necessary."""

    def __init__(self, config: Config) -> None:
        super().__init__("index", pause_seconds=INDEX_CHECK_SECONDS)
        self._config = config

    def work(self) -> None:
        with open_engine(self._config) as engine:
            while not self.stopping.is_set():
                engine.index_client.recover()
                self.note_success()
                self.stopping.wait(INDEX_CHECK_SECONDS)


SEARCH_CHECK_SECONDS = 1.0

SEARCH_RETRY_SECONDS = 15.0


class SearchIndexer(PeriodicThread):
    """Indexes due changes with a store of its own, one batch per transaction."""

    def __init__(self, config: Config) -> None:
        super().__init__("search", pause_seconds=SEARCH_RETRY_SECONDS)
        self._config = config

    def work(self) -> None:
        store = Store.open(self._config.database_url)
        try:
            while not self.stopping.is_set():
                waits = not index_due_batch(store)
                self.note_success()
                if waits:
                    self.stopping.wait(SEARCH_CHECK_SECONDS)
        finally:
            store.close()


STORIES_AT_ONCE = 50
EMBEDDED_AT_ONCE = 4  # half a second: new stories are grouped in between

# Grouping shares the interpreter with the requests, so it works a tenth of the time: 100,000 stories of a store that
# was never grouped take about an hour.
IDLE_SHARE = 9


class NewsEventIndexer(PeriodicThread):
    """Groups changed stories into news events with a store of its own, one batch per transaction.

    With the extra `semantic` it embeds them too, whenever no story waits to be grouped.
    """

    def __init__(self, config: Config) -> None:
        super().__init__("news-events", pause_seconds=SEARCH_RETRY_SECONDS)
        self._config = config

    def work(self) -> None:
        store = Store.open(self._config.database_url)
        try:
            grouper = NewsEventGrouper(store)
            embedder = StoryEmbedder(store) if wants_embeddings(self._config.semantic) else None
            while not self.stopping.is_set():
                begin = time.monotonic()
                waits = not grouper.step(now=utc_now(), limit=STORIES_AT_ONCE)
                if waits and embedder:
                    waits = not embedder.step(now=utc_now(), limit=EMBEDDED_AT_ONCE)
                self.note_success()
                self.stopping.wait(SEARCH_CHECK_SECONDS if waits else IDLE_SHARE * (time.monotonic() - begin))
        finally:
            store.close()
