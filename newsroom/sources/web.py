"""The pages of sources: list, one source with its yield and gaps, and "Check now"."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from onestory.crawler.sources.source_file import SourceImport
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.pages.render import render_page
from onestory.newsroom.sources.api import Source, SourceId
from onestory.store.audits import read_last_audit
from onestory.store.frontier.hosts import database_time
from onestory.store.sources.coverage import daily_yields, gaps_of, weekly_yields
from onestory.store.sources.failing import failing_sources
from onestory.store.sources.health import schedule_poll_now
from onestory.store.sources.requests import recent_source_requests
from onestory.store.sources.source_records import SourceRecord, load_source, source_records

__all__ = ["router", "show_source", "show_sources"]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])

MAX_GAPS_SHOWN = 50
MAX_DAYS_SHOWN = 30
MAX_REQUESTS_SHOWN = 20
RESULTS_SHOWN_FOR = timedelta(hours=1)
MAX_MARK = 40
NOTHING_TYPED = {"url": "", "kind": "", "outlet": "", "language": ""}


@router.get("/sources")
def sources_page(request: Request) -> Response:
    return show_sources(request)


def show_sources(
    request: Request,
    *,
    refusal: str | None = None,
    typed: Mapping[str, str] | None = None,
    imported: SourceImport | None = None,
) -> Response:
    """The list of sources; with a refused form as it was typed, or with the result of an import."""
    desk = api_context(request)
    with desk.store.read() as connection:
        found = source_records(connection)
        failing = failing_sources(connection)
        audit = read_last_audit(connection)
        week = weekly_yields(connection, now=desk.clock())
        wished = recent_source_requests(
            connection, since=database_time(connection) - RESULTS_SHOWN_FOR, limit=MAX_REQUESTS_SHOWN
        )
    return render_page(
        request,
        "sources.html",
        status=200 if refusal is None else 422,
        here="/sources",
        refusal=refusal,
        typed=typed or NOTHING_TYPED,
        imported=imported,
        wished=wished,
        outlet_of={source.id: source.outlet for source in found},
        sources=found,
        week=week,
        ill=sum(source.enabled and not source.is_well for source in found),
        alarms=_alarms(found),
        failing=failing,
        audit=audit,
        asked=request.query_params.get("asked"),
    )


def _alarms(found: Sequence[SourceRecord]) -> list[tuple[str, int]]:
    """The number of alarms by status."""
    return sorted(Counter(source.status for source in found if source.enabled and source.alarmed).items())


@router.get("/sources/{source_id}")
def source_page(request: Request, source_id: SourceId) -> Response:
    return show_source(request, source_id)


def show_source(
    request: Request, source_id: int, *, refusal: str | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    """The page of a source; with a refused form as it was typed."""
    with api_context(request).store.read() as connection:
        record = load_source(connection, source_id)
        days = daily_yields(connection, source_id)[:MAX_DAYS_SHOWN]
        gaps = gaps_of(connection, source_id, most=MAX_GAPS_SHOWN)
    return render_page(
        request,
        "source.html",
        status=200 if refusal is None else 422,
        here=None,
        refusal=refusal,
        typed=schedule_as_typed(record) if typed is None else typed,
        check=requested_check(request, record),
        source=record,
        days=days,
        most=max((day.pages_found for day in days), default=0),
        gaps=gaps,
        asked=request.query_params.get("asked"),
    )


@dataclass(frozen=True, slots=True)
class RequestedCheck:
    """A poll that the reader requested. `mark` is that of the last poll before it; `new_pages` what it found."""

    is_done: bool
    mark: str
    new_pages: int


def poll_mark(record: SourceRecord) -> str:
    """The time of the last poll as the API writes it; empty if there was none."""
    return Source.model_validate(record).model_dump(mode="json")["last_poll"] or ""


def requested_check(request: Request, record: SourceRecord) -> RequestedCheck | None:
    """The check that the reader waits for, by the marks that "Check now" put into the address."""
    asked, mark = request.query_params.get("asked"), request.query_params.get("was")
    had = request.query_params.get("had", "")
    if asked != str(record.id) or mark is None or len(mark) > MAX_MARK:
        return None
    before = int(had) if had.isascii() and had.isdigit() and len(had) < MAX_MARK else record.pages_found
    return RequestedCheck(poll_mark(record) != mark, mark, max(0, record.pages_found - before))


def schedule_as_typed(record: SourceRecord) -> dict[str, str]:
    """The settings of a source as the fields of its form."""
    names = ("interval_seconds", "min_seconds", "max_seconds", "cron", "timezone", "daily_pages")
    fields = {name: getattr(record, name) for name in names}
    minutes = {name: value // 60 for name, value in fields.items() if name.endswith("_seconds") and value}
    return {name: "" if value is None else str(value) for name, value in {**fields, **minutes}.items()}


@router.post("/sources/{source_id}/try", dependencies=[REQUIRE_EDIT])
def try_source_page(request: Request, source_id: SourceId) -> Response:
    """Make a source due. The page of the source shows the result when it is there."""
    with api_context(request).store.write() as connection:
        record = load_source(connection, source_id)
        schedule_poll_now(connection, source_id, now=database_time(connection))
    was = urlencode({"asked": source_id, "was": poll_mark(record), "had": record.pages_found})
    return see_other(f"/sources/{source_id}?{was}")
