"""Keeps search up to date while a server runs, also with what other processes store."""

from pipelines.background import Background
from store.config import Config
from store.database import Store
from store.search_index import take_in

__all__ = ["SearchKeeper"]

LOOK_SECONDS = 1.0
WAIT_SECONDS = 15.0


class SearchKeeper(Background):
    """With a store of its own: whatever is due is taken in, a batch a transaction."""

    def __init__(self, config: Config) -> None:
        super().__init__("search", pause_seconds=WAIT_SECONDS)
        self._config = config

    def work(self) -> None:
        store = Store.open(self._config.database_url)
        try:
            while not self.stopping.is_set():
                waits = not take_in(store)
                self.note_success()
                if waits:
                    self.stopping.wait(LOOK_SECONDS)
        finally:
            store.close()
