"""Retry work until a lost server is back."""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from onestory.errors import IndexUnusable, Unavailable

__all__ = ["BackendRetry"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0


class BackendRetry:
    """Retries work until its backend answers; calls `tell(message)` once an outage, `tell(None)` on recovery."""

    def __init__(self, *, tell: Callable[[str | None], None] = lambda message: None) -> None:
        self._tell = tell
        self._given_up = threading.Event()

    def call(self, work: Callable[[], T]) -> T:
        """Return the result of `work`, which must be safe to repeat. Raises every error that waiting cannot fix."""
        pause = 0.0
        while True:
            try:
                result = work()
            except IndexUnusable:
                raise
            except Unavailable as error:
                if not pause:
                    logger.warning("%s; waiting for it", error)
                    self._tell(f"{error}; waiting for it")
                pause = min(max(pause * 2, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
                if self._given_up.wait(pause):
                    raise
            else:
                if pause:
                    logger.warning("it is back")
                    self._tell(None)
                return result

    def give_up(self) -> None:
        """Stop waiting, now and later: from here on every error is raised."""
        self._given_up.set()
