"""The front page: what happened since, what asks to be acted on, and the stories; and the list of what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from sqlalchemy import Connection

from newsroom.api.acts import MOST_CANDIDATES, MOST_CHANGED, acts_since
from newsroom.api.callers import READ
from newsroom.api.cursors import to_cursor
from newsroom.api.desk import Desk, desk_of
from newsroom.api.filters import SearchQuery, StoryQuery
from newsroom.api.problems import told
from newsroom.api.search import searched
from newsroom.api.stories import page_of_stories
from newsroom.web.render import page
from newsroom.web.spread import spark_points
from newsroom.web.visits import SPANS, Visit, remember, since_of, visit_of
from pipelines.agencies import load
from store.desk import changed_stories, happened_since, live_stories, spreads_of
from store.errors import BadInput
from store.facets import has_sources, has_stories
from store.records import StoryRecord
from store.search import Where
from store.watches import active_watches

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[READ])

FILTERS = (
    "q", "since", "until", "published_since", "min_outlets", "min_copies", "outlet", "owner", "credit", "language",
    "ours", "watch", "order",
)  # fmt: skip
PAGE_STORIES = 25
MOST_WATCHES = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A story as the list shows it. `where` is the place that has the words that were searched for."""

    story: StoryRecord
    is_new: bool
    last_hour: int
    ours: tuple[str, ...]
    points: str
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list of stories."""

    rows: Sequence[Row] = ()
    older: str | None = None
    refusals: Sequence[str] = ()


@router.get("/")
def front_page(request: Request) -> Response:
    desk = desk_of(request)
    visit = visit_of(request, now=desk.clock())
    chosen = {name: value for name in FILTERS if (value := _given(request, name))}
    if "q" not in chosen and (words := _given(request, "query")):
        chosen["q"] = words
    cursor = _given(request, "cursor")
    found = _found_or_refused(desk, chosen, cursor)
    # One snapshot for all that stands around the list.
    with desk.store.read() as connection:
        listing = _listing(connection, visit, chosen, found)
        around = {**_choices(connection, desk), **_happenings(connection, request, visit)}
    answer = page(
        request,
        "front.html",
        status=422 if listing.refusals else 200,
        here="/",
        chosen={name: chosen.get(name, "") for name in FILTERS},
        is_filtered=bool(chosen),
        listing=listing,
        is_first=not cursor,
        newest=f"/?{urlencode(chosen)}" if cursor else None,
        feeds=None if listing.refusals else _feeds(chosen),
        live=_live_address(chosen) if not cursor and not listing.refusals else None,
        empty=None if listing.rows or listing.refusals else _emptiness(desk),
        languages=request.app.state.remembered.of(desk),
        **around,
    )
    remember(request, answer, visit)
    return answer


def _given(request: Request, name: str) -> str:
    return request.query_params.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Found:
    """The stories, where each has the words that were searched for, and the cursor of the next page; or why not."""

    stories: Sequence[StoryRecord] = ()
    where: Mapping[str, Where] = field(default_factory=dict)
    following: str | None = None
    refusals: Sequence[str] = ()


def _found_or_refused(desk: Desk, chosen: Mapping[str, str], cursor: str) -> Found:
    asked: dict[str, Any] = {"limit": PAGE_STORIES, **chosen, **({"cursor": cursor} if cursor else {})}
    try:
        return _found(desk, asked)
    except ValidationError as error:
        return Found(refusals=_refusals(error))
    except BadInput as error:
        if cursor:
            raise
        return Found(refusals=[told(str(error))])


def _listing(connection: Connection, visit: Visit, chosen: Mapping[str, str], found: Found) -> Listing:
    older = f"/?{urlencode({**chosen, 'cursor': found.following})}" if found.following else None
    return Listing(_rows(connection, visit, found), older, found.refusals)


def _found(desk: Desk, asked: Mapping[str, Any]) -> Found:
    """Raises ValidationError, BadInput."""
    if "q" not in asked:
        stories, following = page_of_stories(desk, StoryQuery.model_validate(_unordered(asked)))
        return Found(stories, following=following)
    query = SearchQuery.model_validate({"order": "time", **asked})
    found, _ = searched(desk, query)
    following = None if found.next is None else to_cursor(found.next, of=query.list_name)
    where = {hit.story.id: hit.where for hit in found.hits if hit.where}
    return Found([hit.story for hit in found.hits], where, following)


def _unordered(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name != "order"}


def _refusals(error: ValidationError) -> list[str]:
    return [
        f"{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}".replace("_", " ", 1)
        for fault in error.errors()
    ]


def _rows(connection: Connection, visit: Visit, found: Found) -> list[Row]:
    spreads = spreads_of(connection, [story.id for story in found.stories], now=visit.here)
    return [
        Row(
            story,
            visit.before is not None and story.first_seen > visit.before,
            spreads[story.id].last_hour if story.copies > 1 else 0,
            spreads[story.id].ours,
            spark_points(spreads[story.id].arrivals),
            found.where.get(story.id),
        )
        for story in found.stories
    ]


def _live_address(chosen: Mapping[str, str]) -> str:
    """Where the page asks which stories have come since; the page itself adds the time."""
    return f"/v1/stories?{urlencode({**_unordered(chosen), 'fields': 'id', 'limit': 50})}"


def _feeds(chosen: Mapping[str, str]) -> dict[str, str]:
    """The same list, for readers of feeds."""
    query = f"?{urlencode(filters)}" if (filters := _unordered(chosen)) else ""
    return {"atom": f"/v1/stories.atom{query}", "json": f"/v1/stories.json-feed{query}"}


def _choices(connection: Connection, desk: Desk) -> dict[str, Any]:
    return {
        "watches": active_watches(connection, now=desk.clock())[-MOST_WATCHES:],
        "agencies": sorted(set(load().by_name.values()), key=str.casefold),
    }


def _happenings(connection: Connection, request: Request, visit: Visit) -> dict[str, Any]:
    since = since_of(visit)
    spans = {name: told for name, told in SPANS.items() if name != "visit" or visit.before is not None}
    return {
        "happened": happened_since(connection, since),
        "acts": acts_since(connection, request.app.state.remembered.standings, since),
        "since": since,
        "span": visit.span,
        "spans": spans,
        "loaded": visit.here,
    }


def _emptiness(desk: Desk) -> str:
    with desk.store.read() as connection:
        if has_stories(connection):
            return "filtered"
        return "polling" if has_sources(connection) else "new"


@router.get("/changed")
def changed_page(request: Request) -> Response:
    """Stories that were corrected or withdrawn since the time that is looked back to."""
    desk = desk_of(request)
    visit = visit_of(request, now=desk.clock())
    kind = "withdrawn" if _given(request, "kind") == "withdrawn" else "corrected"
    since = since_of(visit)
    standings = request.app.state.remembered.standings
    with desk.store.read() as connection:
        found = changed_stories(connection, kinds=[f"story.{kind}"], since=since, limit=MOST_CHANGED)
        records = live_stories(connection, {one.story_id for one in found})
        outdated = {one.id: standings.of(connection, one) for one in list(records.values())[:MOST_CANDIDATES]}
    answer = page(
        request,
        "changed.html",
        here=None,
        kind=kind,
        since=since,
        changes=[(one, records[one.story_id]) for one in found if one.story_id in records],
        outdated=outdated,
    )
    remember(request, answer, visit)
    return answer
