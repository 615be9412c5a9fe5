"""Saved searches, by form and by API."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import anyio.to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onestory.errors import BadInput
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormat, list_response
from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ
from onestory.newsroom.http.problems import as_sentence
from onestory.newsroom.http.responses import uncached_json
from onestory.newsroom.http.schemas import ApiModel
from onestory.newsroom.pages.forms import read_form
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.pages.render import render_page
from onestory.newsroom.stories.filters import SearchQuery, SortedQuery
from onestory.store.frontier.hosts import database_time
from onestory.store.watches.saved_searches import (
    MAX_SEARCH_NAME,
    SavedSearch,
    add_saved_search,
    list_saved_searches,
    remove_saved_search,
)

__all__ = ["page_router", "router"]

router = APIRouter(prefix="/v1", tags=["searches"], dependencies=[REQUIRE_READ])
page_router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_EDIT])

MAX_QUERY = 2_000
SearchNumber = Annotated[int, Path(ge=1, le=MAX_DATABASE_ID, description="The id of a saved search.", examples=[4])]
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such search."}}
# Of the filters of a list, those that are no part of a search.
NO_FILTERS = ("limit", "cursor", "fields", "format")


class NewSavedSearch(BaseModel):
    """A search to keep."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=MAX_SEARCH_NAME, examples=["Harbour"])]
    query: Annotated[
        str,
        Field(
            max_length=MAX_QUERY,
            description="The filters of `/v1/stories` or `/v1/search`, as a query string.",
            examples=["q=harbour+bridge&min_outlets=3"],
        ),
    ]


class KeptSearch(ApiModel):
    """A saved search."""

    id: Annotated[int, Field(examples=[4])]
    name: Annotated[str, Field(examples=["Harbour"])]
    query: Annotated[str, Field(examples=["q=harbour+bridge&min_outlets=3"])]
    created: datetime


class KeptSearchList(ApiModel):
    searches: list[KeptSearch]


def checked_query(typed: str) -> str:
    """The filters in normal form. Raises BadInput for what is no list of stories."""
    filters = {name: value for name, value in parse_qsl(typed.lstrip("?"), max_num_fields=30) if value}
    filters = {name: value for name, value in filters.items() if name not in NO_FILTERS}
    try:
        if "q" in filters:
            order = "relevance" if filters.get("sort", filters.get("order")) == "relevance" else "time"
            others = {name: value for name, value in filters.items() if name not in ("sort", "order")}
            SearchQuery.model_validate({**others, "order": order})
        elif filters:
            SortedQuery.model_validate(filters)
        else:
            raise BadInput("the search has no filter: choose one first")
    except ValidationError as error:
        fault = error.errors()[0]
        raise BadInput(f"{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}") from error
    return urlencode(filters)


@router.get(
    "/searches",
    response_model=KeptSearchList,
    responses=CSV_RESPONSE,
    summary="List saved searches",
    operation_id="listSavedSearches",
)
def get_searches(request: Request, shown_as: ListFormat = None) -> Response:
    """Searches that editors keep, by name. They are shared by all who use this Onestory."""
    with api_context(request).store.read() as connection:
        found = list_saved_searches(connection)
    told = KeptSearchList(searches=[KeptSearch.model_validate(one) for one in found])
    return list_response(request, told, shown_as=shown_as)


@router.post(
    "/searches",
    status_code=201,
    response_model=KeptSearch,
    summary="Save a search",
    operation_id="addSavedSearch",
    dependencies=[REQUIRE_EDIT],
)
def post_search(request: Request, wanted: NewSavedSearch) -> Response:
    """Keep a search under a name of its own."""
    return uncached_json(KeptSearch.model_validate(_saved(request, wanted.name, wanted.query)), status=201)


@router.delete(
    "/searches/{search_id}",
    status_code=204,
    response_class=Response,
    summary="Remove a saved search",
    operation_id="removeSavedSearch",
    responses=NOT_FOUND,
    dependencies=[REQUIRE_EDIT],
)
def delete_search(request: Request, search_id: SearchNumber) -> Response:
    """Remove a saved search. Its stories stay."""
    _remove(request, search_id)
    return Response(status_code=204)


def _saved(request: Request, name: str, query: str) -> SavedSearch:
    normal = checked_query(query)
    with api_context(request).store.write() as connection:
        return add_saved_search(connection, name, normal, now=database_time(connection))


def _remove(request: Request, number: int) -> None:
    with api_context(request).store.write() as connection:
        remove_saved_search(connection, number)


@page_router.get("/searches")
def searches_page(request: Request) -> Response:
    return _shown(request)


def _shown(request: Request, *, refusal: str | None = None, name: str = "", query: str = "") -> Response:
    with api_context(request).store.read() as connection:
        found = list_saved_searches(connection)
    status = 200 if refusal is None else 422
    return render_page(
        request, "searches.html", status=status, here=None, searches=found, refusal=refusal, name=name, query=query
    )


@page_router.post("/searches")
async def save_search_page(request: Request) -> Response:
    form = await read_form(request)
    name, query = form.line("name", most=MAX_SEARCH_NAME + 1), form.line("query", most=MAX_QUERY)
    try:
        kept = await anyio.to_thread.run_sync(lambda: _saved(request, name, query))
    except BadInput as error:
        reason = as_sentence(str(error))
        return await anyio.to_thread.run_sync(lambda: _shown(request, refusal=reason, name=name, query=query))
    return see_other(f"/?{kept.query}")


@page_router.post("/searches/{search_id}/remove")
def remove_search_page(request: Request, search_id: SearchNumber) -> Response:
    _remove(request, search_id)
    return see_other("/searches")
