"""API for the management of sources: add, import, export, change and remove."""

from datetime import datetime
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from onestory.crawler.sources.source_changes import ScheduleChange
from onestory.crawler.sources.source_file import export_opml, import_opml
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.newsroom.http.permissions import REQUIRE_ADMIN, REQUIRE_READ
from onestory.newsroom.http.responses import json_response, uncached_json
from onestory.newsroom.http.schemas import ApiModel
from onestory.newsroom.sources.api import Source, SourceId
from onestory.newsroom.sources.management import MAX_SOURCE_URL, SourceChange, SourceWish, edit_source, request_source
from onestory.store.articles.captures import MAX_OUTLET_CHARS
from onestory.store.sources.requests import load_source_request
from onestory.store.sources.source_list import remove_source

__all__ = ["SourceRequestId", "router"]

router = APIRouter(prefix="/v1", tags=["sources"], dependencies=[REQUIRE_READ])

OPML_TYPE = "text/x-opml"
OPML_SCHEMA = {
    "schema": {
        "type": "string",
        "examples": ['<opml version="2.0"><body><outline xmlUrl="https://a.example/feed"/></body></opml>'],
    }
}
SOURCE_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such source."}}
SourceRequestId = Annotated[int, Path(ge=1, le=MAX_DATABASE_ID, description="The id of a request.", examples=[1])]
MAX_SECONDS = 86_400 * 31


class NewSourceRequest(BaseModel):
    """An address to poll."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_SOURCE_URL,
            description="A feed, a sitemap, or a homepage that names one.",
            examples=["https://www.harbourpost.example/"],
        ),
    ]
    section: Annotated[
        bool, Field(description="Use the page itself as the source, and follow its links to articles.")
    ] = False
    outlet: Annotated[
        str | None,
        Field(max_length=MAX_OUTLET_CHARS, description="By default host name.", examples=["Harbour Post"]),
    ] = None
    language: Annotated[str | None, Field(max_length=40, description="A code such as en.", examples=["en"])] = None


class RequestedSource(ApiModel):
    """A requested source. A crawler finds out what is at the address."""

    id: Annotated[int, Field(examples=[1])]
    url: Annotated[str, Field(examples=["https://www.harbourpost.example/"])]
    state: Annotated[str, Field(description="One of waiting, added and refused.", examples=["waiting"])]
    created: datetime
    finished: datetime | None
    source_id: Annotated[int | None, Field(description="The source, once it is added.")]
    why: Annotated[str | None, Field(description="The reason if it was refused.")]


class SourceChangeRequest(BaseModel):
    """The fields to change. Fields that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: Annotated[bool | None, Field(description="Whether it is polled.")] = None
    interval_seconds: Annotated[int | None, Field(ge=1, le=MAX_SECONDS, description="To start from.")] = None
    min_seconds: Annotated[int | None, Field(ge=1, le=MAX_SECONDS, description="The shortest interval.")] = None
    max_seconds: Annotated[int | None, Field(ge=1, le=MAX_SECONDS, description="The longest interval.")] = None
    cron: Annotated[
        str | None,
        Field(max_length=200, description="Instead of an interval; empty returns to it.", examples=["*/10 6-22 * * *"]),
    ] = None
    timezone: Annotated[str | None, Field(max_length=60, description="Of `cron`.", examples=["Europe/Berlin"])] = None
    daily_pages: Annotated[int | None, Field(ge=1, le=1_000_000, description="Most new pages per day.")] = None
    watched_only: Annotated[bool | None, Field(description="Whether only pages that a watch wants are fetched.")] = None


class LeftOutOutline(BaseModel):
    """An outline that is not a source."""

    name: Annotated[str, Field(examples=["Harbour Post"])]
    why: Annotated[str, Field(examples=["ftp is not read"])]


class ImportedSources(BaseModel):
    """The result of an import."""

    added: int
    known: Annotated[int, Field(description="Sources known before; they stay as they are.")]
    left_out: list[LeftOutOutline]


@router.post(
    "/sources",
    status_code=202,
    response_model=RequestedSource,
    summary="Request a source",
    operation_id="addSource",
    dependencies=[REQUIRE_ADMIN],
)
def post_source(request: Request, wanted: NewSourceRequest) -> Response:
    """Ask for an address to be polled. A running crawler finds out what is there.

    `/v1/source-requests/{id}` has the result.
    """
    wish = SourceWish(wanted.url.strip(), wanted.section, wanted.outlet, wanted.language)
    found = request_source(api_context(request).store, wish)
    return uncached_json(RequestedSource.model_validate(found), status=202)


@router.get(
    "/source-requests/{request_id}",
    response_model=RequestedSource,
    summary="Get a requested source",
    operation_id="getSourceRequest",
    responses={404: {"description": "There is no such request. Results are kept for a week."}},
)
def get_source_request(request: Request, request_id: SourceRequestId) -> Response:
    """The state of a requested source."""
    with api_context(request).store.read() as connection:
        found = load_source_request(connection, request_id)
    return uncached_json(RequestedSource.model_validate(found))


@router.post(
    "/sources/import",
    response_model=ImportedSources,
    summary="Import sources",
    operation_id="importSources",
    openapi_extra={"requestBody": {"required": True, "content": {OPML_TYPE: OPML_SCHEMA}}},
    dependencies=[REQUIRE_ADMIN],
)
async def post_sources_import(request: Request) -> Response:
    """Add sources of an OPML 2.0 list, sent as the body. Known sources stay as they are."""
    body = await request.body()
    found = await anyio.to_thread.run_sync(lambda: import_opml(api_context(request).store, body))
    left_out = [LeftOutOutline(name=name, why=why) for name, why in found.left_out]
    return uncached_json(ImportedSources(added=found.added, known=found.known, left_out=left_out))


@router.get(
    "/sources.opml",
    response_class=Response,
    summary="Export sources",
    operation_id="exportSources",
    responses={200: {"content": {OPML_TYPE: OPML_SCHEMA}}},
)
def get_sources_opml(request: Request) -> Response:
    """The sources as OPML 2.0, for feed readers and for another Onestory."""
    headers = {"Content-Disposition": 'attachment; filename="sources.opml"', "Cache-Control": "private, no-cache"}
    return Response(export_opml(api_context(request).store), 200, headers, f"{OPML_TYPE}; charset=utf-8")


@router.patch(
    "/sources/{source_id}",
    response_model=Source,
    summary="Change a source",
    operation_id="changeSource",
    responses=SOURCE_NOT_FOUND,
    dependencies=[REQUIRE_ADMIN],
)
def patch_source(request: Request, source_id: SourceId, change: SourceChangeRequest) -> Response:
    """Change the schedule of a source, pause it, or resume it."""
    fields = change.model_dump(exclude={"watched_only"})
    found = edit_source(
        api_context(request).store, source_id, SourceChange(ScheduleChange(**fields), change.watched_only)
    )
    return json_response(request, Source.model_validate(found))


@router.delete(
    "/sources/{source_id}",
    status_code=204,
    response_class=Response,
    summary="Remove a source",
    operation_id="removeSource",
    responses=SOURCE_NOT_FOUND,
    dependencies=[REQUIRE_ADMIN],
)
def delete_source(request: Request, source_id: SourceId) -> Response:
    """Remove a source. Its articles stay. A source listed in ONESTORY_SOURCES comes back with the next start."""
    with api_context(request).store.write() as connection:
        remove_source(connection, source_id)
    return Response(status_code=204)
