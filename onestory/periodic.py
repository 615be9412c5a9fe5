"""Background threads that repeat their work and restart after errors."""

import logging
import threading
from abc import ABC, abstractmethod
from types import TracebackType

from onestory.errors import OnestoryError

__all__ = ["PeriodicThread"]

logger = logging.getLogger(__name__)


class PeriodicThread(ABC):
    """A thread that runs `work` while the context lasts. Repeated errors are logged once until the work succeeds."""

    def __init__(self, name: str, *, pause_seconds: float) -> None:
        self.stopping = threading.Event()
        self._name = name
        self._pause_seconds = pause_seconds
        self._said = ""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> "PeriodicThread":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._thread.join()

    @abstractmethod
    def work(self) -> None:
        """Work until `stopping` is set. An OnestoryError restarts the work after a pause."""

    def is_alive(self) -> bool:
        """Whether the thread runs. An error that is not an OnestoryError ends it."""
        return self._thread.is_alive()

    def note_success(self) -> None:
        """Report success: the next error is logged even if it repeats the last one."""
        self._said = ""

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.work()
            except OnestoryError as error:
                if str(error) != self._said:
                    logger.warning("%s: %s", self._name, error)
                self._said = str(error)
                self.stopping.wait(self._pause_seconds)
