"""GET /v1/sources, one of them with its health, and POST /v1/sources/{id}/try."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import Field

from newsroom.api.answers import json_answer
from newsroom.api.callers import EDIT, READ
from newsroom.api.desk import desk_of
from newsroom.api.shapes import Shape, Source, SourceList
from store.gaps import gaps_of
from store.health import try_now
from store.hosts import database_time
from store.source_records import source_record, source_records
from store.yields import days_of

__all__ = ["SourceId", "router"]

router = APIRouter(prefix="/v1", tags=["sources"], dependencies=[READ])

MOST_GAPS = 100
# What a database's integer holds.
SourceId = Annotated[int, Path(ge=1, le=2**31 - 1, description="The id of a source.", examples=[1])]


class SourceDay(Shape):
    """What a source yielded on one day."""

    day: Annotated[str, Field(description="A day of UTC; days without a poll are left out.", examples=["2026-11-23"])]
    polls: Annotated[int, Field(examples=[96])]
    failed: Annotated[int, Field(examples=[0])]
    pages_found: Annotated[int, Field(description="Pages that were first found here.", examples=[31])]


class SourceGap(Shape):
    """A time in which a source was not seen: what it listed then and took away again, nobody knows."""

    began: Annotated[datetime, Field(description="When it was last seen.")]
    ended: Annotated[datetime | None, Field(description="When it was seen again; null while it is not.")]
    status: Annotated[
        str, Field(description="The word of the last poll in it; unpolled where nobody asked.", examples=["blocked"])
    ]
    why: Annotated[str | None, Field(examples=["the server answers 403: it does not want to be asked"])]
    polls: Annotated[int, Field(description="Polls that failed in it.", examples=[4])]


class SourceWithHealth(Source):
    days: Annotated[list[SourceDay], Field(description="The yield of the last 90 days, the newest first.")]
    gaps: Annotated[list[SourceGap], Field(description=f"The last {MOST_GAPS}, the newest first.")]


class SourceTry(Shape):
    """The poll that was asked for."""

    source_id: Annotated[int, Field(examples=[1])]
    not_before: Annotated[
        datetime, Field(description="When its host may be asked: its own pace, and what it asked us to wait, hold.")
    ]


@router.get("/sources", response_model=SourceList, summary="List what is polled", operation_id="listSources")
def list_sources(request: Request) -> Response:
    """All sources with their state, the worst first; `why` says in plain words what is wrong."""
    with desk_of(request).store.read() as connection:
        found = source_records(connection)
    return json_answer(request, SourceList(sources=[Source.model_validate(one) for one in found]))


@router.get("/sources/{source_id}", response_model=SourceWithHealth, summary="Get a source", operation_id="getSource")
def get_source(request: Request, source_id: SourceId) -> Response:
    """A source with its yield by day, and the gaps in what was seen of it."""
    with desk_of(request).store.read() as connection:
        record = source_record(connection, source_id)
        days, gaps = days_of(connection, source_id), gaps_of(connection, source_id, most=MOST_GAPS)
    told = Source.model_validate(record).model_dump()
    return json_answer(request, SourceWithHealth.model_validate({**told, "days": days, "gaps": gaps}))


@router.post(
    "/sources/{source_id}/try",
    status_code=202,
    response_model=SourceTry,
    summary="Ask for a poll now",
    operation_id="trySource",
    dependencies=[EDIT],
)
def try_source(request: Request, source_id: SourceId) -> Response:
    """Makes the source due: a crawler polls it as soon as its host may be asked."""
    with desk_of(request).store.write() as connection:
        not_before = try_now(connection, source_id, now=database_time(connection))
    body = SourceTry(source_id=source_id, not_before=not_before).model_dump_json()
    return Response(body, 202, {"Cache-Control": "no-store"}, "application/json")
