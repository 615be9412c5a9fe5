"""GET and POST /v1/watches, GET and DELETE /v1/watches/{id}, POST /v1/watches/{id}/end."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from onestory.newsroom.http.context import api_context
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
    """UTC where it names no zone."""
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is beyond the calendar") from None


UtcDatetime = Annotated[datetime, AfterValidator(_in_utc)]


class Watch(ApiModel):
    """A story or topic that is followed."""

    id: Annotated[int, Field(examples=[1])]
    name: Annotated[str, Field(examples=["Harbour bridge"])]
    phrases: Annotated[list[str], Field(description="Any one of them is enough.", examples=[["harbour bridge"]])]
    created: datetime
    until: Annotated[datetime | None, Field(description="When it ends by itself.")]
    ended: Annotated[datetime | None, Field(description="Since when nothing more is gathered.")]


class WatchList(ApiModel):
    watches: list[Watch]


class NewWatchRequest(BaseModel):
    """What to follow: phrases, URLs to begin with, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phrases: Annotated[
        list[str],
        Field(
            max_length=MAX_PHRASES,
            description="The words of each next to each other, in that order; `a + b` asks for both, anywhere.",
            examples=[["harbour bridge", "port ellery + ferries"]],
        ),
    ] = []
    urls: Annotated[
        list[str],
        Field(
            max_length=MAX_SEEDS,
            description="Articles that are fetched at once.",
            examples=[["https://www.harbourpost.example/bridge-to-close"]],
        ),
    ] = []
    name: Annotated[str | None, Field(examples=["Harbour bridge"])] = None
    until: Annotated[UtcDatetime | None, Field(description="Later than now.", examples=["2027-01-31T00:00:00Z"])] = None
    search: Annotated[
        bool, Field(description="Ask the search feeds of the list of sources; they learn what is followed.")
    ] = True


class AddedWatch(ApiModel):
    watch: Watch
    gathered: Annotated[int, Field(description="Articles of it that were stored already.", examples=[3])]
    first: Annotated[int, Field(description="Pages that waited already, and go first now.", examples=[0])]
    searches: Annotated[int, Field(description="Search feeds that are polled for it.", examples=[2])]
    unused: Annotated[list[str], Field(description="Search feeds that cannot be asked this, and why.", examples=[[]])]


class WatchedCopy(Copy):
    how: Annotated[
        str,
        Field(
            description="text: it says what is looked for; seed: its URL was given; story: a copy of its story does.",
            examples=["text"],
        ),
    ]


class WatchedStory(Story):
    articles: Annotated[list[WatchedCopy], Field(description="All its copies, the first seen first.")]


class WatchSeed(ApiModel):
    url: Annotated[str, Field(examples=["https://www.harbourpost.example/bridge-to-close"])]
    state: Annotated[
        str,
        Field(description="due until it is fetched; done, moved, gone, failed, barred, refused.", examples=["done"]),
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
    story_count: Annotated[int, Field(description="Stories that were gathered.", examples=[2])]
    copy_count: Annotated[int, Field(description="Copies in all of them.", examples=[9])]
    waiting: Annotated[int, Field(description="Pages that are still to be fetched for it.", examples=[0])]
    found: Annotated[
        dict[str, int],
        Field(description="Pages by how they were found.", examples=[{"entry": 5, "search": 3, "link": 1}]),
    ]
    seeds: list[WatchSeed]
    searches: list[WatchSearchFeed]
    stories: Annotated[list[WatchedStory], Field(description="Those seen last first, at most `limit`.")]


@router.get("/watches", response_model=WatchList, summary="List watches", operation_id="listWatches")
def get_watches(request: Request) -> Response:
    """All of them, the newest first; also those that have ended."""
    with api_context(request).store.read() as connection:
        found = watch_records(connection)
    return json_response(request, WatchList(watches=[Watch.model_validate(one) for one in found]))


@router.get(
    "/watches/{watch_id}",
    response_model=WatchWithStories,
    summary="Get a watch with what it gathered",
    operation_id="getWatch",
    responses=WATCH_NOT_FOUND,
)
def get_watch(
    request: Request,
    watch_id: WatchId,
    limit: Annotated[int, Query(ge=1, le=MAX_STORIES_RETURNED, description="At most so many stories.")] = 50,
) -> Response:
    """Story by story, outlet by outlet. The list of stories takes `watch`, and has all of them page by page."""
    with api_context(request).store.read() as connection:
        report = watch_report(connection, watch_id, limit=limit)
    told = {name: getattr(report, name) for name in WatchWithStories.model_fields if hasattr(report, name)}
    stories = [
        {
            **Story.model_validate(one.story).model_dump(),
            "articles": [{**Copy.model_validate(of.copy).model_dump(), "how": of.how} for of in one.copies],
        }
        for one in report.stories
    ]
    watch = Watch.model_validate(report.watch).model_dump()
    return json_response(request, WatchWithStories.model_validate({**watch, **told, "stories": stories}))


@router.post(
    "/watches",
    status_code=201,
    response_model=AddedWatch,
    summary="Follow a story or a topic",
    operation_id="addWatch",
    dependencies=[REQUIRE_EDIT],
    responses={410: {"description": "One of the URLs was taken down."}},
)
def post_watch(request: Request, order: NewWatchRequest) -> Response:
    """What is stored already is gathered at once, among the newest 20,000 articles."""
    desk = api_context(request)
    templates = request.app.state.templates if order.search else ()
    wish = WatchRequest(order.phrases, order.urls, order.name, order.until, templates)
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
    """Nothing more is gathered; what was stays. Ending it again changes nothing."""
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
    """Ends it and forgets what it gathered; the articles stay."""
    desk = api_context(request)
    with desk.store.write() as connection:
        remove_watch(connection, watch_id, now=desk.clock())
    return Response(status_code=204, headers={"Cache-Control": "no-store"})
