"""Background maintenance in the server: the index in Redis, and full-text search."""

from onestory.config import Config
from onestory.errors import IndexUnavailable
from onestory.periodic import PeriodicThread
from onestory.pipelines.runtime.engine import open_engine
from onestory.store.database import Store
from onestory.store.search.full_text_index import index_due_batch

__all__ = ["IndexMonitor", "SearchIndexer"]


INDEX_CHECK_SECONDS = 15.0


class IndexMonitor(PeriodicThread):
    """Checks the index at intervals with an engine of its own, and has it rebuilt if necessary."""

    def __init__(self, config: Config) -> None:
        super().__init__("index", pause_seconds=INDEX_CHECK_SECONDS)
        self._config = config

    def work(self) -> None:
        with open_engine(self._config) as engine:
            while not self.stopping.is_set():
                engine.index_client.recover(progress=self._end_if_stopping)
                self.note_success()
                self.stopping.wait(INDEX_CHECK_SECONDS)

    def _end_if_stopping(self, _done: int) -> None:
        """The index of a million articles is made for longer than anybody waits for a server to stop."""
        if self.stopping.is_set():
            raise IndexUnavailable("stopped while the index was being made: the next server makes it")


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
