"""The lookup page: search stored articles by text or URL, and have a missing one fetched."""

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from onestory.errors import BadInput, NotFound, OnestoryError, Unavailable
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ, REQUIRE_READ_FOR_POST
from onestory.newsroom.http.problems import as_sentence, problem_of
from onestory.newsroom.lookup.api import LookupResponse, look_up_text, look_up_url
from onestory.newsroom.lookup.reach import limits_of, no_match, what_was_compared
from onestory.newsroom.pages.forms import read_form
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.pages.render import render_page
from onestory.newsroom.stories.views import text_segments

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])

MAX_MATCHES_SHOWN = 20
MAX_TYPED_URL = 2_048
MAX_TYPED_TEXT = 2_000


@router.get("/lookup")
async def lookup_page(request: Request) -> Response:
    """Show the form, filled with a `text`, or for a `url` the story of that article."""
    url = request.query_params.get("url", "").strip()
    if not url:
        text = request.query_params.get("text", "")[:MAX_TYPED_TEXT]
        return render_page(request, "lookup.html", here="/lookup", url="", text=text, answer=None, refusal=None)
    store = api_context(request).store
    try:
        answer = await anyio.to_thread.run_sync(lambda: look_up_url(store, url))
    except NotFound as error:
        return _refused(request, error, url=url, can_fetch=error.reason == NotFound.reason)
    except BadInput as error:
        return _refused(request, error, url=url)
    return _to_story(answer)


@router.post("/lookup/fetch", dependencies=[REQUIRE_EDIT])
async def lookup_fetch_page(request: Request) -> Response:
    """Redirect to the story of an article once a crawler has fetched it, or show why it could not be fetched."""
    form = await read_form(request)
    url = form.line("url", most=MAX_TYPED_URL)
    try:
        answer = await request.app.state.fetches.look_up(api_context(request), url)
    except Unavailable as error:
        return _refused(request, error, url=url, can_fetch=True)
    except (BadInput, NotFound) as error:
        return _refused(request, error, url=url)
    return _to_story(answer)


def _to_story(answer: LookupResponse) -> Response:
    return see_other(f"/stories/{answer.found[0].story_id}")


@router.post("/lookup", dependencies=[REQUIRE_READ_FOR_POST])
async def lookup_text_page(request: Request) -> Response:
    form = await read_form(request)
    # With the line ends used elsewhere.
    text = "".join(form.all("text")[:1]).replace("\r\n", "\n")
    try:
        answer = await look_up_text(api_context(request), text)
    except BadInput as error:
        return _refused(request, error, text=text)
    found = answer.found[:MAX_MATCHES_SHOWN]
    return render_page(
        request,
        "lookup.html",
        here="/lookup",
        url="",
        text=text,
        answer=answer,
        found=found,
        compared=what_was_compared(answer),
        no_match=no_match(answer),
        limits=limits_of(answer),
        segments=text_segments(text, [one.spans for one in found]),
        refusal=None,
    )


def _refused(
    request: Request, error: OnestoryError, *, url: str = "", text: str = "", can_fetch: bool = False
) -> Response:
    return render_page(
        request,
        "lookup.html",
        status=problem_of(error).status,
        here="/lookup",
        url=url,
        text=text,
        answer=None,
        refusal=as_sentence(str(error)),
        can_fetch=can_fetch,
    )
