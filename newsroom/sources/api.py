"""API of sources and their health."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import Field

from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormat, list_response
from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ
from onestory.newsroom.http.responses import json_response, uncached_json
from onestory.newsroom.http.schemas import ApiModel
from onestory.store.frontier.hosts import database_time
from onestory.store.sources.coverage import daily_yields, gaps_of
from onestory.store.sources.health import schedule_poll_now
from onestory.store.sources.source_records import load_source, source_records

__all__ = ["Source", "SourceId", "SourceList", "router"]


class Source(ApiModel):
    """A feed, sitemap or section page that is polled."""

    id: int
    url: Annotated[str, Field(examples=["https://www.harbourpost.example/feed"])]
    outlet: Annotated[str, Field(examples=["Harbour Post"])]
    kind: Annotated[str, Field(examples=["feed"])]
    host: Annotated[str, Field(examples=["www.harbourpost.example"])]
    language: str | None
    enabled: bool
    interval_seconds: Annotated[int, Field(examples=[900])]
    status: Annotated[str, Field(description="One word, such as ok, silent or blocked.", examples=["ok"])]
    status_since: datetime | None
    why: Annotated[str | None, Field(description="The reason for the status, in plain words.")]
    last_poll: datetime | None
    last_success: datetime | None
    next_poll: datetime | None
    failures: Annotated[int, Field(description="Failed polls since the last success.", examples=[0])]
    entries: Annotated[int, Field(description="Entries in the last response.", examples=[30])]
    pages_found: Annotated[int, Field(description="Pages first found here, in total.", examples=[1204])]
    last_new: Annotated[datetime | None, Field(description="The last poll whose listing differed from the one before.")]
    alarmed: Annotated[
        datetime | None, Field(description="When the alarm was raised: at the third poll without what it should bring.")
    ]
    watched_only: Annotated[bool, Field(description="Whether only pages that a watch wants are fetched.")]
    wire: Annotated[
        str | None,
        Field(description="The provider whose dispatches it holds; null if it lists pages.", examples=[None]),
    ]


class SourceList(ApiModel):
    sources: Annotated[list[Source], Field(description="The most urgent first.")]


router = APIRouter(prefix="/v1", tags=["sources"], dependencies=[REQUIRE_READ])

MAX_GAPS_RETURNED = 100
SourceId = Annotated[int, Path(ge=1, le=MAX_DATABASE_ID, description="The id of a source.", examples=[1])]


class SourceDay(ApiModel):
    """The yield of a source on one day."""

    day: Annotated[str, Field(description="A day in UTC; days without a poll are omitted.", examples=["2026-11-23"])]
    polls: Annotated[int, Field(examples=[96])]
    failed: Annotated[int, Field(examples=[0])]
    pages_found: Annotated[int, Field(description="Pages first found here.", examples=[31])]


class SourceGap(ApiModel):
    """A gap, in which a source was not seen. Entries listed and removed meanwhile are unknown."""

    began: Annotated[datetime, Field(description="When it was last seen.")]
    ended: Annotated[datetime | None, Field(description="When it was seen again; null while the gap lasts.")]
    status: Annotated[
        str,
        Field(description="The status of the last poll in the gap; unpolled if there was none.", examples=["blocked"]),
    ]
    why: Annotated[str | None, Field(examples=["the server responds with 403"])]
    polls: Annotated[int, Field(description="Failed polls in the gap.", examples=[4])]


class SourceWithHealth(Source):
    days: Annotated[list[SourceDay], Field(description="The yield of the last 90 days, newest first.")]
    gaps: Annotated[list[SourceGap], Field(description=f"The last {MAX_GAPS_RETURNED}, newest first.")]


class RequestedPoll(ApiModel):
    """A requested poll."""

    source_id: Annotated[int, Field(examples=[1])]
    not_before: Annotated[
        datetime,
        Field(description="When its host may be fetched from, by its rate limit and the wait that it asked for."),
    ]


@router.get(
    "/sources", response_model=SourceList, responses=CSV_RESPONSE, summary="List sources", operation_id="listSources"
)
def get_sources(request: Request, shown_as: ListFormat = None) -> Response:
    """All sources with their state, the most urgent first. `why` explains problems in plain words."""
    with api_context(request).store.read() as connection:
        found = source_records(connection)
    told = SourceList(sources=[Source.model_validate(one) for one in found])
    return list_response(request, told, shown_as=shown_as)


@router.get("/sources/{source_id}", response_model=SourceWithHealth, summary="Get a source", operation_id="getSource")
def get_source(request: Request, source_id: SourceId) -> Response:
    """A source with its daily yield, and the gaps in its coverage."""
    with api_context(request).store.read() as connection:
        record = load_source(connection, source_id)
        days, gaps = daily_yields(connection, source_id), gaps_of(connection, source_id, most=MAX_GAPS_RETURNED)
    result = Source.model_validate(record).model_dump()
    return json_response(request, SourceWithHealth.model_validate({**result, "days": days, "gaps": gaps}))


@router.post(
    "/sources/{source_id}/try",
    status_code=202,
    response_model=RequestedPoll,
    summary="Request a poll",
    operation_id="trySource",
    dependencies=[REQUIRE_EDIT],
)
def post_source_try(request: Request, source_id: SourceId) -> Response:
    """Make the source due. A crawler polls it as soon as its host may be fetched from."""
    with api_context(request).store.write() as connection:
        not_before = schedule_poll_now(connection, source_id, now=database_time(connection))
    return uncached_json(RequestedPoll(source_id=source_id, not_before=not_before), status=202)
