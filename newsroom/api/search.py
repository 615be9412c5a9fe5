"""GET /v1/search: stories by the words of their headlines and texts, with the places where they say them."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from newsroom.api.answers import json_answer
from newsroom.api.callers import READ
from newsroom.api.cursors import from_cursor, to_cursor
from newsroom.api.desk import Desk, desk_of
from newsroom.api.filters import SearchQuery
from newsroom.api.links import next_link
from newsroom.api.search_shapes import SearchAnswer, SearchHit, WhereFound
from newsroom.api.shapes import Story
from store.search import Hit, SearchPage, search_by_relevance, search_by_time
from store.search_index import waiting

__all__ = ["router", "searched"]

router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[READ])


def searched(desk: Desk, query: SearchQuery) -> tuple[SearchPage, int]:
    """A page of what was found, and how many changes search has still to take in. Raises BadQuery, BadCursor."""
    wanted = query.wanted(now=desk.clock())
    after = from_cursor(query.cursor, of=query.list_name) if query.cursor is not None else None
    with desk.store.read() as connection:
        if query.order == "relevance":
            page = search_by_relevance(connection, wanted, limit=query.limit)
        else:
            page = search_by_time(connection, wanted, limit=query.limit, after=after)
        return page, waiting(connection)


@router.get(
    "/search",
    response_model=SearchAnswer,
    summary="Search stories by words",
    operation_id="searchStories",
    responses={
        400: {"description": "The cursor is none, or belongs to another list."},
        422: {"description": "There is no word to look for, or a parameter cannot be used."},
    },
)
def search(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
    """Stories with a copy that has all the words: `"a phrase"`, `-without`. Case and accents do not matter.

    By relevance there is one page, of the newest thousand articles that fit; by time the list goes on with `next`.
    """
    page, to_come = searched(desk_of(request), query)
    cursor = None if page.next is None else to_cursor(page.next, of=query.list_name)
    answer = SearchAnswer(found=_shapes(page.hits), next=cursor, waiting=to_come)
    return json_answer(request, answer, headers=next_link(request, query, cursor))


def _shapes(hits: Sequence[Hit]) -> list[SearchHit]:
    return [
        SearchHit(
            story=Story.model_validate(hit.story),
            where=None if hit.where is None else WhereFound.model_validate(hit.where),
        )
        for hit in hits
    ]
