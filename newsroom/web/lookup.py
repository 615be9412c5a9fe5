"""The lookup page: paste a text or an address, see what ran before; what is not stored can be fetched."""

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from newsroom.api.callers import EDIT, READ, READERS
from newsroom.api.desk import desk_of
from newsroom.api.lookup import look_up_text, look_up_url
from newsroom.api.problems import problem_of, told
from newsroom.api.shapes import LookupAnswer
from newsroom.web.forms import read_form
from newsroom.web.render import page
from newsroom.web.views import segments
from store.errors import BadInput, NotFound, OnestoryError, Unavailable

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[READ])

MOST_STORIES = 20
MOST_ADDRESS = 2_048


@router.get("/lookup")
async def lookup_page(request: Request) -> Response:
    """The form; with `url` the story of that article, or why there is none."""
    url = request.query_params.get("url", "").strip()
    if not url:
        return page(request, "lookup.html", here="/lookup", url="", text="", answer=None, refusal=None)
    store = desk_of(request).store
    try:
        answer = await anyio.to_thread.run_sync(lambda: look_up_url(store, url))
    except NotFound as error:
        return _refused(request, error, url=url, can_fetch=error.reason == NotFound.reason)
    except BadInput as error:
        return _refused(request, error, url=url)
    return _to_story(answer)


@router.post("/lookup/fetch", dependencies=[EDIT])
async def fetch_page(request: Request) -> Response:
    """To the story of an article, once a crawler has fetched it; or why it was not."""
    form = await read_form(request)
    url = form.line("url", most=MOST_ADDRESS)
    try:
        answer = await request.app.state.fetches.look_up(desk_of(request), url)
    except Unavailable as error:
        return _refused(request, error, url=url, can_fetch=True)
    except (BadInput, NotFound) as error:
        return _refused(request, error, url=url)
    return _to_story(answer)


def _to_story(answer: LookupAnswer) -> Response:
    return RedirectResponse(f"/stories/{answer.found[0].story_id}", 303, {"Cache-Control": "no-store"})


@router.post("/lookup", dependencies=[READERS])
async def lookup_answer(request: Request) -> Response:
    form = await read_form(request)
    # With the line ends that it has elsewhere.
    text = "".join(form.all("text")[:1]).replace("\r\n", "\n")
    try:
        answer = await look_up_text(desk_of(request), text)
    except BadInput as error:
        return _refused(request, error, text=text)
    found = answer.found[:MOST_STORIES]
    return page(
        request,
        "lookup.html",
        here="/lookup",
        url="",
        text=text,
        answer=answer,
        found=found,
        segments=segments(text, [one.spans for one in found]),
        refusal=None,
    )


def _refused(
    request: Request, error: OnestoryError, *, url: str = "", text: str = "", can_fetch: bool = False
) -> Response:
    return page(
        request,
        "lookup.html",
        status=problem_of(error).status,
        here="/lookup",
        url=url,
        text=text,
        answer=None,
        refusal=told(str(error)),
        can_fetch=can_fetch,
    )
