"""The pages of outlets: list, and one outlet with its report and its settings."""

from urllib.parse import urlencode

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from onestory.errors import BadInput, NotFound
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_ADMIN, REQUIRE_READ
from onestory.newsroom.http.problems import as_sentence
from onestory.newsroom.outlets.api import OutletName
from onestory.newsroom.outlets.report import REPORT_DAYS, outlet_report
from onestory.newsroom.pages.forms import PostedForm, read_form
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.pages.render import render_page
from onestory.store.articles.captures import MAX_OUTLET_CHARS
from onestory.store.frontier.hosts import database_time
from onestory.store.stories.outlets import load_outlet, merge_outlets, outlet_records, update_outlet

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])


@router.get("/outlets")
def outlets_page(request: Request) -> Response:
    with api_context(request).store.read() as connection:
        found = outlet_records(connection)
    return render_page(request, "outlets.html", here=None, outlets=found)


@router.get("/outlet")
def outlet_page(request: Request, name: OutletName) -> Response:
    return _shown(request, name)


def _shown(request: Request, name: str, *, refusal: str | None = None) -> Response:
    desk = api_context(request)
    with desk.store.read() as connection:
        report = outlet_report(connection, name, request.app.state.remembered.standings, now=desk.clock())
        others = [one.name for one in outlet_records(connection) if one.name != report.outlet.name]
    return render_page(
        request,
        "outlet.html",
        status=200 if refusal is None else 422,
        here=None,
        report=report,
        outlet=report.outlet,
        others=others,
        days=REPORT_DAYS,
        refusal=refusal,
        merged=request.query_params.get("merged"),
    )


@router.post("/outlet", dependencies=[REQUIRE_ADMIN])
async def change_outlet_page(request: Request) -> Response:
    form = await read_form(request)
    name = form.line("name", most=MAX_OUTLET_CHARS)
    try:
        await anyio.to_thread.run_sync(lambda: _change(request, name, form))
    except BadInput as error:
        reason = as_sentence(str(error))
        return await anyio.to_thread.run_sync(lambda: _shown(request, name, refusal=reason))
    return see_other("/outlet?" + urlencode({"name": name}))


def _change(request: Request, name: str, form: PostedForm) -> None:
    owner, country = form.line("owner", most=MAX_OUTLET_CHARS), form.line("country", most=40)
    with api_context(request).store.write() as connection:
        record = load_outlet(connection, name)
        update_outlet(connection, record.name, ours=bool(form.all("ours")), owner=owner, country=country)


@router.post("/outlet/merge", dependencies=[REQUIRE_ADMIN])
async def merge_outlet_page(request: Request) -> Response:
    form = await read_form(request)
    name, into = (form.line(field, most=MAX_OUTLET_CHARS) for field in ("name", "into"))
    try:
        await anyio.to_thread.run_sync(lambda: _merge(request, name, into))
    except (BadInput, NotFound) as error:
        reason = as_sentence(str(error).partition(": `")[0])
        return await anyio.to_thread.run_sync(lambda: _shown(request, name, refusal=reason))
    return see_other("/outlet?" + urlencode({"name": into, "merged": name}))


def _merge(request: Request, name: str, into: str) -> None:
    with api_context(request).store.write() as connection:
        merge_outlets(connection, name, into, now=database_time(connection))
