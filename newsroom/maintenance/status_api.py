"""API and page of the status: what is stored, how fast it grows, what waits, and what to do first."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from onestory.errors import NotFound
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_ADMIN
from onestory.newsroom.http.responses import uncached_json
from onestory.newsroom.http.schemas import EXAMPLE_TIME, ApiModel
from onestory.newsroom.maintenance.status import Status, status_lines
from onestory.newsroom.pages.render import render_page

__all__ = ["page_router", "router"]

StatusReader = Callable[[], Status]


class StatusDisk(ApiModel):
    folder: Annotated[str, Field(examples=["/srv/onestory"])]
    free: Annotated[int, Field(description="In bytes.", examples=[48_200_000_000])]
    growth: Annotated[float, Field(description="In bytes a day.", examples=[21_000_000.0])]
    full: Annotated[
        date | None, Field(description="When 5% are left and the crawl stops; null if not within ten years.")
    ]
    is_full: Annotated[bool, Field(examples=[False])]


class StatusTask(ApiModel):
    cause: Literal["disk", "index", "backlog", "backup", "network", "overdue", "sources", "audit"]
    what: Annotated[str, Field(examples=["run `onestory backup DIR`: there is no backup yet"])]


class StatusAudit(ApiModel):
    """The latest `onestory audit`: what it compared, and how many groups of stories a batch makes otherwise."""

    time: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    articles: Annotated[int, Field(examples=[1_480])]
    stories: Annotated[int, Field(examples=[1_000])]
    differences: Annotated[int, Field(examples=[0])]


class ServerStatus(ApiModel):
    """What `onestory status` says. Sizes are in bytes."""

    version: Annotated[str, Field(examples=["1.0.0"])]
    db_schema: Annotated[str, Field(validation_alias="schema", examples=["0015"])]
    rows: Annotated[dict[str, int], Field(examples=[{"stories": 61_000, "articles": 100_000}])]
    size: Annotated[dict[str, int], Field(examples=[{"database": 1_900_000_000, "warc": 0, "index": 90_000_000}])]
    articles_a_day: Annotated[float, Field(examples=[2_100.0])]
    disks: list[StatusDisk]
    index: Literal["ready", "rebuilding", "unreachable"]
    semantic: Annotated[bool, Field(description="Whether stories get sentence embeddings.", examples=[False])]
    waiting: Annotated[dict[str, int], Field(examples=[{"articles": 0, "search": 0, "pages": 12, "webhooks": 0}])]
    last_backup: Annotated[datetime | None, Field(examples=[EXAMPLE_TIME])]
    last_audit: StatusAudit | None
    todo: Annotated[list[StatusTask], Field(description="What to do, the most urgent first.")]


router = APIRouter(prefix="/v1", tags=["settings"], dependencies=[REQUIRE_ADMIN])
page_router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_ADMIN])


@router.get(
    "/status",
    response_model=ServerStatus,
    summary="Get sizes, growth, queues, and what to do first",
    operation_id="getStatus",
    responses={404: {"description": "The server does not know its settings: it was not started by a command."}},
)
async def get_status(request: Request) -> Response:
    """What `onestory status` says. Counting takes a second for a million articles."""
    return uncached_json(ServerStatus.model_validate(await _status(request)))


@page_router.get("/settings/status")
async def status_page(request: Request) -> Response:
    found = await _status(request)
    answer = render_page(
        request, "status.html", here="/settings", todo=[one.what for one in found.todo], lines=list(status_lines(found))
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _status(request: Request) -> Status:
    read: StatusReader | None = request.app.state.status
    if read is None:
        raise NotFound("the server does not know its settings: `onestory status` has them")
    return await api_context(request).alone(read)
