"""API of outlets: list, report, change and merge."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormat, list_response
from onestory.newsroom.http.permissions import REQUIRE_ADMIN, REQUIRE_READ
from onestory.newsroom.http.responses import json_response, uncached_json
from onestory.newsroom.http.schemas import EXAMPLE_ID, ApiModel
from onestory.newsroom.outlets.report import MAX_CORRECTED, REPORT_DAYS, OutletReport, outlet_report
from onestory.store.articles.captures import MAX_OUTLET_CHARS
from onestory.store.frontier.hosts import database_time
from onestory.store.stories.outlets import load_outlet, merge_outlets, outlet_records, update_outlet

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["outlets"], dependencies=[REQUIRE_READ])

OUTLET_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such outlet."}}
OutletName = Annotated[
    str, Query(min_length=1, max_length=MAX_OUTLET_CHARS, description="An outlet.", examples=["Harbour Post"])
]


class Outlet(ApiModel):
    """Who publishes."""

    name: Annotated[str, Field(examples=["Harbour Post"])]
    host: Annotated[str | None, Field(description="Null without a source.", examples=["www.harbourpost.example"])]
    owner: Annotated[str | None, Field(description="Null means its own.", examples=["Coast Media"])]
    homepage: Annotated[str | None, Field(examples=["https://www.harbourpost.example/"])]
    country: Annotated[str | None, Field(examples=["NO"])]
    language: Annotated[str | None, Field(examples=["en"])]
    ours: Annotated[bool, Field(description="Whether it is one of the operator's outlets.")]


class OutletList(ApiModel):
    outlets: Annotated[list[Outlet], Field(description="By name.")]


class AgencyCount(ApiModel):
    """Articles that credit an agency or outlet."""

    credit: Annotated[str, Field(examples=["Reuters"])]
    articles: Annotated[int, Field(examples=[120])]


class OutdatedStory(ApiModel):
    """A story of which the outlet runs the old text."""

    id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    title: Annotated[str | None, Field(examples=["Harbour bridge to close"])]


class OutletWithReport(Outlet):
    since: Annotated[datetime, Field(description=f"The report covers {REPORT_DAYS} days.")]
    articles: Annotated[int, Field(description="Articles first seen since then.", examples=[300])]
    credited: Annotated[int, Field(description="Of these, those that credit an agency or outlet.", examples=[150])]
    copied: Annotated[int, Field(description="Copies of another outlet's article without a credit.", examples=[12])]
    agencies: Annotated[list[AgencyCount], Field(description="The most frequent first.")]
    corrected: Annotated[
        int, Field(description=f"Copies that followed a change of their original, of the last {MAX_CORRECTED} changed.")
    ]
    median_delay_seconds: Annotated[int | None, Field(description="How long after the change, the median.")]
    outdated: Annotated[list[OutdatedStory], Field(description="Stories of which it still runs the old text.")]


class OutletChange(BaseModel):
    """The fields to change. Fields that are left out stay as they are; an empty text clears."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: Annotated[str | None, Field(max_length=MAX_OUTLET_CHARS, examples=["Coast Media"])] = None
    country: Annotated[str | None, Field(max_length=2, description="Two letters, as in ISO 3166.", examples=["NO"])] = (
        None
    )
    ours: bool | None = None


class OutletMerge(BaseModel):
    """The outlet that the name stands for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    into: Annotated[str, Field(min_length=1, max_length=MAX_OUTLET_CHARS, examples=["Harbour Post"])]


class MergedOutlet(BaseModel):
    """The result of a merge."""

    outlet: Annotated[str, Field(examples=["Harbour Post"])]
    articles: Annotated[int, Field(description="Articles that changed their outlet.", examples=[40])]


@router.get(
    "/outlets", response_model=OutletList, responses=CSV_RESPONSE, summary="List outlets", operation_id="listOutlets"
)
def get_outlets(request: Request, shown_as: ListFormat = None) -> Response:
    """Outlets with a source, and those that were given an owner, a country or a mark."""
    with api_context(request).store.read() as connection:
        found = outlet_records(connection)
    told = OutletList(outlets=[Outlet.model_validate(one) for one in found])
    return list_response(request, told, shown_as=shown_as)


@router.get(
    "/outlet",
    response_model=OutletWithReport,
    responses=OUTLET_NOT_FOUND,
    summary="Get an outlet with its report",
    operation_id="getOutlet",
)
def get_outlet(request: Request, name: OutletName) -> Response:
    """How much of an outlet is wire, whose, and how fast it corrects. A merged name leads to its outlet."""
    desk = api_context(request)
    with desk.store.read() as connection:
        report = outlet_report(connection, name, request.app.state.remembered.standings, now=desk.clock())
    return json_response(request, _as_model(report))


def _as_model(report: OutletReport) -> OutletWithReport:
    delay = report.median_delay
    return OutletWithReport(
        **Outlet.model_validate(report.outlet).__dict__,
        since=report.since,
        articles=report.totals.articles,
        credited=report.totals.credited,
        copied=report.totals.copied,
        agencies=[AgencyCount.model_validate(one) for one in report.agencies],
        corrected=report.corrected,
        median_delay_seconds=None if delay is None else round(delay.total_seconds()),
        outdated=[OutdatedStory.model_validate(one) for one in report.outdated],
    )


@router.patch(
    "/outlet",
    response_model=Outlet,
    responses=OUTLET_NOT_FOUND,
    summary="Change an outlet",
    operation_id="changeOutlet",
    dependencies=[REQUIRE_ADMIN],
)
def patch_outlet(request: Request, name: OutletName, change: OutletChange) -> Response:
    """Set the owner, the country, and whether it is one of the operator's outlets. Owners of stories are recounted."""
    with api_context(request).store.write() as connection:
        record = load_outlet(connection, name)
        update_outlet(connection, record.name, ours=change.ours, owner=change.owner, country=change.country)
        found = load_outlet(connection, record.name)
    return uncached_json(Outlet.model_validate(found))


@router.post(
    "/outlet/merge",
    response_model=MergedOutlet,
    responses=OUTLET_NOT_FOUND,
    summary="Merge an outlet into another one",
    operation_id="mergeOutlet",
    dependencies=[REQUIRE_ADMIN],
)
def post_outlet_merge(request: Request, name: OutletName, merge: OutletMerge) -> Response:
    """Give all articles, sources and webhooks to another outlet. The name stands for that outlet from now on."""
    with api_context(request).store.write() as connection:
        changed = merge_outlets(connection, name, merge.into, now=database_time(connection))
        target = load_outlet(connection, merge.into).name
    return uncached_json(MergedOutlet(outlet=target, articles=changed))
