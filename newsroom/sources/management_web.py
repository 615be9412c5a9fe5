"""The forms that manage sources: add, import, schedule, pause and remove."""

from collections.abc import Callable

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from onestory.crawler.sources.source_changes import ScheduleChange
from onestory.crawler.sources.source_file import import_opml
from onestory.errors import BadInput
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_ADMIN
from onestory.newsroom.http.problems import as_sentence
from onestory.newsroom.pages.forms import PostedForm, read_form
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.sources.api import SourceId
from onestory.newsroom.sources.management import MAX_SOURCE_URL, SourceChange, SourceWish, edit_source, request_source
from onestory.newsroom.sources.web import show_source, show_sources
from onestory.store.articles.captures import MAX_OUTLET_CHARS
from onestory.store.sources.source_list import remove_source

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_ADMIN])

MAX_FIELD = 200
MAX_MINUTES = 44_640
MINUTES = {"interval_seconds": "start", "min_seconds": "shortest", "max_seconds": "longest"}
NOTHING_CHOSEN = "Choose an OPML file, as exported by feed readers."


@router.post("/sources")
async def add_source_page(request: Request) -> Response:
    form = await read_form(request)
    typed = {
        "url": form.line("url", most=MAX_SOURCE_URL + 1),
        "kind": form.line("kind", most=10),
        "outlet": form.line("outlet", most=MAX_OUTLET_CHARS + 1),
        "language": form.line("language", most=40),
    }
    wish = SourceWish(typed["url"], typed["kind"] == "section", typed["outlet"] or None, typed["language"] or None)
    return await _done_or(
        lambda: request_source(api_context(request).store, wish),
        lambda refusal: show_sources(request, refusal=refusal, typed=typed),
        "/sources#requested",
    )


@router.post("/sources/import")
async def import_sources_page(request: Request) -> Response:
    form = await read_form(request)
    body = form.files.get("list", b"")
    try:
        if not body:
            raise BadInput(NOTHING_CHOSEN)
        found = await anyio.to_thread.run_sync(lambda: import_opml(api_context(request).store, body))
    except BadInput as error:
        refusal = as_sentence(str(error))
        return await anyio.to_thread.run_sync(lambda: show_sources(request, refusal=refusal))
    return await anyio.to_thread.run_sync(lambda: show_sources(request, imported=found))


@router.post("/sources/{source_id}/settings")
async def change_source_page(request: Request, source_id: SourceId) -> Response:
    form = await read_form(request)
    names = (*MINUTES, "cron", "timezone", "daily_pages")
    typed = {name: form.line(name, most=MAX_FIELD) for name in names}
    return await _done_or(
        lambda: edit_source(api_context(request).store, source_id, _change(form, typed)),
        lambda refusal: show_source(request, source_id, refusal=refusal, typed=typed),
        f"/sources/{source_id}?saved=1",
    )


def _change(form: PostedForm, typed: dict[str, str]) -> SourceChange:
    """The change that a form asks for. Empty fields stay as they are, but an empty cron returns to the interval."""
    start, shortest, longest = (_minutes(typed[name], told) for name, told in MINUTES.items())
    schedule = ScheduleChange(
        start,
        shortest,
        longest,
        cron=typed["cron"],
        timezone=typed["timezone"] or None,
        daily_pages=_number(typed["daily_pages"], "new pages per day", most=1_000_000),
    )
    return SourceChange(schedule, bool(form.all("watched_only")))


def _minutes(typed: str, told: str) -> int | None:
    number = _number(typed, f"the {told} interval", most=MAX_MINUTES)
    return None if number is None else number * 60


def _number(typed: str, told: str, *, most: int) -> int | None:
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and 0 < int(typed[:20]) <= most):
        raise BadInput(f"{told} is a number from 1 to {most:,}, not {typed[:40]!r}")
    return int(typed)


@router.post("/sources/{source_id}/pause")
def pause_source_page(request: Request, source_id: SourceId) -> Response:
    edit_source(api_context(request).store, source_id, SourceChange(ScheduleChange(enabled=False)))
    return see_other(f"/sources/{source_id}")


@router.post("/sources/{source_id}/resume")
def resume_source_page(request: Request, source_id: SourceId) -> Response:
    edit_source(api_context(request).store, source_id, SourceChange(ScheduleChange(enabled=True)))
    return see_other(f"/sources/{source_id}")


@router.post("/sources/{source_id}/remove")
def remove_source_page(request: Request, source_id: SourceId) -> Response:
    with api_context(request).store.write() as connection:
        remove_source(connection, source_id)
    return see_other("/sources?removed=1")


async def _done_or(work: Callable[[], object], refused: Callable[[str], Response], to: str) -> Response:
    """Do the work and go on, or show the form again with the reason."""
    try:
        await anyio.to_thread.run_sync(work)
    except BadInput as error:
        reason = as_sentence(str(error))
        return await anyio.to_thread.run_sync(lambda: refused(reason))
    return see_other(to)
