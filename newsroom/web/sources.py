"""The pages of sources: all of them, the worst first; one with its yield and its gaps; and "try now"."""

from collections import Counter
from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from newsroom.api.callers import EDIT, READ
from newsroom.api.desk import desk_of
from newsroom.api.sources import SourceId
from newsroom.web.render import page
from store.gaps import gaps_of
from store.health import try_now
from store.hosts import database_time
from store.source_records import SourceRecord, source_record, source_records
from store.yields import days_of, week_yields

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[READ])

MOST_GAPS = 50
SHOWN_DAYS = 30


@router.get("/sources")
def sources_page(request: Request) -> Response:
    desk = desk_of(request)
    with desk.store.read() as connection:
        found = source_records(connection)
        week = week_yields(connection, now=desk.clock())
    return page(
        request,
        "sources.html",
        here="/sources",
        sources=found,
        week=week,
        ill=sum(source.enabled and not source.is_well for source in found),
        alarms=_alarms(found),
        asked=request.query_params.get("asked"),
    )


def _alarms(found: Sequence[SourceRecord]) -> list[tuple[str, int]]:
    """How many outages were told, by their word."""
    return sorted(Counter(source.status for source in found if source.enabled and source.alarmed).items())


@router.get("/sources/{source_id}")
def source_page(request: Request, source_id: SourceId) -> Response:
    with desk_of(request).store.read() as connection:
        record = source_record(connection, source_id)
        days = days_of(connection, source_id)[:SHOWN_DAYS]
        gaps = gaps_of(connection, source_id, most=MOST_GAPS)
    return page(
        request,
        "source.html",
        here=None,
        source=record,
        days=days,
        most=max((day.pages_found for day in days), default=0),
        gaps=gaps,
        asked=request.query_params.get("asked"),
    )


@router.post("/sources/{source_id}/try", dependencies=[EDIT])
def try_page(request: Request, source_id: SourceId) -> Response:
    """Back to where the button was: the list, or with `?from=source` the page of the source."""
    with desk_of(request).store.write() as connection:
        try_now(connection, source_id, now=database_time(connection))
    is_from_own = request.query_params.get("from") == "source"
    back = f"/sources/{source_id}?asked={source_id}" if is_from_own else f"/sources?asked={source_id}#s{source_id}"
    return RedirectResponse(back, 303, {"Cache-Control": "no-store"})
