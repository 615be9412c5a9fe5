"""Wakes those who wait for events: by Redis where it answers, else by looking at SQL every few seconds."""

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
    """One for an app: a thread looks, from the first stream on, for all streams together."""

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

    def acquire_slot(self) -> None:
        """For one stream more. Raises Busy when there are too many."""
        with self._lock:
            if self.is_closing or self._streams >= self._most_streams:
                raise ServerBusy(
                    "too many streams of events are open already: ask again in a moment, or without a stream"
                )
            self._streams += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="arrivals", daemon=True)
                self._thread.start()

    def release_slot(self) -> None:
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
            logger.warning("streams of events wait: %s", error)
            return False
        before, self._last = self._last, last
        return last != before


KEEPALIVE_SECONDS = 15.0

MAX_STREAM_SECONDS = 3600.0  # then the client comes again by itself; one that reads nothing holds its place no longer

EVENTS_PER_READ = 200

RETRY_MILLISECONDS = 3000

StillAuthorized = Callable[[Connection], bool]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """`after` is the number of the last event that the client has; None where it named none."""

    after: int | None
    kinds: tuple[str, ...] = ()
    story_id: str | None = None


class EventStream(StreamingResponse):
    """Ends when the client goes, when the server stops, or after MOST_SECONDS; then its place is free again.

    Also when the client is not `is_admitted` any more, which is asked at every beat and before every event.
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
            return  # the client comes again, with the last number that it has
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
        # Also behind what other kinds and stories have: nobody needs to look through those again.
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
    told = Event.model_validate(event).model_dump_json()
    return f"id: {event.id}\nevent: {event.kind}\ndata: {told}\n\n".encode()


def _reset(after: int) -> bytes:
    """What the client has read up to does not lead on here: it has to read the stories anew, and goes on after this."""
    told = orjson.dumps({"after": after}).decode()
    return f"id: {after}\nevent: reset\ndata: {told}\n\n".encode()
