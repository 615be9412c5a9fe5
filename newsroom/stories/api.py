"""API of stories and articles: lists as JSON or feeds, single records also as ninjs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from onestory.newsroom.http.context import ApiContext, api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, list_response
from onestory.newsroom.http.pagination import (
    decode_cursor,
    decode_sorted_cursor,
    encode_cursor,
    encode_sorted_cursor,
    next_link,
    next_link_of_request,
    next_url,
)
from onestory.newsroom.http.parameters import StoryId, validate_id
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.responses import (
    etag_response,
    json_response,
    negotiate_media_type,
    plain_json_response,
    selected_fields,
)
from onestory.newsroom.http.schemas import (
    Article,
    Copy,
    CopyEvidence,
    EarlierVersion,
    Lead,
    Link,
    PartialRecord,
    PartialStoryList,
    Story,
    StoryCopy,
    StoryList,
    StoryWithCopies,
    article_of,
)
from onestory.newsroom.stories import feeds, ninjs
from onestory.newsroom.stories.filters import FieldNames, ListQuery, SortedQuery
from onestory.newsroom.stories.leads import story_leads
from onestory.pipelines.stories.leads import Lead as StoryLead
from onestory.store.articles.earlier_versions import EarlierVersion as StoredEarlierVersion
from onestory.store.articles.earlier_versions import copies_of_earlier_versions
from onestory.store.stories.copies import copies_after_cursor, matches_of_copies
from onestory.store.stories.links import story_links
from onestory.store.stories.listing import StoryCursor, filtered_page
from onestory.store.stories.records import CopyRecord as StoredCopy
from onestory.store.stories.records import StoryRecord, load_article, load_story
from onestory.store.stories.sorted_listing import StorySort, sorted_page
from onestory.store.stories.summaries import summaries_of

__all__ = ["router", "story_list_page"]

router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[REQUIRE_READ])

JSON_TYPE = "application/json"

FormatParameter = Annotated[
    Literal["json", "ninjs"] | None,
    Query(
        alias="format",
        description=f"ninjs is the IPTC's News in JSON, 3.1; also selected by `Accept: {ninjs.NINJS_TYPE}`.",
    ),
]
StoryFormat = Annotated[
    Literal["json", "ninjs", "csv", "xlsx"] | None,
    Query(
        alias="format",
        description=f"ninjs is the IPTC's News in JSON, 3.1; also selected by `Accept: {ninjs.NINJS_TYPE}`. "
        "csv, xlsx: the copies as a table.",
    ),
]
MAX_COPIES_RETURNED = 200
CopyLimit = Annotated[int, Query(ge=1, le=MAX_COPIES_RETURNED, description="Maximum number of copies.")]
CopyCursor = Annotated[str | None, Query(description="`next` of the previous page of the same story.")]
# Responses depend on the Accept header.
VARY = {"Vary": "Accept"}
NEXT_LINK = {"Link": {"description": 'The next page, as `<…>; rel="next"`.', "schema": {"type": "string"}}}
BAD_CURSOR = {"description": "The cursor is malformed, or belongs to another list."}
NINJS_SCHEMA = {"schema": {"type": "object", "required": ["uri"], "properties": {"uri": {"type": "string"}}}}
ATOM_SCHEMA = {"schema": {"type": "string"}}
FEED_SCHEMA = {"schema": {"type": "object", "required": ["version", "title", "items"]}}


def story_list_page(desk: ApiContext, query: SortedQuery) -> tuple[list[StoryRecord], str | None]:
    """A page of the list, and the cursor of the next one, if any. Raises BadCursor or BadQuery."""
    if query.sort != "newest":
        return _sorted_list_page(desk, query, query.sort)
    after = decode_cursor(query.cursor, of=query.list_name) if query.cursor is not None else None
    wanted = query.to_filter(now=desk.clock())
    with desk.store.read() as connection:
        page = filtered_page(connection, wanted, limit=query.limit, after=after)
    return list(page.stories), None if page.next is None else encode_cursor(page.next, of=query.list_name)


def _sorted_list_page(desk: ApiContext, query: SortedQuery, by: StorySort) -> tuple[list[StoryRecord], str | None]:
    now = desk.clock()
    after = decode_sorted_cursor(query.cursor, of=query.list_name) if query.cursor is not None else None
    with desk.store.read() as connection:
        page = sorted_page(connection, query.to_filter(now=now), by, limit=query.limit, now=now, after=after)
    return list(page.stories), None if page.next is None else encode_sorted_cursor(page.next, of=query.list_name)


@router.get(
    "/stories",
    response_model=StoryList | PartialStoryList,
    summary="List stories",
    operation_id="listStories",
    responses={
        200: {
            "headers": NEXT_LINK,
            "content": {feeds.ATOM: ATOM_SCHEMA, feeds.JSON_FEED: FEED_SCHEMA, **CSV_RESPONSE[200]["content"]},
        },
        400: BAD_CURSOR,
    },
)
def get_stories(request: Request, query: Annotated[ListQuery, Query()]) -> Response:
    """Stories, by default the latest seen first. All given filters must match.

    `next` leads to the next page. A story that gets a copy meanwhile keeps its place, so none is repeated or missed.
    With `Accept`, the same list is a feed.
    """
    kind = negotiate_media_type(request, [JSON_TYPE, feeds.ATOM, feeds.JSON_FEED])
    if kind != JSON_TYPE and query.format is None:
        return _feed(request, query, kind)
    names = selected_fields(Story, query.fields)
    found, cursor = story_list_page(api_context(request), query)
    result = StoryList(stories=[Story.model_validate(one) for one in found], next=cursor)
    include: dict[str, Any] | None = None if names is None else {"stories": {"__all__": names}, "next": True}
    headers = VARY | next_link(request, query, cursor)
    return list_response(request, result, shown_as=query.format, include=include, headers=headers)


@router.get(
    "/stories.atom",
    response_class=Response,
    summary="List stories as an Atom feed",
    operation_id="followStories",
    responses={200: {"headers": NEXT_LINK, "content": {feeds.ATOM: ATOM_SCHEMA}}, 400: BAD_CURSOR},
)
def get_stories_atom(request: Request, query: Annotated[SortedQuery, Query()]) -> Response:
    """The same list with the same filters, as an Atom feed."""
    return _feed(request, query, feeds.ATOM)


@router.get(
    "/stories.json-feed",
    response_class=Response,
    summary="List stories as a JSON Feed",
    operation_id="followStoriesAsJson",
    responses={200: {"headers": NEXT_LINK, "content": {feeds.JSON_FEED: FEED_SCHEMA}}, 400: BAD_CURSOR},
)
def get_stories_json_feed(request: Request, query: Annotated[SortedQuery, Query()]) -> Response:
    """The same list with the same filters, in JSON Feed 1.1."""
    return _feed(request, query, feeds.JSON_FEED)


def _feed(request: Request, query: SortedQuery, kind: str) -> Response:
    desk = api_context(request)
    found, cursor = story_list_page(desk, query)
    with desk.store.read() as connection:
        summaries = summaries_of(connection, found, now=desk.clock())
    base = str(request.base_url).rstrip("/")
    here = f"{base}{request.url.path}"
    feed = feeds.StoryFeed(
        name=query.list_name,
        title=" · ".join(["Onestory", *(f"{name}: {value}" for name, value in query.filters().items())]),
        base=base,
        here=f"{here}?{request.url.query}" if request.url.query else here,
        next=None if cursor is None else next_url(here, query, cursor),
        stories=found,
        summaries=summaries,
    )
    headers = VARY | next_link(request, query, cursor)
    if kind == feeds.ATOM:
        return etag_response(request, feeds.render_atom(feed), kind, headers=headers)
    return plain_json_response(request, feeds.render_json_feed(feed), kind, headers=headers)


@router.get(
    "/stories/{story_id}",
    response_model=StoryWithCopies | PartialRecord,
    summary="Get a story with its copies",
    operation_id="getStory",
    responses={
        200: {"headers": NEXT_LINK, "content": {ninjs.NINJS_TYPE: NINJS_SCHEMA, **CSV_RESPONSE[200]["content"]}},
        307: {"description": "The story was absorbed: Location is that of its successor."},
        400: BAD_CURSOR,
        404: {"description": "There is no such story."},
        410: {"description": "The story was taken down."},
    },
)
def get_story(
    request: Request,
    story_id: StoryId,
    *,
    fields: Annotated[FieldNames, Query()] = None,
    shown_as: StoryFormat = None,
    limit: CopyLimit = MAX_COPIES_RETURNED,
    cursor: CopyCursor = None,
) -> Response:
    """The story, its copies, and the matches between them.

    Most stories fit in one response. For one with more copies, `next` and the Link header lead to the others.
    """
    names = selected_fields(StoryWithCopies, fields)
    with api_context(request).store.read() as connection:
        record = load_story(connection, validate_id(story_id, of="story"))
        members, following = _page_of_copies(connection, record, limit=limit, cursor=cursor)
        headers = VARY | next_link_of_request(request, following)
        if _wants_ninjs(request, shown_as):
            original = load_article(connection, record.original)
            return plain_json_response(
                request, ninjs.story_as_ninjs(record, original, members), ninjs.NINJS_TYPE, headers=headers
            )
        evidence = matches_of_copies(connection, record.id, [copy.id for copy in members])
        links = story_links(connection, [copy.id for copy in members])
        earlier = copies_of_earlier_versions(connection, record.original, [copy.id for copy in members])
        leads = story_leads(connection, record)
    result = StoryWithCopies(
        **Story.model_validate(record).__dict__,
        articles=[_story_copy(copy, earlier.get(copy.id), leads.get(copy.id)) for copy in members],
        evidence=[CopyEvidence.model_validate(match) for match in evidence],
        links=[Link.model_validate(link) for link in links],
        next=following,
    )
    if shown_as in {"csv", "xlsx"}:
        return list_response(request, result, shown_as=shown_as, rows=result.articles, headers=headers)
    return json_response(request, result, include=names, headers=headers)


def _story_copy(copy: StoredCopy, earlier: StoredEarlierVersion | None, lead: StoryLead | None) -> StoryCopy:
    return StoryCopy(
        **Copy.model_validate(copy).__dict__,
        runs_earlier=None if earlier is None else EarlierVersion.model_validate(earlier),
        lead=None if lead is None else Lead.model_validate(lead),
    )


def _page_of_copies(
    connection: Connection, record: StoryRecord, *, limit: int, cursor: str | None
) -> tuple[list[StoredCopy], str | None]:
    """A page of copies, and the cursor of the next one, if any. Raises BadCursor."""
    after = None if cursor is None else decode_cursor(cursor, of=record.id)
    place = None if after is None else (after.last_seen, after.id)
    found = copies_after_cursor(connection, record.id, after=place, limit=limit + 1)
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], encode_cursor(StoryCursor(last.first_seen, last.id, up_to=0), of=record.id)


def _wants_ninjs(request: Request, shown_as: str | None) -> bool:
    return shown_as == "ninjs" or (
        shown_as is None and negotiate_media_type(request, [JSON_TYPE, ninjs.NINJS_TYPE]) != JSON_TYPE
    )


@router.get(
    "/articles/{article_id}",
    response_model=Article | PartialRecord,
    summary="Get an article with its text",
    operation_id="getArticle",
    responses={
        200: {"content": {ninjs.NINJS_TYPE: NINJS_SCHEMA}},
        404: {"description": "There is no such article."},
        410: {"description": "The article was taken down."},
    },
)
def get_article(
    request: Request,
    article_id: StoryId,
    *,
    fields: Annotated[FieldNames, Query()] = None,
    shown_as: FormatParameter = None,
) -> Response:
    """The current version of the article; `story_id` is its story."""
    names = selected_fields(Article, fields)
    with api_context(request).store.read() as connection:
        record = load_article(connection, validate_id(article_id, of="article"))
    if _wants_ninjs(request, shown_as):
        return plain_json_response(request, ninjs.article_as_ninjs(record), ninjs.NINJS_TYPE, headers=VARY)
    return json_response(request, article_of(record), include=names, headers=VARY)
