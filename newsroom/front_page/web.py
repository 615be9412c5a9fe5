"""The front page: recent activity, filters, and the list of stories."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from sqlalchemy import Connection

from onestory.errors import BadInput
from onestory.newsroom.front_page.addresses import feed_addresses, live_address, without_order
from onestory.newsroom.front_page.api import MAX_ACTION_CANDIDATES, MAX_CHANGED_STORIES, action_items_since
from onestory.newsroom.front_page.day import span_of_day
from onestory.newsroom.front_page.view_choice import chosen_view, remember_view
from onestory.newsroom.http.context import ApiContext, api_context
from onestory.newsroom.http.pagination import encode_cursor
from onestory.newsroom.http.parameters import refused_parameters
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.problems import as_sentence
from onestory.newsroom.pages.reader_cookies import (
    LOOKBACK_SPANS,
    LastVisit,
    last_visit_of,
    lookback_start,
    set_visit_cookies,
)
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.pages.render import render_page
from onestory.newsroom.search.api import search_page
from onestory.newsroom.stories.api import story_list_page
from onestory.newsroom.stories.filters import SearchQuery, SortedQuery
from onestory.pipelines.credit.agencies import load_agencies
from onestory.pipelines.versions.freshness import FreshnessCache
from onestory.store.search.suggestions import did_you_mean
from onestory.store.stories.copies import stories_first_stored
from onestory.store.stories.front_page import (
    activity_since,
    changed_stories,
    has_sources,
    has_stories,
    resolve_stories,
    story_languages,
)
from onestory.store.stories.records import StoryRecord
from onestory.store.stories.search import MatchedText
from onestory.store.stories.summaries import StorySummary, summaries_of
from onestory.store.watches.saved_searches import list_saved_searches
from onestory.store.watches.watches import active_watches

__all__ = ["FrontPageCache", "router"]


LANGUAGES_CACHE_SECONDS = 60.0


@dataclass(slots=True)
class FrontPageCache:
    """Data cached between requests: the list of languages, which needs a table scan, and the freshness of copies."""

    languages: list[str] = field(default_factory=list)
    until: float = 0.0
    standings: FreshnessCache = field(default_factory=FreshnessCache)
    _turn: Lock = field(default_factory=Lock)

    def of(self, desk: ApiContext) -> list[str]:
        # One request reads the list; concurrent ones use the previous list.
        if time.monotonic() >= self.until and self._turn.acquire(blocking=not self.languages):
            try:
                self._renew(desk)
            finally:
                self._turn.release()
        return self.languages

    def _renew(self, desk: ApiContext) -> None:
        if time.monotonic() < self.until:
            return
        with desk.store.read() as connection:
            self.languages = story_languages(connection)
        # An empty store may fill up: read again next time.
        self.until = time.monotonic() + LANGUAGES_CACHE_SECONDS if self.languages else 0.0


router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])


FILTER_NAMES = (
    "q", "since", "until", "published_since", "min_outlets", "min_copies", "outlet", "owner", "credit", "language",
    "ours", "watch", "sort", "order",
)  # fmt: skip

STORIES_PER_PAGE = 25

MAX_WATCH_CHOICES = 50


@dataclass(frozen=True, slots=True)
class FrontPageRow:
    """A story in the list. `where` is the passage that matches the search. `is_stored`: its first copy came by an
    import without the time of its fetch, so it was first stored, not seen.
    """

    story: StoryRecord
    summary: StorySummary
    is_new: bool
    is_stored: bool
    where: MatchedText | None = None


@dataclass(frozen=True, slots=True)
class FrontPageList:
    """One page of the list of stories. `singles` are stories of one copy, folded away below the others."""

    rows: Sequence[FrontPageRow] = ()
    singles: Sequence[FrontPageRow] = ()
    older: str | None = None
    refusals: Sequence[str] = ()


@router.get("/")
def front_page(request: Request) -> Response:
    if not request.url.query and chosen_view(request) == "events":
        return see_other("/news-events")
    desk = api_context(request)
    visit = last_visit_of(request, now=desk.clock())
    chosen = {name: value for name in FILTER_NAMES if (value := _given(request, name))}
    if "q" not in chosen and (words := _given(request, "query")):
        chosen["q"] = words
    cursor, day = _given(request, "cursor"), _given(request, "day")
    found = _found_or_refused(desk, chosen, cursor, day=day, zone=_given(request, "zone"))
    # One snapshot for everything around the list.
    with desk.store.read() as connection:
        listing = _listing(connection, visit, chosen, found)
        around = {**_choices(connection, desk), **_happenings(connection, request, visit)}
        meant = did_you_mean(connection, chosen["q"]) if "q" in chosen and not found.stories else None
    answer = render_page(
        request,
        "front.html",
        status=422 if listing.refusals else 200,
        here="/",
        chosen={name: "" if day and name in {"since", "until"} else chosen.get(name, "") for name in FILTER_NAMES},
        day=day,
        is_filtered=bool(chosen),
        query=urlencode(chosen),
        meant=meant and {"words": meant, "query": urlencode({**chosen, "q": meant})},
        listing=listing,
        is_first=not cursor,
        newest=f"/?{urlencode(chosen)}" if cursor else None,
        feeds=None if listing.refusals else feed_addresses(chosen),
        live=live_address(chosen) if not cursor and not listing.refusals else None,
        empty=None if listing.rows or listing.singles or listing.refusals else _emptiness(desk),
        languages=request.app.state.remembered.of(desk),
        **around,
    )
    set_visit_cookies(request, answer, visit)
    remember_view(request, answer, "stories")
    return answer


def _given(request: Request, name: str) -> str:
    return request.query_params.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class FrontPageStories:
    """The stories, their matching passages, and the cursor of the next page; or an error."""

    stories: Sequence[StoryRecord] = ()
    where: Mapping[str, MatchedText] = field(default_factory=dict)
    following: str | None = None
    refusals: Sequence[str] = ()


def _found_or_refused(
    desk: ApiContext, chosen: dict[str, str], cursor: str, *, day: str, zone: str
) -> FrontPageStories:
    """The stories. The span of a day becomes a part of `chosen`."""
    try:
        if day:
            chosen |= span_of_day(day, zone)
        return _found(desk, {"limit": STORIES_PER_PAGE, **chosen, **({"cursor": cursor} if cursor else {})})
    except ValidationError as error:
        return FrontPageStories(refusals=refused_parameters(error))
    except BadInput as error:
        if cursor:
            raise
        return FrontPageStories(refusals=[as_sentence(str(error))])


def _listing(
    connection: Connection, visit: LastVisit, chosen: Mapping[str, str], found: FrontPageStories
) -> FrontPageList:
    older = f"/?{urlencode({**chosen, 'cursor': found.following})}" if found.following else None
    rows = _rows(connection, visit, found)
    # A search or filter shows all its results.
    is_folded = not (chosen.keys() - {"since", "sort"}) and any(row.story.copies > 1 for row in rows)
    singles = [row for row in rows if is_folded and row.story.copies == 1]
    return FrontPageList([row for row in rows if row not in singles], singles, older, found.refusals)


def _found(desk: ApiContext, asked: Mapping[str, Any]) -> FrontPageStories:
    """Find the stories. Raises ValidationError or BadInput."""
    sort = asked.get("sort") or asked.get("order") or ""
    if "q" not in asked or sort not in ("", "newest", "time", "relevance"):
        listed = {**without_order(asked), "sort": "newest" if sort in ("", "time", "relevance") else sort}
        stories, following = story_list_page(desk, SortedQuery.model_validate(listed))
        return FrontPageStories(stories, following=following)
    order = "relevance" if sort == "relevance" else "time"
    query = SearchQuery.model_validate({**without_order(asked), "order": order})
    found, _ = search_page(desk, query)
    following = None if found.next is None else encode_cursor(found.next, of=query.list_name)
    where = {hit.story.id: hit.where for hit in found.hits if hit.where}
    return FrontPageStories([hit.story for hit in found.hits], where, following)


def _rows(connection: Connection, visit: LastVisit, found: FrontPageStories) -> list[FrontPageRow]:
    summaries = summaries_of(connection, found.stories, now=visit.here)
    stored = stories_first_stored(connection, [story.id for story in found.stories])
    return [
        FrontPageRow(
            story,
            summaries[story.id],
            visit.before is not None and story.first_seen > visit.before,
            story.id in stored,
            found.where.get(story.id),
        )
        for story in found.stories
    ]


def _choices(connection: Connection, desk: ApiContext) -> dict[str, Any]:
    return {
        "watches": active_watches(connection, now=desk.clock())[-MAX_WATCH_CHOICES:],
        "saved": list_saved_searches(connection),
        "agencies": sorted(set(load_agencies().by_name.values()), key=str.casefold),
    }


def _happenings(connection: Connection, request: Request, visit: LastVisit) -> dict[str, Any]:
    since = lookback_start(visit)
    spans = {name: label for name, label in LOOKBACK_SPANS.items() if name != "visit" or visit.before is not None}
    return {
        "happened": activity_since(connection, since),
        "acts": action_items_since(connection, request.app.state.remembered.standings, since),
        "since": since,
        "span": visit.span,
        "spans": spans,
        "loaded": visit.here,
    }


def _emptiness(desk: ApiContext) -> str:
    with desk.store.read() as connection:
        if has_stories(connection):
            return "filtered"
        return "polling" if has_sources(connection) else "new"


@router.get("/changed")
def changed_page(request: Request) -> Response:
    """The page of stories corrected or withdrawn in the chosen period."""
    desk = api_context(request)
    visit = last_visit_of(request, now=desk.clock())
    kind = "withdrawn" if _given(request, "kind") == "withdrawn" else "corrected"
    since = lookback_start(visit)
    standings = request.app.state.remembered.standings
    with desk.store.read() as connection:
        found = changed_stories(connection, kinds=[f"story.{kind}"], since=since, limit=MAX_CHANGED_STORIES)
        records = resolve_stories(connection, {one.story_id for one in found})
        outdated = standings.of_all(connection, list(records.values())[:MAX_ACTION_CANDIDATES])
    answer = render_page(
        request,
        "changed.html",
        here=None,
        kind=kind,
        since=since,
        changes=[(one, records[one.story_id]) for one in found if one.story_id in records],
        outdated=outdated,
    )
    set_visit_cookies(request, answer, visit)
    return answer
