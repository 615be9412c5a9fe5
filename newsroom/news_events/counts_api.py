"""API of counts: coverage by day, outlet, owner, country, language or agency, with and without copies."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from onestory.newsroom.http.context import ApiContext, api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormatField, list_response
from onestory.newsroom.http.parameters import validate_id
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.schemas import EXAMPLE_ID, ApiModel
from onestory.newsroom.stories.filters import StoryQuery
from onestory.store.news_events.counts import CountDimension, CountRow, CoverageCounts, coverage_counts
from onestory.store.news_events.records import resolve_news_event

__all__ = ["CountsQuery", "counts_of", "router", "shown_rows"]

router = APIRouter(prefix="/v1", tags=["counts"], dependencies=[REQUIRE_READ])

DEFAULT_ROWS = 200


class CountsQuery(StoryQuery):
    """The filters of a story list, applied to articles; and what to count by."""

    by: Annotated[
        CountDimension,
        Field(
            description="day: of the first observation, in UTC. agency: the agency or outlet that an article credits."
        ),
    ] = "day"
    news_event: Annotated[
        str | None,
        Field(max_length=100, description="Only coverage of this news event.", examples=[EXAMPLE_ID]),
    ] = None
    limit: Annotated[int, Field(ge=1, le=10_000, description="Maximum number of rows; of days, the latest.")] = (
        DEFAULT_ROWS
    )
    format: ListFormatField = None


class Count(ApiModel):
    """The coverage of one day, outlet, owner, country, language or agency."""

    value: Annotated[str | None, Field(description="Null: unknown, or no credit.", examples=["2026-11-23"])]
    articles: Annotated[int, Field(description="Articles, copies included.", examples=[120])]
    stories: Annotated[int, Field(description="Stories: copies of one text count once.", examples=[48])]
    credited: Annotated[
        int, Field(description="Of the articles, those that credit an agency or another outlet.", examples=[60])
    ]


class CountList(ApiModel):
    counts: Annotated[list[Count], Field(description="Days in order; anything else by the number of articles.")]
    by: Annotated[CountDimension, Field(examples=["day"])]
    articles: Annotated[int, Field(description="All articles that match.", examples=[120])]
    stories: Annotated[int, Field(description="All stories that they are copies of.", examples=[48])]
    credited: Annotated[int, Field(description="All that credit an agency or another outlet.", examples=[60])]
    is_complete: Annotated[
        bool, Field(description="False if a search had more matches than are counted: the newest were.")
    ]


def counts_of(context: ApiContext, query: CountsQuery) -> CoverageCounts:
    """Raises BadQuery, NotFound."""
    with context.store.read() as connection:
        event = None
        if query.news_event is not None:
            event = resolve_news_event(connection, validate_id(query.news_event, of="news event"))
        return coverage_counts(connection, query.to_filter(now=context.clock()), query.by, news_event=event)


def shown_rows(found: CoverageCounts, query: CountsQuery) -> Sequence[CountRow]:
    """The rows within the limit: the latest days, or the highest numbers."""
    return found.rows[-query.limit :] if query.by == "day" else found.rows[: query.limit]


@router.get(
    "/counts",
    response_model=CountList,
    responses=CSV_RESPONSE | {404: {"description": "There is no such news event."}},
    summary="Count coverage",
    operation_id="countCoverage",
)
def get_counts(request: Request, query: Annotated[CountsQuery, Query()]) -> Response:
    """How much was written, with copies (articles) and without (stories). All filters of story lists apply."""
    found = counts_of(api_context(request), query)
    rows = shown_rows(found, query)
    result = CountList(
        counts=[Count.model_validate(row) for row in rows],
        by=query.by,
        articles=found.articles,
        stories=found.stories,
        credited=found.credited,
        is_complete=found.is_complete,
    )
    return list_response(request, result, shown_as=query.format)
