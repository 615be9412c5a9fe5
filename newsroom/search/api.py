"""What a search answers."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from onestory.newsroom.http.context import ApiContext, api_context
from onestory.newsroom.http.pagination import decode_cursor, encode_cursor, next_link
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.http.schemas import EXAMPLE_ID, ApiModel, Story
from onestory.newsroom.stories.filters import SearchQuery
from onestory.store.search.full_text_index import count_search_due
from onestory.store.stories.search import SearchPage, SearchResult, search_by_relevance, search_by_time

__all__ = ["MatchedCopy", "SearchHit", "SearchResponse", "router", "search_page"]


class MatchedCopy(ApiModel):
    """The copy that has the words, and where it has them. Nothing in it is markup."""

    article_id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    outlet: Annotated[str, Field(examples=["Harbour Post"])]
    title: Annotated[str | None, Field(description="The headline of this copy.", examples=["Bridge shuts for repairs"])]
    title_spans: Annotated[
        list[tuple[int, int]],
        Field(description="Where, in Unicode characters of the headline: from, up to.", examples=[[[0, 6]]]),
    ]
    excerpt: Annotated[
        str, Field(description="A piece of its text.", examples=["The harbour bridge will close for six weeks"])
    ]
    excerpt_spans: Annotated[
        list[tuple[int, int]],
        Field(description="Where, in Unicode characters of the excerpt: from, up to.", examples=[[[4, 18]]]),
    ]


class SearchHit(ApiModel):
    story: Story
    where: Annotated[MatchedCopy | None, Field(description="The closest copy by relevance, the newest one by time.")]


class SearchResponse(ApiModel):
    found: list[SearchHit]
    next: Annotated[
        str | None,
        Field(description="Give it as `cursor`, with the same filters; null at the end, and by relevance."),
    ]
    waiting: Annotated[int, Field(description="Changes of articles that search has still to take in.", examples=[0])]


router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[REQUIRE_READ])


def search_page(desk: ApiContext, query: SearchQuery) -> tuple[SearchPage, int]:
    """A page of what was found, and how many changes search has still to take in. Raises BadQuery, BadCursor."""
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
        400: {"description": "The cursor is none, or belongs to another list."},
        422: {"description": "There is no word to look for, or a parameter cannot be used."},
    },
)
def get_search(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
    """Stories with a copy that has all the words: `"a phrase"`, `-without`. Case and accents do not matter.

    By relevance there is one page, of the newest thousand articles that fit; by time the list goes on with `next`.
    """
    page, to_come = search_page(api_context(request), query)
    cursor = None if page.next is None else encode_cursor(page.next, of=query.list_name)
    answer = SearchResponse(found=_shapes(page.hits), next=cursor, waiting=to_come)
    return json_response(request, answer, headers=next_link(request, query, cursor))


def _shapes(hits: Sequence[SearchResult]) -> list[SearchHit]:
    return [
        SearchHit(
            story=Story.model_validate(hit.story),
            where=None if hit.where is None else MatchedCopy.model_validate(hit.where),
        )
        for hit in hits
    ]
