"""Keeps search up to date while a server runs, also with what other processes store."""

import logging
import threading
from types import TracebackType

from store.config import Config
from store.database import Store
from store.errors import OnestoryError
from store.search_index import take_in

__all__ = ["SearchKeeper"]

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
WAIT_SECONDS = 15.0


class SearchKeeper:
    """A thread with a store of its own: whatever is due is taken in, a batch a transaction."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="search", daemon=True)

    def __enter__(self) -> "SearchKeeper":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _keep(self) -> None:
        said = ""
        while not self._stopping.is_set():
            try:
                self._take_in()
                return
            except OnestoryError as error:
                # Said once, not every time that it is still so.
                if str(error) != said:
                    logger.warning("search: %s", error)
                said = str(error)
                self._stopping.wait(WAIT_SECONDS)

    def _take_in(self) -> None:
        """Until it is stopped. Raises OnestoryError."""
        store = Store.open(self._config.database_url)
        try:
            while not self._stopping.is_set():
                if not take_in(store):
                    self._stopping.wait(LOOK_SECONDS)
        finally:
            store.close()
