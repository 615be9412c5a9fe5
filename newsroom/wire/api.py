"""API of dispatches: import, providers, and the report on their use."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from onestory.errors import BadInput
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormat, list_response
from onestory.newsroom.http.pagination import (
    decode_cursor,
    encode_cursor,
    filters_digest,
    next_link_of_request,
)
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ
from onestory.newsroom.http.responses import uncached_json
from onestory.newsroom.wire.report import client_months, month_bounds, use_page
from onestory.newsroom.wire.schemas import (
    EXAMPLE_URI,
    ClientMonthList,
    ClientMonthRow,
    DispatchReceipt,
    ImportedDispatches,
    Provider,
    ProviderList,
    UseList,
    use_row,
)
from onestory.pipelines.runtime.bounded_calls import BoundedCalls, LimitExceeded
from onestory.pipelines.wire.reading import read_dispatch_file
from onestory.pipelines.wire.receiving import dispatch_furniture, receive
from onestory.store.articles.captures import MAX_OUTLET_CHARS
from onestory.store.stories.listing import StoryCursor
from onestory.store.wire.uses import UseFilter, provider_counts
from onestory.times import parse_time

__all__ = ["READER_MODULES", "MonthParameter", "ProviderName", "router", "use_filter"]

router = APIRouter(prefix="/v1", tags=["wire"], dependencies=[REQUIRE_READ])

READER_MODULES = ("onestory.pipelines.wire.reading",)
MAX_USES = 200
KINDS = (
    "application/json",
    "application/vnd.iptc.ninjs+json",
    "application/xml",
    "text/xml",
    "application/vnd.iptc.g2.newsitem+xml",
    "application/vnd.iptc.g2.newsmessage+xml",
)
ProviderName = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=MAX_OUTLET_CHARS,
        description="A provider, by its exact name.",
        examples=["Coast Wire"],
    ),
]
FilingProvider = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=MAX_OUTLET_CHARS,
        description="Who files the dispatches. Without it, they have to name their provider.",
        examples=["Coast Wire"],
    ),
]
ClientName = Annotated[
    str | None,
    Query(min_length=1, max_length=MAX_OUTLET_CHARS, description="An outlet.", examples=["Harbour Post"]),
]
MonthParameter = Annotated[
    str | None,
    Query(max_length=7, description="Copies first seen in this month, in UTC.", examples=["2026-11"]),
]
SinceParameter = Annotated[
    str | None, Query(max_length=40, description="Copies first seen at or after this time, or age.", examples=["30d"])
]
UseLimit = Annotated[int, Query(ge=1, le=MAX_USES, description="Maximum number of uses.")]
UseCursor = Annotated[str | None, Query(description="`next` of the previous page, given with the same filters.")]


@router.post(
    "/dispatches",
    response_model=ImportedDispatches,
    summary="Import dispatches",
    operation_id="importDispatches",
    dependencies=[REQUIRE_EDIT],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "description": "ninjs 3, 2 or 1; or an object with `uri`, `title` and `text`; or an array.",
                        "examples": [
                            {"uri": EXAMPLE_URI, "title": "Bridge to close", "text": "The harbour bridge will close."}
                        ],
                    }
                },
                "application/xml": {
                    "schema": {
                        "type": "string",
                        "description": "NewsML-G2: a newsItem, or a newsMessage.",
                        "examples": [f'<newsItem guid="{EXAMPLE_URI}">'],
                    }
                },
            },
        }
    },
    responses={
        413: {"description": "The body is larger than 1 MB."},
        415: {"description": "The body is neither JSON nor XML."},
        422: {"description": "None of it can be used: `detail` gives the first reason."},
    },
)
async def post_dispatches(request: Request, provider: FilingProvider = None) -> Response:
    """Store dispatches of an agency or of the operator's own system. Importing them again changes nothing.

    A dispatch is the original of the story whose copies run it. A later version corrects it. The status `canceled` or
    `withheld` withdraws it.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in KINDS:
        raise HTTPException(415, "Send ninjs or JSON as application/json, NewsML-G2 as application/xml.")
    desk = api_context(request)
    body, now = await request.body(), desk.clock()
    furniture = dispatch_furniture(desk.store)
    calls: BoundedCalls = request.app.state.wire_reader
    try:
        file = await calls.call(read_dispatch_file, body, provider=provider, source="API", furniture=furniture, now=now)
    except LimitExceeded as limit:
        raise BadInput(f"{limit}: send fewer dispatches at once") from limit
    if file.faults and not file.readings and not file.notices:
        raise BadInput(file.faults[0])
    receipts = await desk.with_index(lambda index_client: receive(desk.store, index_client, file, now=now))
    answer = [
        DispatchReceipt(
            uri=one.filing.uri,
            provider=one.filing.provider,
            version=one.filing.version,
            article=one.article_id,
            result=one.result,
        )
        for one in receipts
    ]
    return uncached_json(ImportedDispatches(dispatches=answer, faults=list(file.faults), left_out=file.left_out))


@router.get(
    "/providers",
    response_model=ProviderList,
    responses=CSV_RESPONSE,
    summary="List providers",
    operation_id="listProviders",
)
def get_providers(request: Request, shown_as: ListFormat = None) -> Response:
    """Who has filed dispatches, and how many."""
    with api_context(request).store.read() as connection:
        found = provider_counts(connection)
    answer = ProviderList(providers=[Provider.model_validate(one) for one in found])
    return list_response(request, answer, shown_as=shown_as)


@router.get(
    "/uses",
    response_model=UseList,
    responses={400: {"description": "The cursor is malformed, or belongs to another list."}, **CSV_RESPONSE},
    summary="List the uses of dispatches",
    operation_id="listUses",
)
def get_uses(  # noqa: PLR0913 - the filters, by name
    request: Request,
    *,
    provider: ProviderName = None,
    outlet: ClientName = None,
    month: MonthParameter = None,
    since: SinceParameter = None,
    limit: UseLimit = 50,
    cursor: UseCursor = None,
    shown_as: ListFormat = None,
) -> Response:
    """Who ran each dispatch, how much of it, with which credit, and whether the copy follows its corrections."""
    desk = api_context(request)
    wanted = use_filter(provider, outlet, month, since, now=desk.clock())
    name = filters_digest({"provider": provider, "outlet": outlet, "month": month, "since": since})
    place = None if cursor is None else decode_cursor(cursor, of=name)
    after = None if place is None else (place.last_seen, place.id)
    with desk.store.read() as connection:
        page = use_page(connection, wanted, counts=request.app.state.story_memory.differences, after=after, limit=limit)
    following = None if page.after is None else encode_cursor(StoryCursor(*page.after, up_to=0), of=name)
    answer = UseList(uses=[use_row(use) for use in page.uses], next=following)
    return list_response(request, answer, shown_as=shown_as, headers=next_link_of_request(request, following))


@router.get(
    "/uses/clients",
    response_model=ClientMonthList,
    responses=CSV_RESPONSE,
    summary="Count the uses of dispatches by client and month",
    operation_id="countUsesByClient",
)
def get_client_months(
    request: Request,
    *,
    provider: ProviderName = None,
    outlet: ClientName = None,
    month: MonthParameter = None,
    since: SinceParameter = None,
    shown_as: ListFormat = None,
) -> Response:
    """What each outlet made of each provider's dispatches in each month."""
    desk = api_context(request)
    wanted = use_filter(provider, outlet, month, since, now=desk.clock())
    with desk.store.read() as connection:
        found = client_months(connection, wanted)
    answer = ClientMonthList(clients=[ClientMonthRow.model_validate(one) for one in found])
    return list_response(request, answer, shown_as=shown_as)


def use_filter(
    provider: str | None, outlet: str | None, month: str | None, since: str | None, *, now: datetime
) -> UseFilter:
    """The filters of a report. Raises BadInput."""
    if month and since:
        raise BadInput("give either a month or a start time, not both")
    if month:
        first, following = month_bounds(month)
        return UseFilter(provider or None, outlet or None, first, following)
    try:
        return UseFilter(provider or None, outlet or None, parse_time(since, now=now) if since else None)
    except ValueError as error:
        raise BadInput(f"since: {error}") from error
