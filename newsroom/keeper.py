"""Keeps the index whole while a server runs, also when nothing is crawled that would notice its loss."""

import logging
import threading
from types import TracebackType

from pipelines.engine import open_engine
from store.config import Config
from store.errors import OnestoryError

__all__ = ["Keeper"]

logger = logging.getLogger(__name__)

LOOK_SECONDS = 15.0


class Keeper:
    """A thread with an engine of its own: it looks at the index now and then, and has it rebuilt where it must be."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def __enter__(self) -> "Keeper":
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
                with open_engine(self._config) as engine:
                    while True:
                        engine.registry.mend()
                        said = ""
                        if self._stopping.wait(LOOK_SECONDS):
                            return
            except OnestoryError as error:
                # Said once, not every time that it is still so.
                if str(error) != said:
                    logger.warning("the index: %s", error)
                said = str(error)
                self._stopping.wait(LOOK_SECONDS)
