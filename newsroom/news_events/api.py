"""API of news events: list, single events, and the decisions of editors."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from onestory.errors import BadInput
from onestory.news_events.similarity import OBSERVED
from onestory.newsroom.editorial.api import UndoRequest
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormat, list_response
from onestory.newsroom.http.pagination import (
    EPOCH,
    BadCursor,
    decode_parts,
    encode_parts,
    filters_digest,
    next_link,
)
from onestory.newsroom.http.parameters import MAX_DATABASE_ID, validate_id
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ, caller_of
from onestory.newsroom.http.responses import json_response, uncached_json
from onestory.newsroom.http.schemas import EXAMPLE_ID, Story
from onestory.newsroom.news_events.schemas import (
    LabelRequest,
    MergeEventsRequest,
    MoveStoryRequest,
    NewsEvent,
    NewsEventDecisionList,
    NewsEventDecisionOutcome,
    NewsEventDecisionRecord,
    NewsEventList,
    NewsEventQuery,
    NewsEventWithStories,
    SplitEventRequest,
)
from onestory.pipelines.news_events import decisions
from onestory.pipelines.stories.decisions import DecisionNote
from onestory.store.news_events.decisions import decisions_of_event, news_event_decisions_log
from onestory.store.news_events.records import (
    NewsEventCursor,
    NewsEventRecord,
    NewsEventSort,
    list_news_events,
    load_news_event,
    resolve_news_event,
    stories_of_event,
)

__all__ = ["news_event_page", "router"]

router = APIRouter(prefix="/v1", tags=["news-events"], dependencies=[REQUIRE_READ])

EventId = Annotated[
    str, Path(description="The id of a news event, or of a story in one.", examples=[EXAMPLE_ID], max_length=100)
]
NOT_FILTERS = {"limit", "cursor", "format"}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such news event, story or decision."}}
ID = re.compile(r"[0-9a-f]{24}")


def news_event_page(request: Request, query: NewsEventQuery) -> tuple[list[NewsEventRecord], str | None]:
    """A page of the list, and the cursor of the next one, if any. Raises BadCursor."""
    name = filters_digest(query.model_dump(exclude=NOT_FILTERS, exclude_defaults=True))
    after = None if query.cursor is None else _decoded(query.cursor, of=name, by_time=query.sort == "newest")
    context = api_context(request)
    sort = cast(NewsEventSort, query.sort)
    with context.store.read() as connection:
        wanted = query.to_filter(now=context.clock())
        found, following = list_news_events(connection, wanted, limit=query.limit, sort=sort, after=after)
    return found, None if following is None else _encoded(following, of=name)


def _encoded(cursor: NewsEventCursor, *, of: str) -> str:
    place = cursor.place
    return encode_parts(
        [of, place if isinstance(place, int) else (place - EPOCH) // timedelta(microseconds=1), cursor.id]
    )


def _decoded(cursor: str, *, of: str, by_time: bool) -> NewsEventCursor:
    try:
        name, place, event_id = decode_parts(cursor)
        if type(place) is not int or place < 0 or not ID.fullmatch(event_id):
            raise ValueError(cursor)
        at: datetime | int = EPOCH + timedelta(microseconds=place) if by_time else min(place, MAX_DATABASE_ID)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadCursor("this is not a cursor: use `next` of the previous page") from error
    if name != of:
        raise BadCursor("this cursor belongs to another list: repeat the filters of the first page")
    return NewsEventCursor(at, event_id)


@router.get(
    "/news-events",
    response_model=NewsEventList,
    responses=CSV_RESPONSE | {400: {"description": "The cursor is malformed, or belongs to another list."}},
    summary="List news events",
    operation_id="listNewsEvents",
)
def get_news_events(request: Request, query: Annotated[NewsEventQuery, Query()]) -> Response:
    """News events, by default the latest seen first. A story that no other one resembles is an event of its own."""
    found, cursor = news_event_page(request, query)
    result = NewsEventList(news_events=[NewsEvent.model_validate(one) for one in found], next=cursor)
    return list_response(request, result, shown_as=query.format, headers=next_link(request, query, cursor))


@router.get(
    "/news-events/{event_id}",
    response_model=NewsEventWithStories,
    responses=NOT_FOUND | {307: {"description": "The id leads to another news event: Location is its address."}},
    summary="Get a news event with its stories",
    operation_id="getNewsEvent",
)
def get_news_event(request: Request, event_id: EventId) -> Response:
    """The event and its stories. The id of a story leads to its event, and so does an id that joined another event."""
    context = api_context(request)
    checked = validate_id(event_id, of="news event")
    with context.store.read() as connection:
        found = resolve_news_event(connection, checked)
        if found != checked:
            return RedirectResponse(f"/v1/news-events/{found}", status_code=307)
        record = load_news_event(connection, found)
        members = stories_of_event(connection, found)
    told = NewsEvent.model_validate(record).model_dump()
    is_ended = record.last_seen < context.clock() - OBSERVED.max_gap
    result = NewsEventWithStories(**told, is_ended=is_ended, members=[Story.model_validate(one) for one in members])
    return json_response(request, result)


def _note(request: Request, who: str, why: str) -> DecisionNote:
    return DecisionNote(caller_of(request).signature_for(who), why, api_context(request).clock())


def _outcome(decided: decisions.EventDecisionResult) -> Response:
    return uncached_json(NewsEventDecisionOutcome.model_validate(decided))


@router.post(
    "/news-events/{event_id}/merge",
    response_model=NewsEventDecisionOutcome,
    responses=NOT_FOUND,
    summary="Merge two news events",
    operation_id="mergeNewsEvents",
    dependencies=[REQUIRE_EDIT],
)
def post_merge(request: Request, event_id: EventId, order: MergeEventsRequest) -> Response:
    """Merge two news events until the decision is undone. Stories that arrive later join the merged event."""
    checked = validate_id(event_id, of="news event")
    note = _note(request, order.who, order.why)
    return _outcome(decisions.merge_events(api_context(request).store, [checked, order.other], note))


@router.post(
    "/news-events/{event_id}/split",
    response_model=NewsEventDecisionOutcome,
    responses=NOT_FOUND,
    summary="Split stories off a news event",
    operation_id="splitNewsEvent",
    dependencies=[REQUIRE_EDIT],
)
def post_split(request: Request, event_id: EventId, order: SplitEventRequest) -> Response:
    """Make these stories a news event of their own. All of them must belong to this event."""
    context = api_context(request)
    checked = validate_id(event_id, of="news event")
    with context.store.read() as connection:
        home = resolve_news_event(connection, checked)
    _check_members(request, home, order.stories)
    return _outcome(decisions.split_event(context.store, order.stories, _note(request, order.who, order.why)))


@router.post(
    "/news-events/{event_id}/move",
    response_model=NewsEventDecisionOutcome,
    responses=NOT_FOUND,
    summary="Move a story to this news event",
    operation_id="moveToNewsEvent",
    dependencies=[REQUIRE_EDIT],
)
def post_move(request: Request, event_id: EventId, order: MoveStoryRequest) -> Response:
    """Take a story out of its news event, and put it into this one."""
    checked = validate_id(event_id, of="news event")
    note = _note(request, order.who, order.why)
    return _outcome(decisions.move_story(api_context(request).store, order.story, checked, note))


@router.post(
    "/news-events/{event_id}/label",
    response_model=NewsEventDecisionOutcome,
    responses=NOT_FOUND,
    summary="Choose the headline of a news event",
    operation_id="labelNewsEvent",
    dependencies=[REQUIRE_EDIT],
)
def post_label(request: Request, event_id: EventId, order: LabelRequest) -> Response:
    """Let the headline of one of its stories name the event. The latest decision applies."""
    context = api_context(request)
    with context.store.read() as connection:
        home = resolve_news_event(connection, validate_id(event_id, of="news event"))
    _check_members(request, home, [order.story])
    return _outcome(decisions.pin_event_label(context.store, order.story, _note(request, order.who, order.why)))


def _check_members(request: Request, event_id: str, names: list[str]) -> None:
    """Raises BadInput, NotFound."""
    with api_context(request).store.read() as connection:
        for name in names:
            home = decisions.event_of_named_story(connection, name)
            if home != event_id:
                raise BadInput(f"{name[:200]} is not a story of this news event")


@router.post(
    "/news-event-decisions/{number}/undo",
    response_model=NewsEventDecisionOutcome,
    responses=NOT_FOUND,
    summary="Undo a decision about news events",
    operation_id="undoNewsEventDecision",
    dependencies=[REQUIRE_EDIT],
)
def post_undo(
    request: Request,
    number: Annotated[int, Path(ge=1, le=MAX_DATABASE_ID, description="The number of a decision.", examples=[7])],
    order: UndoRequest,
) -> Response:
    """Undo a decision. The log keeps it, with the author of the undo."""
    return _outcome(decisions.undo_event_decision(api_context(request).store, number, _note(request, order.who, "")))


@router.get(
    "/news-event-decisions",
    response_model=NewsEventDecisionList,
    responses=CSV_RESPONSE | NOT_FOUND,
    summary="List decisions about news events",
    operation_id="listNewsEventDecisions",
)
def get_decisions(
    request: Request,
    event_id: Annotated[
        str | None, Query(alias="news_event", description="Only those on this news event.", examples=[EXAMPLE_ID])
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of results.", examples=[100])] = 100,
    shown_as: ListFormat = None,
) -> Response:
    """Decisions, newest first, including undone ones."""
    with api_context(request).store.read() as connection:
        if event_id is None:
            found = news_event_decisions_log(connection, limit=limit)
        else:
            home = resolve_news_event(connection, validate_id(event_id, of="news event"))
            found = decisions_of_event(connection, home)[:limit]
    result = NewsEventDecisionList(decisions=[NewsEventDecisionRecord.model_validate(one) for one in found])
    return list_response(request, result, shown_as=shown_as)
