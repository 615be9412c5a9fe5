"""Wakes those who wait for events: by Redis where it answers, else by looking at SQL every few seconds."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis import Redis

from newsroom.api.desk import Busy
from pipelines.pulse import Listener
from store.database import Store
from store.errors import OnestoryError
from store.events import bounds

__all__ = ["MOST_STREAMS", "Arrivals"]

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
MOST_STREAMS = 64


class Arrivals:
    """One for an app: a thread looks, from the first stream on, for all streams together."""

    def __init__(self, store: Store, redis: Redis, *, most_streams: int = MOST_STREAMS) -> None:
        self._store = store
        self._redis = redis
        self._most_streams = most_streams
        self._streams = 0
        self._last = 0
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_closing(self) -> bool:
        return self._stopping.is_set()

    def take_place(self) -> None:
        """For one stream more. Raises Busy when there are too many."""
        with self._lock:
            if self.is_closing or self._streams >= self._most_streams:
                raise Busy("too many streams of events are open already: ask again in a moment, or without a stream")
            self._streams += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="arrivals", daemon=True)
                self._thread.start()

    def leave_place(self) -> None:
        with self._lock:
            self._streams -= 1

    async def wait(self, after: int, *, seconds: float) -> None:
        """Until there is an event behind number `after`, or the server stops; for so long at most."""
        with self._place() as woken:
            if self._last <= after and not self.is_closing:
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), seconds)

    @contextmanager
    def _place(self) -> Iterator[asyncio.Event]:
        woken = asyncio.Event()
        with self._lock:
            self._waiting[woken] = asyncio.get_running_loop()
        try:
            yield woken
        finally:
            with self._lock:
                self._waiting.pop(woken, None)

    def close(self) -> None:
        """Ends all streams."""
        self._stopping.set()
        self._wake()

    def end(self) -> None:
        """The same, and nobody looks at the store any more."""
        self.close()
        if self._thread is not None:
            self._thread.join()

    def _wake(self) -> None:
        with self._lock:
            for woken, loop in self._waiting.items():
                with suppress(RuntimeError):  # a loop that is closed has nobody who waits
                    loop.call_soon_threadsafe(woken.set)

    def _look(self) -> None:
        listener = Listener(self._redis)
        try:
            while not self.is_closing:
                if self._has_more():
                    self._wake()
                listener.wait(LOOK_SECONDS, stopping=self._stopping)
        finally:
            listener.close()

    def _has_more(self) -> bool:
        try:
            with self._store.read() as connection:
                last = bounds(connection).last
        except OnestoryError as error:
            logger.warning("streams of events wait: %s", error)
            return False
        before, self._last = self._last, last
        return last != before
