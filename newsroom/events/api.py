"""API of events: GET /v1/events as pages or a stream, and /v1/events/stream."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response

from onestory.errors import BadInput
from onestory.newsroom.access.key_cache import is_still_authorized
from onestory.newsroom.events.schemas import Event, EventKind, EventList
from onestory.newsroom.events.stream import EventFilter, EventStream, EventSubscribers
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormat, list_response
from onestory.newsroom.http.parameters import MAX_DATABASE_ID, validate_id
from onestory.newsroom.http.permissions import REQUIRE_READ, caller_of
from onestory.newsroom.http.schemas import EXAMPLE_ID
from onestory.store.database import Store
from onestory.store.events.event_log import event_log_bounds, events_after

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["events"], dependencies=[REQUIRE_READ])

EVENT_STREAM_TYPE = "text/event-stream"
AfterParameter = Annotated[
    int | None,
    Query(
        ge=0,
        le=MAX_DATABASE_ID,
        description="The number of the last event you have. Default: from the earliest kept.",
        examples=[4711],
    ),
]
KindsParameter = Annotated[list[EventKind], Query(alias="kind", description="Only these kinds. Repeatable.")]
StoryParameter = Annotated[
    str | None, Query(alias="story", description="Only events of the story with this id.", examples=[EXAMPLE_ID])
]
LastEventId = Annotated[
    str | None,
    Header(
        description="The number of the last event received; browsers send it by themselves.",
        examples=["4711"],
    ),
]
STREAM_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Frames with `id`, `event` (the kind) and `data` (an Event as JSON). `event: reset` reports "
        "that events after your number are no longer available.",
        "content": {EVENT_STREAM_TYPE: {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/events",
    response_model=EventList,
    summary="List events",
    operation_id="listEvents",
    responses={
        200: {
            "description": "A page, or a stream if `Accept` requests one.",
            "content": {**STREAM_RESPONSES[200]["content"], **CSV_RESPONSE[200]["content"]},
        }
    },
)
async def get_events(
    request: Request,
    after: AfterParameter = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of results.")] = 100,
    kind: KindsParameter = [],  # noqa: B006 - FastAPI copies it
    story: StoryParameter = None,
    last_event_id: LastEventId = None,
    shown_as: ListFormat = None,
) -> Response:
    """Events in order of their numbers. Continuing with `next` misses no event and repeats none."""
    if EVENT_STREAM_TYPE in request.headers.get("accept", ""):
        return await _stream(request, after, kind, story, last_event_id)
    wanted = _wanted(after, kind, story)
    store = api_context(request).store
    found = await anyio.to_thread.run_sync(lambda: _page(store, wanted, limit))
    return list_response(request, found, shown_as=shown_as)


@router.get(
    "/events/stream",
    response_class=Response,
    summary="Stream events",
    operation_id="streamEvents",
    responses=STREAM_RESPONSES,
)
async def get_event_stream(
    request: Request,
    after: AfterParameter = None,
    kind: KindsParameter = [],  # noqa: B006
    story: StoryParameter = None,
    last_event_id: LastEventId = None,
) -> Response:
    """Server-sent events from now on, or after a number given as `Last-Event-ID` or `after`."""
    return await _stream(request, after, kind, story, last_event_id)


async def _stream(
    request: Request, after: int | None, kinds: list[EventKind], story: str | None, last_event_id: str | None
) -> Response:
    arrivals: EventSubscribers = request.app.state.arrivals
    wanted = _wanted(after if last_event_id is None else _number(last_event_id), kinds, story)
    store = api_context(request).store
    if wanted.after is None:
        # Subscribe before the response starts: a client with the headers must get every event from then on.
        wanted = replace(wanted, after=await anyio.to_thread.run_sync(lambda: _last(store)))
    is_head = request.scope.get("onestory.asked_method") == "HEAD"
    caller, desk = caller_of(request), api_context(request)
    admitted = partial(is_still_authorized, caller=caller, clock=desk.clock)
    return EventStream(store, arrivals, wanted, is_head=is_head, is_admitted=admitted)


def _last(store: Store) -> int:
    with store.read() as connection:
        return event_log_bounds(connection).last


def _number(last_event_id: str) -> int | None:
    """The number in a Last-Event-ID header, which is empty before the first event. Raises BadInput."""
    typed = last_event_id.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and int(typed[:20]) <= MAX_DATABASE_ID):
        raise BadInput("Last-Event-ID is not a number from this stream")
    return int(typed[:20])


def _wanted(after: int | None, kinds: list[EventKind], story: str | None) -> EventFilter:
    return EventFilter(after, tuple(kinds), None if story is None else validate_id(story, of="story"))


def _page(store: Store, wanted: EventFilter, limit: int) -> EventList:
    with store.read() as connection:
        known = event_log_bounds(connection)
        is_lost = wanted.after is not None and known.is_cursor_expired(wanted.after)
        after = known.deleted_up_to if wanted.after is None or is_lost else wanted.after
        found = events_after(connection, after, limit=limit, kinds=wanted.kinds, story_id=wanted.story_id)
    # Events of other kinds and stories in between need not be read again.
    then = found[-1].id if len(found) == limit else max(after, known.last)
    return EventList(events=[Event.model_validate(one) for one in found], next=then, reset=is_lost)
