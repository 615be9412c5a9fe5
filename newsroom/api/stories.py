"""GET /v1/stories as JSON or as a feed, /v1/stories/{id}, /v1/articles/{id}; these two also as ninjs."""

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from newsroom.api import feeds, ninjs
from newsroom.api.accepting import wanted_type
from newsroom.api.answers import answer, json_answer, plain_answer
from newsroom.api.callers import READ
from newsroom.api.cursors import from_cursor, to_cursor
from newsroom.api.desk import Desk, desk_of
from newsroom.api.filters import FieldNames, ListQuery, StoryQuery
from newsroom.api.links import further_link, next_link, next_path
from newsroom.api.shapes import (
    Article,
    Copy,
    Evidence,
    Link,
    SomeMembers,
    SomeStories,
    Story,
    StoryList,
    StoryWithCopies,
)
from newsroom.api.some_fields import some_of
from store.copy_pages import copies_after, evidence_from
from store.errors import NotFound
from store.links import links_of
from store.records import ArticleRecord, StoryRecord, article, story
from store.records import Copy as StoredCopy
from store.story_list import Position, page_of

__all__ = ["checked_id", "page_of_stories", "router"]

router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[READ])

ID = re.compile(r"[0-9a-f]{24}")
JSON = "application/json"
StoryId = Annotated[str, Path(description="24 hex digits.", examples=["5f0c6b7a9d2e4c1b8a3f7e60"])]
Format = Annotated[
    Literal["json", "ninjs"] | None,
    Query(alias="format", description=f"ninjs is the IPTC's News in JSON, 3.1; also by `Accept: {ninjs.MEDIA_TYPE}`."),
]
MOST_COPIES = 200
CopyLimit = Annotated[int, Query(ge=1, le=MOST_COPIES, description="At most so many copies.")]
CopyCursor = Annotated[str | None, Query(description="`next` of the answer before, of the same story.")]
# The answers depend on what the client accepts.
VARY = {"Vary": "Accept"}
NEXT_LINK = {"Link": {"description": 'The next page, as `<…>; rel="next"`.', "schema": {"type": "string"}}}
BAD_CURSOR = {"description": "The cursor is none, or belongs to another list."}
NINJS_SCHEMA = {"schema": {"type": "object", "required": ["uri"], "properties": {"uri": {"type": "string"}}}}
ATOM_SCHEMA = {"schema": {"type": "string"}}
FEED_SCHEMA = {"schema": {"type": "object", "required": ["version", "title", "items"]}}


def checked_id(value: str, *, of: str) -> str:
    """The id, if it can be one: nothing else is shown to the database. Raises NotFound."""
    if not ID.fullmatch(value):
        raise NotFound(f"there is no {of} {value[:80]!r}: an id has 24 hex digits")
    return value


def page_of_stories(desk: Desk, query: StoryQuery) -> tuple[list[StoryRecord], str | None]:
    """A page of the list, and the cursor of the next one if there is more. Raises BadCursor, BadQuery."""
    after = from_cursor(query.cursor, of=query.list_name) if query.cursor is not None else None
    wanted = query.wanted(now=desk.clock())
    with desk.store.read() as connection:
        page = page_of(connection, wanted, limit=query.limit, after=after)
    return list(page.stories), None if page.next is None else to_cursor(page.next, of=query.list_name)


@router.get(
    "/stories",
    response_model=StoryList | SomeStories,
    summary="List stories",
    operation_id="listStories",
    responses={
        200: {
            "headers": NEXT_LINK,
            "content": {feeds.ATOM: ATOM_SCHEMA, feeds.JSON_FEED: FEED_SCHEMA},
        },
        400: BAD_CURSOR,
    },
)
def list_them(request: Request, query: Annotated[ListQuery, Query()]) -> Response:
    """The stories with the newest copies come first. All filters that are given must hold.

    `next` goes on behind the last one; a story that gets a copy meanwhile keeps its place, so none is told twice or
    left out. By `Accept` the same list is a feed.
    """
    kind = wanted_type(request, [JSON, feeds.ATOM, feeds.JSON_FEED])
    if kind != JSON:
        return _feed(request, query, kind)
    names = some_of(Story, query.fields)
    found, cursor = page_of_stories(desk_of(request), query)
    told = StoryList(stories=[Story.model_validate(one) for one in found], next=cursor)
    include: dict[str, Any] | None = None if names is None else {"stories": {"__all__": names}, "next": True}
    return json_answer(request, told, include=include, headers=VARY | next_link(request, query, cursor))


@router.get(
    "/stories.atom",
    response_class=Response,
    summary="List stories as an Atom feed",
    operation_id="followStories",
    responses={200: {"headers": NEXT_LINK, "content": {feeds.ATOM: ATOM_SCHEMA}}, 400: BAD_CURSOR},
)
def as_atom(request: Request, query: Annotated[StoryQuery, Query()]) -> Response:
    """The same list, with the same filters."""
    return _feed(request, query, feeds.ATOM)


@router.get(
    "/stories.json-feed",
    response_class=Response,
    summary="List stories as a JSON Feed",
    operation_id="followStoriesAsJson",
    responses={200: {"headers": NEXT_LINK, "content": {feeds.JSON_FEED: FEED_SCHEMA}}, 400: BAD_CURSOR},
)
def as_json_feed(request: Request, query: Annotated[StoryQuery, Query()]) -> Response:
    """The same list, with the same filters, by JSON Feed 1.1."""
    return _feed(request, query, feeds.JSON_FEED)


def _feed(request: Request, query: StoryQuery, kind: str) -> Response:
    found, cursor = page_of_stories(desk_of(request), query)
    base = str(request.base_url).rstrip("/")
    here = f"{base}{request.url.path}"
    feed = feeds.Feed(
        name=query.list_name,
        title=" · ".join(["Onestory", *(f"{name}: {value}" for name, value in query.filters().items())]),
        base=base,
        here=f"{here}?{request.url.query}" if request.url.query else here,
        next=None if cursor is None else next_path(here, query, cursor),
        stories=found,
    )
    headers = VARY | next_link(request, query, cursor)
    if kind == feeds.ATOM:
        return answer(request, feeds.as_atom(feed), kind, headers=headers)
    return plain_answer(request, feeds.as_json_feed(feed), kind, headers=headers)


@router.get(
    "/stories/{story_id}",
    response_model=StoryWithCopies | SomeMembers,
    summary="One story with its copies",
    operation_id="getStory",
    responses={
        200: {"headers": NEXT_LINK, "content": {ninjs.MEDIA_TYPE: NINJS_SCHEMA}},
        307: {"description": "The story was absorbed: Location names the one that it is now part of."},
        400: BAD_CURSOR,
        404: {"description": "There is no such story."},
        410: {"description": "The story was taken down."},
    },
)
def one_story(
    request: Request,
    story_id: StoryId,
    *,
    fields: Annotated[FieldNames, Query()] = None,
    shown_as: Format = None,
    limit: CopyLimit = MOST_COPIES,
    cursor: CopyCursor = None,
) -> Response:
    """The story, its copies and the evidence that they are copies of each other.

    Nearly every story is told whole. Of one with more copies `next`, and the Link header, lead to those behind.
    """
    names = some_of(StoryWithCopies, fields)
    with desk_of(request).store.read() as connection:
        record = story(connection, checked_id(story_id, of="story"))
        members, following = _page_of_copies(connection, record, limit=limit, cursor=cursor)
        headers = VARY | further_link(request, following)
        if _wants_ninjs(request, shown_as):
            original = article(connection, record.original)
            return plain_answer(
                request, ninjs.story_as_ninjs(record, original, members), ninjs.MEDIA_TYPE, headers=headers
            )
        evidence = evidence_from(connection, record.id, [copy.id for copy in members])
        links = links_of(connection, [copy.id for copy in members])
    told = StoryWithCopies(
        **Story.model_validate(record).__dict__,
        articles=[Copy.model_validate(copy) for copy in members],
        evidence=[Evidence.model_validate(match) for match in evidence],
        links=[Link.model_validate(link) for link in links],
        next=following,
    )
    return json_answer(request, told, include=names, headers=headers)


def _page_of_copies(
    connection: Connection, record: StoryRecord, *, limit: int, cursor: str | None
) -> tuple[list[StoredCopy], str | None]:
    """A page of them, and the cursor of the next one if there is more. Raises BadCursor."""
    after = None if cursor is None else from_cursor(cursor, of=record.id)
    place = None if after is None else (after.last_seen, after.id)
    found = copies_after(connection, record.id, after=place, limit=limit + 1)
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], to_cursor(Position(last.first_seen, last.id, up_to=0), of=record.id)


def _wants_ninjs(request: Request, shown_as: str | None) -> bool:
    return shown_as == "ninjs" or (shown_as is None and wanted_type(request, [JSON, ninjs.MEDIA_TYPE]) != JSON)


@router.get(
    "/articles/{article_id}",
    response_model=Article | SomeMembers,
    summary="One article with its text",
    operation_id="getArticle",
    responses={
        200: {"content": {ninjs.MEDIA_TYPE: NINJS_SCHEMA}},
        404: {"description": "There is no such article."},
        410: {"description": "The article was taken down."},
    },
)
def one_article(
    request: Request, article_id: StoryId, *, fields: Annotated[FieldNames, Query()] = None, shown_as: Format = None
) -> Response:
    """The article as its current version has it; `story_id` says where it belongs."""
    names = some_of(Article, fields)
    with desk_of(request).store.read() as connection:
        record = article(connection, checked_id(article_id, of="article"))
    if _wants_ninjs(request, shown_as):
        return plain_answer(request, ninjs.article_as_ninjs(record), ninjs.MEDIA_TYPE, headers=VARY)
    return json_answer(request, _article(record), include=names, headers=VARY)


def _article(record: ArticleRecord) -> Article:
    return Article(
        **Copy.model_validate(record.copy).__dict__,
        source=record.source,
        number=record.number,
        text=record.text,
        facts=record.facts,
        observed=record.observed,
        content_digest=record.content_digest,
        extractor=record.extractor,
    )
