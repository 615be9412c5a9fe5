"""The pages of sources: list, one source with its yield and gaps, and "Check now"."""

from collections import Counter
from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response

from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.pages.render import render_page
from onestory.newsroom.sources.api import SourceId
from onestory.store.frontier.hosts import database_time
from onestory.store.sources.coverage import daily_yields, gaps_of, weekly_yields
from onestory.store.sources.failing import failing_sources
from onestory.store.sources.health import schedule_poll_now
from onestory.store.sources.source_records import SourceRecord, load_source, source_records

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])

MAX_GAPS_SHOWN = 50
MAX_DAYS_SHOWN = 30


@router.get("/sources")
def sources_page(request: Request) -> Response:
    desk = api_context(request)
    with desk.store.read() as connection:
        found = source_records(connection)
        failing = failing_sources(connection)
        week = weekly_yields(connection, now=desk.clock())
    return render_page(
        request,
        "sources.html",
        here="/sources",
        sources=found,
        week=week,
        ill=sum(source.enabled and not source.is_well for source in found),
        alarms=_alarms(found),
        failing=failing,
        asked=request.query_params.get("asked"),
    )


def _alarms(found: Sequence[SourceRecord]) -> list[tuple[str, int]]:
    """The number of alarms by status."""
    return sorted(Counter(source.status for source in found if source.enabled and source.alarmed).items())


@router.get("/sources/{source_id}")
def source_page(request: Request, source_id: SourceId) -> Response:
    with api_context(request).store.read() as connection:
        record = load_source(connection, source_id)
        days = daily_yields(connection, source_id)[:MAX_DAYS_SHOWN]
        gaps = gaps_of(connection, source_id, most=MAX_GAPS_SHOWN)
    return render_page(
        request,
        "source.html",
        here=None,
        source=record,
        days=days,
        most=max((day.pages_found for day in days), default=0),
        gaps=gaps,
        asked=request.query_params.get("asked"),
    )


@router.post("/sources/{source_id}/try", dependencies=[REQUIRE_EDIT])
def try_source_page(request: Request, source_id: SourceId) -> Response:
    """Make a source due, and return to the list, or with `?from=source` to the page of the source."""
    with api_context(request).store.write() as connection:
        schedule_poll_now(connection, source_id, now=database_time(connection))
    is_from_own = request.query_params.get("from") == "source"
    back = f"/sources/{source_id}?asked={source_id}" if is_from_own else f"/sources?asked={source_id}#s{source_id}"
    return see_other(back)
