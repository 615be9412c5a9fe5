"""Event streams: woken by Redis if it is available, else by polling the database."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import anyio
import anyio.to_thread
import orjson
from redis import Redis
from sqlalchemy import Connection
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from onestory.errors import OnestoryError, Unavailable
from onestory.newsroom.events.schemas import Event
from onestory.newsroom.http.context import ServerBusy
from onestory.pipelines.runtime.notifications import Subscriber
from onestory.store.database import Store
from onestory.store.events.event_log import EventLogBounds, EventRecord, event_log_bounds, events_after

__all__ = ["MAX_EVENT_STREAMS", "EventFilter", "EventStream", "EventSubscribers"]


logger = logging.getLogger(__name__)


EVENT_POLL_SECONDS = 2.0

MAX_EVENT_STREAMS = 64


class EventSubscribers:
    """The open streams of an app. One thread, started with the first stream, waits for events for all of them."""

    def __init__(self, store: Store, redis: Redis, *, most_streams: int = MAX_EVENT_STREAMS) -> None:
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

    @property
    def open_streams(self) -> int:
        """How many slots are taken. A slot is free a moment after its client has disconnected."""
        return self._streams

    def acquire_slot(self) -> None:
        """Reserve a slot for a stream. Raises ServerBusy if there are too many."""
        with self._lock:
            if self.is_closing or self._streams >= self._most_streams:
                raise ServerBusy("too many event streams are open: try again in a moment, or read pages")
            self._streams += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="arrivals", daemon=True)
                self._thread.start()

    def release_slot(self) -> None:
        with self._lock:
            self._streams -= 1

    async def wait(self, after: int, *, seconds: float) -> None:
        """Wait until there is an event after a number, the server stops, or the time is up."""
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
        """End all streams."""
        self._stopping.set()
        self._wake()

    def end(self) -> None:
        """End all streams and stop the thread."""
        self.close()
        if self._thread is not None:
            self._thread.join()

    def _wake(self) -> None:
        with self._lock:
            for woken, loop in self._waiting.items():
                with suppress(RuntimeError):  # a closed loop has no waiting streams
                    loop.call_soon_threadsafe(woken.set)

    def _look(self) -> None:
        listener = Subscriber(self._redis)
        try:
            while not self.is_closing:
                if self._has_more():
                    self._wake()
                listener.wait(EVENT_POLL_SECONDS, stopping=self._stopping)
        finally:
            listener.close()

    def _has_more(self) -> bool:
        try:
            with self._store.read() as connection:
                last = event_log_bounds(connection).last
        except OnestoryError as error:
            logger.warning("event streams are delayed: %s", error)
            return False
        before, self._last = self._last, last
        return last != before


KEEPALIVE_SECONDS = 15.0

MAX_STREAM_SECONDS = 3600.0  # then clients reconnect, and one that stopped reading loses its slot

EVENTS_PER_READ = 200

RETRY_MILLISECONDS = 3000

StillAuthorized = Callable[[Connection], bool]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What a stream sends. `after` is the number of the client's last event, or None."""

    after: int | None
    kinds: tuple[str, ...] = ()
    story_id: str | None = None


class EventStream(StreamingResponse):
    """The response of one stream. It ends, and frees its slot, when the client disconnects, the server stops, or
    MAX_STREAM_SECONDS have passed.

    It also ends when the client is no longer `is_admitted`, which is checked at every heartbeat and before every event.
    """

    def __init__(
        self,
        store: Store,
        arrivals: EventSubscribers,
        wanted: EventFilter,
        *,
        is_head: bool,
        is_admitted: StillAuthorized,
    ) -> None:
        arrivals.acquire_slot()
        self._arrivals = arrivals
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        frames = _nothing() if is_head else _frames(store, arrivals, wanted, is_admitted)
        super().__init__(frames, headers=headers, media_type="text/event-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with anyio.move_on_after(MAX_STREAM_SECONDS):
                await super().__call__(scope, receive, send)
        finally:
            self._arrivals.release_slot()


async def _nothing() -> AsyncIterator[bytes]:
    no_frames: tuple[bytes, ...] = ()
    for frame in no_frames:
        yield frame


async def _frames(
    store: Store, arrivals: EventSubscribers, wanted: EventFilter, is_admitted: StillAuthorized
) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
    after = wanted.after or 0
    while not arrivals.is_closing:
        try:
            read = await anyio.to_thread.run_sync(_reader(store, wanted, after, is_admitted))
        except Unavailable:
            return  # the client reconnects with the last number it has
        if read is None:
            return
        found, known = read
        if known.is_cursor_expired(after):
            after = known.deleted_up_to if after < known.deleted_up_to else known.last
            yield _reset(after)
            continue
        for event in found:
            yield _frame(event)
        if len(found) == EVENTS_PER_READ:
            after = found[-1].id
            continue
        # Also past events of other kinds and stories, which need not be read again.
        after = max(after, known.last)
        await arrivals.wait(after, seconds=KEEPALIVE_SECONDS)
        if not arrivals.is_closing:
            yield f": beat\nid: {after}\n\n".encode()


def _reader(
    store: Store, wanted: EventFilter, after: int, is_admitted: StillAuthorized
) -> "Callable[[], tuple[list[EventRecord], EventLogBounds] | None]":
    def read() -> tuple[list[EventRecord], EventLogBounds] | None:
        with store.read() as connection:
            if not is_admitted(connection):
                return None
            known = event_log_bounds(connection)
            if known.is_cursor_expired(after):
                return [], known
            found = events_after(connection, after, limit=EVENTS_PER_READ, kinds=wanted.kinds, story_id=wanted.story_id)
            return found, known

    return read


def _frame(event: EventRecord) -> bytes:
    data = Event.model_validate(event).model_dump_json()
    return f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n".encode()


def _reset(after: int) -> bytes:
    """Tell the client that it missed events, must read the stories again, and continues after this number."""
    data = orjson.dumps({"after": after}).decode()
    return f"id: {after}\nevent: reset\ndata: {data}\n\n".encode()
