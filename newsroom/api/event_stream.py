"""Events as a stream: server-sent events, as the HTML standard has them (9.2)."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import anyio
import anyio.to_thread
import orjson
from sqlalchemy import Connection
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from newsroom.api.arrivals import Arrivals
from newsroom.api.event_shapes import Event
from store.database import Store
from store.errors import Unavailable
from store.events import Bounds, EventRecord, bounds, events_after

__all__ = ["EventStream", "Wanted"]

BEAT_SECONDS = 15.0
MOST_SECONDS = 3600.0  # then the client comes again by itself; one that reads nothing holds its place no longer
PAGE = 200
RETRY_MILLISECONDS = 3000
Admitted = Callable[[Connection], bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """`after` is the number of the last event that the client has; None where it named none."""

    after: int | None
    kinds: tuple[str, ...] = ()
    story_id: str | None = None


class EventStream(StreamingResponse):
    """Ends when the client goes, when the server stops, or after MOST_SECONDS; then its place is free again.

    Also when the client is not `is_admitted` any more, which is asked at every beat and before every event.
    """

    def __init__(
        self, store: Store, arrivals: Arrivals, wanted: Wanted, *, is_head: bool, is_admitted: Admitted
    ) -> None:
        arrivals.take_place()
        self._arrivals = arrivals
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        frames = _nothing() if is_head else _frames(store, arrivals, wanted, is_admitted)
        super().__init__(frames, headers=headers, media_type="text/event-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with anyio.move_on_after(MOST_SECONDS):
                await super().__call__(scope, receive, send)
        finally:
            self._arrivals.leave_place()


async def _nothing() -> AsyncIterator[bytes]:
    no_frames: tuple[bytes, ...] = ()
    for frame in no_frames:
        yield frame


async def _frames(store: Store, arrivals: Arrivals, wanted: Wanted, is_admitted: Admitted) -> AsyncIterator[bytes]:
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
        if known.has_lost(after):
            after = known.forgotten if after < known.forgotten else known.last
            yield _reset(after)
            continue
        for event in found:
            yield _frame(event)
        if len(found) == PAGE:
            after = found[-1].id
            continue
        # Also behind what other kinds and stories have: nobody needs to look through those again.
        after = max(after, known.last)
        await arrivals.wait(after, seconds=BEAT_SECONDS)
        if not arrivals.is_closing:
            yield f": beat\nid: {after}\n\n".encode()


def _reader(
    store: Store, wanted: Wanted, after: int, is_admitted: Admitted
) -> "Callable[[], tuple[list[EventRecord], Bounds] | None]":
    def read() -> tuple[list[EventRecord], Bounds] | None:
        with store.read() as connection:
            if not is_admitted(connection):
                return None
            known = bounds(connection)
            if known.has_lost(after):
                return [], known
            found = events_after(connection, after, limit=PAGE, kinds=wanted.kinds, story_id=wanted.story_id)
            return found, known

    return read


def _frame(event: EventRecord) -> bytes:
    told = Event.model_validate(event).model_dump_json()
    return f"id: {event.id}\nevent: {event.kind}\ndata: {told}\n\n".encode()


def _reset(after: int) -> bytes:
    """What the client has read up to does not lead on here: it has to read the stories anew, and goes on after this."""
    told = orjson.dumps({"after": after}).decode()
    return f"id: {after}\nevent: reset\ndata: {told}\n\n".encode()
