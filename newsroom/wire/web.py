"""The page of the use report."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from onestory.errors import BadInput
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.pagination import decode_cursor, encode_cursor, filters_digest
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.problems import as_sentence
from onestory.newsroom.pages.render import render_page
from onestory.newsroom.wire.api import use_filter
from onestory.newsroom.wire.report import STANDINGS, UsePage, client_months, use_page
from onestory.store.stories.listing import StoryCursor
from onestory.store.wire.uses import UseFilter, provider_counts

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])

USES_A_PAGE = 50
MAX_NAME = 300
SHOWN = "52w"


@router.get("/wire")
def wire_page(request: Request) -> Response:
    """Totals by client and month, then each use. Without a month those of the last 52 weeks."""
    desk = api_context(request)
    typed = {name: request.query_params.get(name, "").strip()[:MAX_NAME] for name in ("provider", "outlet", "month")}
    filters = {name: value for name, value in typed.items() if value}
    refusal = None
    try:
        since = None if filters.get("month") else SHOWN
        wanted = use_filter(
            filters.get("provider"), filters.get("outlet"), filters.get("month"), since, now=desk.clock()
        )
        name = filters_digest(filters)
        cursor = request.query_params.get("cursor")
        place = decode_cursor(cursor, of=name) if cursor else None
    except BadInput as error:
        refusal, wanted, name, place = as_sentence(str(error)), UseFilter(), "", None
    with desk.store.read() as connection:
        providers = provider_counts(connection)
        totals = [] if refusal or place else client_months(connection, wanted)
        page = UsePage((), None)
        if refusal is None:
            page = use_page(
                connection,
                wanted,
                counts=request.app.state.story_memory.differences,
                after=None if place is None else (place.last_seen, place.id),
                limit=USES_A_PAGE,
            )
    following = None if page.after is None else encode_cursor(StoryCursor(*page.after, up_to=0), of=name)
    return render_page(
        request,
        "wire.html",
        status=200 if refusal is None else 422,
        here=None,
        providers=providers,
        totals=totals,
        uses=page.uses,
        following=None if following is None else "/wire?" + urlencode({**filters, "cursor": following}),
        typed=typed,
        query=urlencode(filters),
        exported=urlencode({**filters, **({} if filters.get("month") else {"since": SHOWN})}),
        standings=STANDINGS,
        refusal=refusal,
        is_later=place is not None,
    )
