"""The lookup page: paste a text or an address, see what ran before."""

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from newsroom.api.callers import READ, READERS
from newsroom.api.desk import desk_of
from newsroom.api.lookup import look_up_text, look_up_url
from newsroom.api.problems import told
from newsroom.web.forms import read_form
from newsroom.web.render import page
from newsroom.web.views import segments
from store.errors import BadInput, NotFound

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[READ])

MOST_STORIES = 20


@router.get("/lookup")
async def lookup_page(request: Request) -> Response:
    """The form; with `url` the story of that article, or why there is none."""
    url = request.query_params.get("url", "").strip()
    if not url:
        return page(request, "lookup.html", here="/lookup", url="", text="", answer=None, refusal=None)
    store = desk_of(request).store
    try:
        answer = await anyio.to_thread.run_sync(lambda: look_up_url(store, url))
    except (BadInput, NotFound) as error:
        return _refused(request, error, url=url)
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


def _refused(request: Request, error: BadInput | NotFound, *, url: str = "", text: str = "") -> Response:
    status = 422 if isinstance(error, BadInput) else 404
    return page(
        request,
        "lookup.html",
        status=status,
        here="/lookup",
        url=url,
        text=text,
        answer=None,
        refusal=told(str(error)),
    )
