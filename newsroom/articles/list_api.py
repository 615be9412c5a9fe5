"""API of the list of articles, with or without their texts."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormatField, list_response
from onestory.newsroom.http.pagination import BadCursor, decode_parts, encode_parts, filters_digest, next_link
from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.schemas import EXAMPLE_ID, ApiModel, Article, Copy, article_of
from onestory.store.stories.export import ArticleFilter, article_texts, list_articles
from onestory.times import TIME_FORMS, parse_time, utc_now

__all__ = ["ArticleList", "ArticleQuery", "router"]

router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[REQUIRE_READ])


class ArticleQuery(BaseModel):
    """The filters. All are optional; all that are given must match."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[
        str | None, Field(description=f"First seen at or after this time. {TIME_FORMS}", examples=["24h"])
    ] = None
    outlet: Annotated[
        str | None, Field(max_length=300, description="An outlet, by its exact name.", examples=["Harbour Post"])
    ] = None
    language: Annotated[
        str | None, Field(pattern="^[a-z]{2,3}(-[a-z0-9]{1,4})?$", description="A code of ISO 639.", examples=["en"])
    ] = None
    story: Annotated[
        str | None, Field(pattern="^[0-9a-f]{24}$", description="The id of a story.", examples=[EXAMPLE_ID])
    ] = None
    include: Annotated[
        Literal["text"] | None, Field(description="text: articles with their current text and page facts.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=400, description="Maximum number of articles.")] = 100
    cursor: Annotated[
        str | None,
        Field(description="`next` of the previous page, given with the same filters.", examples=["WyJlM2IwIiwxN10"]),
    ] = None

    format: ListFormatField = None

    @field_validator("since", mode="after")
    @classmethod
    def _moment(cls, value: str | None) -> str | None:
        if value is not None:
            parse_time(value, now=utc_now())
        return value

    @property
    def list_name(self) -> str:
        filters = self.model_dump(include={"since", "outlet", "language", "story"}, exclude_defaults=True)
        return filters_digest(filters)


class ArticleList(ApiModel):
    articles: Annotated[list[Article | Copy], Field(description="The last to arrive first.")]
    next: Annotated[str | None, Field(description="Pass it as `cursor` for the next page; null at the end.")]


@router.get(
    "/articles",
    response_model=ArticleList,
    summary="List articles",
    operation_id="listArticles",
    responses={400: {"description": "The cursor is malformed, or belongs to another list."}, **CSV_RESPONSE},
)
def get_articles(request: Request, query: Annotated[ArticleQuery, Query()]) -> Response:
    """Articles, the last to arrive first; with `include=text` their current texts.

    Pages stay where they are while articles arrive. Changes of texts are in `/v1/changes`.
    """
    desk = api_context(request)
    since = None if query.since is None else parse_time(query.since, now=desk.clock())
    wanted = ArticleFilter(since, query.outlet, query.language, query.story)
    with desk.store.read() as connection:
        page = list_articles(connection, wanted, before=_before(query), limit=query.limit)
        shown: list[Article | Copy] = [Copy.model_validate(copy) for copy in page.articles]
        if query.include == "text":
            shown = [article_of(record) for record in article_texts(connection, page.articles)]
    cursor = None if page.next is None else encode_parts([query.list_name, page.next])
    answer = ArticleList(articles=shown, next=cursor)
    return list_response(request, answer, shown_as=query.format, headers=next_link(request, query, cursor))


def _before(query: ArticleQuery) -> int | None:
    """The arrival at which the list continues. Raises BadCursor."""
    if query.cursor is None:
        return None
    try:
        name, arrival = decode_parts(query.cursor)
    except (ValueError, TypeError) as error:
        raise BadCursor("this is not a cursor: use `next` of the previous page") from error
    if not isinstance(arrival, int) or isinstance(arrival, bool) or not 0 <= arrival <= MAX_DATABASE_ID:
        raise BadCursor("this is not a cursor: use `next` of the previous page")
    if name != query.list_name:
        raise BadCursor("this cursor belongs to another list: repeat the filters of the first page")
    return arrival
