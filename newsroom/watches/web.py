"""The pages of watches: list, one watch, add and end."""

from datetime import UTC, datetime
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from onestory.errors import BadInput, TakenDown
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ, caller_of
from onestory.newsroom.http.problems import as_sentence
from onestory.newsroom.pages.forms import PostedForm, read_form
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.pages.render import render_page
from onestory.newsroom.watches.api import WatchId
from onestory.pipelines.watches.creation import CreatedWatch, WatchRequest, create_watch
from onestory.store.watches.report import watch_report
from onestory.store.watches.watches import WatchRecord, end_watch, watch_records
from onestory.store.webhooks.webhooks import webhooks_of_watch

__all__ = ["router", "show_watch"]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])

MAX_WATCH_STORIES_SHOWN = 50
MAX_WATCHES_SHOWN = 200
MAX_WATCH_NAME = 300


def has_watch_ended(watch: WatchRecord, *, now: datetime) -> bool:
    """Whether the watch has ended."""
    return watch.ended is not None or (watch.until is not None and watch.until <= now)


@router.get("/watches")
def watches_page(request: Request) -> Response:
    return _shown(request)


def _shown(request: Request, *, refusal: str | None = None, form: PostedForm | None = None) -> Response:
    desk = api_context(request)
    now = desk.clock()
    with desk.store.read() as connection:
        found = watch_records(connection)
    return render_page(
        request,
        "watches.html",
        status=200 if refusal is None else 422,
        here="/watches",
        watches=found[:MAX_WATCHES_SHOWN],
        more=max(0, len(found) - MAX_WATCHES_SHOWN),
        over={one.id for one in found if has_watch_ended(one, now=now)},
        refusal=refusal,
        has_searches=bool(request.app.state.templates),
        **_typed(form),
    )


def _typed(form: PostedForm | None) -> dict[str, Any]:
    if form is None:
        return {"name": "", "phrases": "", "urls": "", "until": "", "is_searched": False}
    return {
        "name": form.line("name", most=MAX_WATCH_NAME),
        "phrases": "\n".join(form.lines("phrases")),
        "urls": "\n".join(form.lines("urls")),
        "until": form.line("until", most=40),
        "is_searched": bool(form.all("search")),
    }


@router.post("/watches", dependencies=[REQUIRE_EDIT])
async def add_watch_page(request: Request) -> Response:
    form = await read_form(request)
    try:
        begun = await anyio.to_thread.run_sync(lambda: _begun(request, form))
    except (BadInput, TakenDown) as error:
        refusal = as_sentence(str(error).replace("--", ""))
        return await anyio.to_thread.run_sync(lambda: _shown(request, refusal=refusal, form=form))
    return see_other(f"/watches/{begun.watch.id}")


def _begun(request: Request, form: PostedForm) -> CreatedWatch:
    """Add a watch. Search engines see its terms, so they are queried only if the editor chose so."""
    desk = api_context(request)
    wish = WatchRequest(
        form.lines("phrases"),
        form.lines("urls"),
        form.line("name", most=MAX_WATCH_NAME) or None,
        _until(form.line("until", most=40)),
        request.app.state.templates if form.all("search") else (),
    )
    return create_watch(desk.store, wish, clock=lambda _: desk.clock())


def _until(typed: str) -> datetime | None:
    """Parse a day, and return its beginning in UTC. Raises BadInput."""
    if not typed:
        return None
    try:
        return datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(f"{typed!r} is not a day; it reads like 2026-12-24") from None


@router.get("/watches/{watch_id}")
def watch_page(request: Request, watch_id: WatchId) -> Response:
    return show_watch(request, watch_id)


def show_watch(request: Request, watch_id: int, *, refusal: str | None = None, typed: str = "") -> Response:
    """The page of a watch; with a refused address as it was typed."""
    desk = api_context(request)
    with desk.store.read() as connection:
        report = watch_report(connection, watch_id, limit=MAX_WATCH_STORIES_SHOWN)
        mails = webhooks_of_watch(connection, watch_id, form="email") if caller_of(request).may("edit") else []
    return render_page(
        request,
        "watch.html",
        status=200 if refusal is None else 422,
        here="/watches",
        report=report,
        is_over=has_watch_ended(report.watch, now=desk.clock()),
        mails=mails,
        sends_mail=request.app.state.sends_mail,
        refusal=refusal,
        typed=typed,
    )


@router.post("/watches/{watch_id}/end", dependencies=[REQUIRE_EDIT])
def end_watch_page(request: Request, watch_id: WatchId) -> Response:
    desk = api_context(request)
    with desk.store.write() as connection:
        end_watch(connection, watch_id, now=desk.clock())
    return see_other(f"/watches/{watch_id}")
