"""API of search."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from onestory.newsroom.http.context import ApiContext, api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, list_response
from onestory.newsroom.http.pagination import decode_cursor, encode_cursor, next_link
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.schemas import EXAMPLE_ID, ApiModel, Story
from onestory.newsroom.stories.filters import SearchQuery
from onestory.store.search.full_text_index import count_search_due
from onestory.store.stories.search import SearchPage, SearchResult, search_by_relevance, search_by_time

__all__ = ["MatchedCopy", "SearchHit", "SearchResponse", "router", "search_page"]


class MatchedCopy(ApiModel):
    """The matching copy, and its matching passages as plain text."""

    article_id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    outlet: Annotated[str, Field(examples=["Harbour Post"])]
    title: Annotated[str | None, Field(description="The headline of this copy.", examples=["Bridge shuts for repairs"])]
    title_spans: Annotated[
        list[tuple[int, int]],
        Field(description="The spans of the matches in the headline, in Unicode characters.", examples=[[[0, 6]]]),
    ]
    excerpt: Annotated[
        str, Field(description="An excerpt of its text.", examples=["The harbour bridge will close for six weeks"])
    ]
    excerpt_spans: Annotated[
        list[tuple[int, int]],
        Field(description="The spans of the matches in the excerpt, in Unicode characters.", examples=[[[4, 18]]]),
    ]


class SearchHit(ApiModel):
    story: Story
    where: Annotated[
        MatchedCopy | None,
        Field(
            description="The original if it matches, else the most relevant copy, or the newest one if sorted by time."
        ),
    ]


class SearchResponse(ApiModel):
    found: list[SearchHit]
    next: Annotated[
        str | None,
        Field(description="Pass it as `cursor`, with the same filters; null at the end, and by relevance."),
    ]
    waiting: Annotated[int, Field(description="Changes of articles that are not searchable yet.", examples=[0])]


router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[REQUIRE_READ])


def search_page(desk: ApiContext, query: SearchQuery) -> tuple[SearchPage, int]:
    """A page of results, and the number of changes not indexed yet. Raises BadQuery or BadCursor."""
    wanted = query.to_filter(now=desk.clock())
    after = decode_cursor(query.cursor, of=query.list_name) if query.cursor is not None else None
    with desk.store.read() as connection:
        if query.order == "relevance":
            page = search_by_relevance(connection, wanted, limit=query.limit)
        else:
            page = search_by_time(connection, wanted, limit=query.limit, after=after)
        return page, count_search_due(connection)


@router.get(
    "/search",
    response_model=SearchResponse,
    summary="Search stories by words",
    operation_id="searchStories",
    responses={
        **CSV_RESPONSE,
        400: {"description": "The cursor is malformed, or belongs to another list."},
        422: {"description": "The query has no word to search for, or a parameter is invalid."},
    },
)
def get_search(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
    """Stories with a copy that contains all the words: `"a phrase"`, `-exclude`. Case and accents are ignored.

    By relevance there is one page, from the newest thousand matching articles; by time the list continues with `next`.
    """
    page, to_come = search_page(api_context(request), query)
    cursor = None if page.next is None else encode_cursor(page.next, of=query.list_name)
    answer = SearchResponse(found=_shapes(page.hits), next=cursor, waiting=to_come)
    return list_response(request, answer, shown_as=query.format, headers=next_link(request, query, cursor))


def _shapes(hits: Sequence[SearchResult]) -> list[SearchHit]:
    return [
        SearchHit(
            story=Story.model_validate(hit.story),
            where=None if hit.where is None else MatchedCopy.model_validate(hit.where),
        )
        for hit in hits
    ]
