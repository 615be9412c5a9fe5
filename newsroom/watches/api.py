"""API of watches."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormat, list_response
from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ
from onestory.newsroom.http.responses import json_response, uncached_json
from onestory.newsroom.http.schemas import ApiModel, Copy, Story
from onestory.pipelines.watches.creation import MAX_SEEDS, WatchRequest, create_watch
from onestory.pipelines.watches.phrase_matching import MAX_PHRASES
from onestory.store.watches.report import watch_report
from onestory.store.watches.watches import end_watch, remove_watch, watch_records

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["watches"], dependencies=[REQUIRE_READ])

WATCH_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such watch."}}
MAX_STORIES_RETURNED = 200
WatchId = Annotated[int, Path(ge=1, le=MAX_DATABASE_ID, description="The id of a watch.", examples=[1])]


def _in_utc(value: datetime) -> datetime:
    """The time in UTC, which is assumed without a zone."""
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


UtcDatetime = Annotated[datetime, AfterValidator(_in_utc)]


class Watch(ApiModel):
    """A story or topic to follow."""

    id: Annotated[int, Field(examples=[1])]
    name: Annotated[str, Field(examples=["Harbour bridge"])]
    phrases: Annotated[list[str], Field(description="One match is enough.", examples=[["harbour bridge"]])]
    created: datetime
    until: Annotated[datetime | None, Field(description="When the watch ends by itself.")]
    ended: Annotated[datetime | None, Field(description="When the watch ended.")]
    news_event: Annotated[
        str | None, Field(description="The news event that it follows, by the id it had.", examples=[None])
    ]


class WatchList(ApiModel):
    watches: list[Watch]


class NewWatchRequest(BaseModel):
    """What to follow: phrases, URLs to begin with, a news event, or several of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phrases: Annotated[
        list[str],
        Field(
            max_length=MAX_PHRASES,
            description="Phrases, whose words must be consecutive; `a + b` requires both, anywhere.",
            examples=[["harbour bridge", "port ellery + ferries"]],
        ),
    ] = []
    urls: Annotated[
        list[str],
        Field(
            max_length=MAX_SEEDS,
            description="Articles to fetch at once.",
            examples=[["https://www.harbourpost.example/bridge-to-close"]],
        ),
    ] = []
    news_event: Annotated[
        str | None,
        Field(
            max_length=24,
            description="The id of a news event, or of a story in it: every story that joins it matches.",
            examples=[None],
        ),
    ] = None
    name: Annotated[str | None, Field(examples=["Harbour bridge"])] = None
    until: Annotated[UtcDatetime | None, Field(description="A future time.", examples=["2027-01-31T00:00:00Z"])] = None
    search: Annotated[bool, Field(description="Whether to query search engines, which will see these terms.")] = True


class AddedWatch(ApiModel):
    watch: Watch
    gathered: Annotated[int, Field(description="Matching articles that were already stored.", examples=[3])]
    first: Annotated[int, Field(description="Queued pages that now go first.", examples=[0])]
    searches: Annotated[int, Field(description="Search feeds polled for the watch.", examples=[2])]
    unused: Annotated[
        list[str], Field(description="Search feeds that do not support the query, and why.", examples=[[]])
    ]


class WatchedCopy(Copy):
    how: Annotated[
        str,
        Field(
            description="text: its text matches; seed: its URL was given; event: its story is in the followed news "
            "event; story: another copy of its story matches.",
            examples=["text"],
        ),
    ]


class WatchedStory(Story):
    articles: Annotated[list[WatchedCopy], Field(description="All copies, in the order they were seen.")]


class WatchSeed(ApiModel):
    url: Annotated[str, Field(examples=["https://www.harbourpost.example/bridge-to-close"])]
    state: Annotated[
        str,
        Field(
            description="due until it is fetched; then done, moved, gone, failed, barred or refused.", examples=["done"]
        ),
    ]
    reason: str | None
    article_id: str | None


class WatchSearchFeed(ApiModel):
    source_id: Annotated[int, Field(examples=[61])]
    name: Annotated[str, Field(examples=["GDELT"])]
    url: Annotated[str, Field(examples=["https://search.example/?q=%22harbour+bridge%22"])]
    status: Annotated[str, Field(examples=["ok"])]
    why: str | None
    last_poll: datetime | None
    pages_found: int


class WatchWithStories(Watch):
    story_count: Annotated[int, Field(description="Stories found.", examples=[2])]
    copy_count: Annotated[int, Field(description="Copies in all of them.", examples=[9])]
    waiting: Annotated[int, Field(description="Pages queued for the watch.", examples=[0])]
    found: Annotated[
        dict[str, int],
        Field(description="Pages by how they were found.", examples=[{"entry": 5, "search": 3, "link": 1}]),
    ]
    seeds: list[WatchSeed]
    searches: list[WatchSearchFeed]
    stories: Annotated[list[WatchedStory], Field(description="The latest seen first, at most `limit`.")]


@router.get(
    "/watches", response_model=WatchList, responses=CSV_RESPONSE, summary="List watches", operation_id="listWatches"
)
def get_watches(request: Request, shown_as: ListFormat = None) -> Response:
    """All watches, newest first, including ended ones."""
    with api_context(request).store.read() as connection:
        found = watch_records(connection)
    told = WatchList(watches=[Watch.model_validate(one) for one in found])
    return list_response(request, told, shown_as=shown_as)


@router.get(
    "/watches/{watch_id}",
    response_model=WatchWithStories,
    summary="Get a watch and its stories",
    operation_id="getWatch",
    responses=WATCH_NOT_FOUND,
)
def get_watch(
    request: Request,
    watch_id: WatchId,
    limit: Annotated[int, Query(ge=1, le=MAX_STORIES_RETURNED, description="Maximum number of stories.")] = 50,
) -> Response:
    """A watch with its latest stories and their copies. The list of stories with `watch` has all of them."""
    with api_context(request).store.read() as connection:
        report = watch_report(connection, watch_id, limit=limit)
    result = {name: getattr(report, name) for name in WatchWithStories.model_fields if hasattr(report, name)}
    stories = [
        {
            **Story.model_validate(one.story).model_dump(),
            "articles": [{**Copy.model_validate(of.copy).model_dump(), "how": of.how} for of in one.copies],
        }
        for one in report.stories
    ]
    watch = Watch.model_validate(report.watch).model_dump()
    return json_response(request, WatchWithStories.model_validate({**watch, **result, "stories": stories}))


@router.post(
    "/watches",
    status_code=201,
    response_model=AddedWatch,
    summary="Add a watch",
    operation_id="addWatch",
    dependencies=[REQUIRE_EDIT],
    responses={
        404: {"description": "There is no such news event."},
        410: {"description": "One of the URLs was taken down."},
    },
)
def post_watch(request: Request, order: NewWatchRequest) -> Response:
    """Follow a story or topic. Matches among the newest 20,000 stored articles are added at once."""
    desk = api_context(request)
    templates = request.app.state.templates if order.search else ()
    wish = WatchRequest(order.phrases, order.urls, order.name, order.until, templates, order.news_event)
    begun = create_watch(desk.store, wish, clock=lambda _: desk.clock())
    return uncached_json(
        AddedWatch.model_validate(begun), status=201, headers={"Location": f"/v1/watches/{begun.watch.id}"}
    )


@router.post(
    "/watches/{watch_id}/end",
    response_model=Watch,
    summary="End a watch",
    operation_id="endWatch",
    dependencies=[REQUIRE_EDIT],
    responses=WATCH_NOT_FOUND,
)
def post_watch_end(request: Request, watch_id: WatchId) -> Response:
    """End a watch. What was found stays. Ending it again changes nothing."""
    desk = api_context(request)
    with desk.store.write() as connection:
        record = end_watch(connection, watch_id, now=desk.clock())
    return uncached_json(Watch.model_validate(record))


@router.delete(
    "/watches/{watch_id}",
    status_code=204,
    summary="Remove a watch",
    operation_id="removeWatch",
    dependencies=[REQUIRE_EDIT],
    responses=WATCH_NOT_FOUND,
)
def delete_watch(request: Request, watch_id: WatchId) -> Response:
    """End a watch and delete its matches. The articles stay."""
    desk = api_context(request)
    with desk.store.write() as connection:
        remove_watch(connection, watch_id, now=desk.clock())
    return Response(status_code=204, headers={"Cache-Control": "no-store"})
