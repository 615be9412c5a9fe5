"""The pages of watches: all of them, one with what it gathered; to begin one, and to end it."""

from datetime import UTC, datetime
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from crawler.watch_making import Begun, WatchWish, begin_watch
from newsroom.api.callers import EDIT, READ
from newsroom.api.desk import desk_of
from newsroom.api.problems import told
from newsroom.api.watches import WatchId
from newsroom.web.forms import Form, read_form
from newsroom.web.render import page
from store.errors import BadInput, TakenDown
from store.watch_report import watch_report
from store.watches import WatchRecord, end_watch, watch_records

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[READ])

MOST_STORIES = 50
MOST_WATCHES = 200
MOST_NAME = 300


def is_over(watch: WatchRecord, *, now: datetime) -> bool:
    """Whether nothing more is gathered for it."""
    return watch.ended is not None or (watch.until is not None and watch.until <= now)


@router.get("/watches")
def watches_page(request: Request) -> Response:
    return _shown(request)


def _shown(request: Request, *, refusal: str | None = None, form: Form | None = None) -> Response:
    desk = desk_of(request)
    now = desk.clock()
    with desk.store.read() as connection:
        found = watch_records(connection)
    return page(
        request,
        "watches.html",
        status=200 if refusal is None else 422,
        here="/watches",
        watches=found[:MOST_WATCHES],
        more=max(0, len(found) - MOST_WATCHES),
        over={one.id for one in found if is_over(one, now=now)},
        refusal=refusal,
        has_searches=bool(request.app.state.templates),
        **_typed(form),
    )


def _typed(form: Form | None) -> dict[str, Any]:
    if form is None:
        return {"name": "", "phrases": "", "urls": "", "until": "", "is_searched": False}
    return {
        "name": form.line("name", most=MOST_NAME),
        "phrases": "\n".join(form.lines("phrases")),
        "urls": "\n".join(form.lines("urls")),
        "until": form.line("until", most=40),
        "is_searched": bool(form.all("search")),
    }


@router.post("/watches", dependencies=[EDIT])
async def add_page(request: Request) -> Response:
    form = await read_form(request)
    try:
        begun = await anyio.to_thread.run_sync(lambda: _begun(request, form))
    except (BadInput, TakenDown) as error:
        refusal = told(str(error).replace("--", ""))
        return await anyio.to_thread.run_sync(lambda: _shown(request, refusal=refusal, form=form))
    return RedirectResponse(f"/watches/{begun.watch.id}", 303, {"Cache-Control": "no-store"})


def _begun(request: Request, form: Form) -> Begun:
    """Search feeds learn what is followed, so they are asked only where the editor says so."""
    desk = desk_of(request)
    wish = WatchWish(
        form.lines("phrases"),
        form.lines("urls"),
        form.line("name", most=MOST_NAME) or None,
        _until(form.line("until", most=40)),
        request.app.state.templates if form.all("search") else (),
    )
    return begin_watch(desk.store, wish, clock=lambda _: desk.clock())


def _until(typed: str) -> datetime | None:
    """The beginning of a day, UTC. Raises BadInput."""
    if not typed:
        return None
    try:
        return datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(f"{typed!r} is not a day; it reads like 2026-12-24") from None


@router.get("/watches/{watch_id}")
def watch_page(request: Request, watch_id: WatchId) -> Response:
    desk = desk_of(request)
    with desk.store.read() as connection:
        report = watch_report(connection, watch_id, limit=MOST_STORIES)
    return page(request, "watch.html", here="/watches", report=report, is_over=is_over(report.watch, now=desk.clock()))


@router.post("/watches/{watch_id}/end", dependencies=[EDIT])
def end_page(request: Request, watch_id: WatchId) -> Response:
    desk = desk_of(request)
    with desk.store.write() as connection:
        end_watch(connection, watch_id, now=desk.clock())
    return RedirectResponse(f"/watches/{watch_id}", 303, {"Cache-Control": "no-store"})
