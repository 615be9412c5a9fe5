"""POST /v1/lookup/fetch: an article that is not stored is fetched by the crawler, and looked up then."""

import time
from dataclasses import dataclass, field
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from onestory.errors import BadInput, NotFound, Unavailable
from onestory.newsroom.http.context import ApiContext, ServerBusy, api_context
from onestory.newsroom.http.permissions import REQUIRE_EDIT
from onestory.newsroom.http.responses import uncached_json
from onestory.newsroom.lookup.api import LookupResponse, look_up_url
from onestory.ssrf import checked_url
from onestory.store.frontier.hosts import authority_of, database_time
from onestory.store.frontier.requested_pages import RequestedPage, prioritize_page, request_page, requested_page

__all__ = ["LookupFetchRequest", "NotFetched", "NotFetchedYet", "PendingFetches", "router"]

router = APIRouter(prefix="/v1", tags=["lookup"], dependencies=[REQUIRE_EDIT])

FETCH_WAIT_SECONDS = 20.0
FETCH_POLL_SECONDS = 0.25
MAX_PENDING_FETCHES = 16
MAX_FETCH_URL = 2048
# What became of a page, in words for whoever asked for it; by the crawler's own word.
FETCH_FAILURES = {
    "robots": "the robots.txt of {host} does not allow it",
    "unresolved": "{host} does not resolve",
    "unreachable": "{host} cannot be reached",
    "timeout": "{host} did not answer in time",
    "tls": "no safe connection to {host} can be made",
    "too_large": "the answer of {host} is too large",
    "cut_off": "the answer of {host} was cut off",
    "broken": "{host} answers what is no HTTP",
    "challenge": "{host} asks for a proof that no robot is asking",
    "redirects": "it only leads from address to address",
}


class NotFetched(BadInput):
    reason = "not_fetched"


class NotFetchedYet(Unavailable):
    reason = "not_fetched_yet"


class LookupFetchRequest(BaseModel):
    """The article that is to be fetched."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[
        str, Field(min_length=1, max_length=MAX_FETCH_URL, examples=["https://www.harbourpost.example/bridge-to-close"])
    ]


@dataclass(slots=True)
class PendingFetches:
    """One for an app: how many wait for a crawler, each for at most `wait_seconds`."""

    wait_seconds: float = FETCH_WAIT_SECONDS
    _waiting: int = field(default=0)

    async def look_up(self, desk: ApiContext, url: str) -> LookupResponse:
        """The story of the article, fetched if it is not stored. Raises BadInput, NotFetched, TakenDown, Unavailable.

        The fetch is a crawler's: its guard, robots.txt and pace hold, and the article is stored like any other.
        """
        wanted = checked_url(url.strip())
        try:
            return await anyio.to_thread.run_sync(lambda: look_up_url(desk.store, wanted))
        except NotFound as unknown:
            if unknown.reason != NotFound.reason:
                raise
        if self._waiting >= MAX_PENDING_FETCHES:
            raise ServerBusy("too many fetches are waited for already: try again in a moment")
        self._waiting += 1
        try:
            return await self._fetched(desk, wanted)
        finally:
            self._waiting -= 1

    async def _fetched(self, desk: ApiContext, wanted: str) -> LookupResponse:
        until = time.monotonic() + self.wait_seconds
        await anyio.to_thread.run_sync(_ask_for, desk, wanted)
        at = wanted
        while (left := until - time.monotonic()) > 0:
            page, answer = await anyio.to_thread.run_sync(_look, desk, wanted, left)
            if answer is not None:
                return answer
            if page.url != at:
                at = page.url
                await anyio.to_thread.run_sync(_put_first, desk, at)
            await anyio.sleep(FETCH_POLL_SECONDS)
        raise NotFetchedYet(
            f"no crawler has fetched {wanted[:200]} within {self.wait_seconds:.0f} s: it is the next of its host; "
            "see that a crawler runs, and ask again in a moment"
        )


def _ask_for(desk: ApiContext, url: str) -> None:
    with desk.store.write() as connection:
        request_page(connection, url, now=database_time(connection))


def _put_first(desk: ApiContext, url: str) -> None:
    with desk.store.write() as connection:
        prioritize_page(connection, url)


def _look(desk: ApiContext, wanted: str, left_seconds: float) -> tuple[RequestedPage, LookupResponse | None]:
    """The page as it is now, and the answer once there is one. Raises NotFetched, NotFetchedYet."""
    with desk.store.read() as connection:
        page = requested_page(connection, wanted)
        now = database_time(connection)
    if page is None:
        raise NotFetched(f"{wanted[:200]} was not fetched: {FETCH_FAILURES['redirects']}")
    if page.article_id is not None:
        return page, look_up_url(desk.store, page.article_url)
    if page.is_in_progress:
        _check_host(page, (page.not_before - now).total_seconds(), left_seconds)
        return page, None
    raise NotFetched(f"{wanted[:200]} was not fetched: {_why(page)}")


def _check_host(page: RequestedPage, rest_seconds: float, left_seconds: float) -> None:
    """Raises NotFetchedYet where the host is in trouble, and is left alone for longer than anybody waits here."""
    if page.state == "due" and page.why is not None and rest_seconds > left_seconds:
        until = f"{page.not_before:%Y-%m-%d %H:%M} UTC"
        raise NotFetchedYet(f"{authority_of(page.url)} is not asked before {until}: {page.why}")


def _why(page: RequestedPage) -> str:
    host, reason = authority_of(page.url), page.reason or page.state
    if page.state == "refused":
        return reason
    if page.state == "done":
        return f"what is there is no article ({reason})"
    if reason in FETCH_FAILURES:
        return FETCH_FAILURES[reason].format(host=host)
    return f"{host} answers {page.http_status}" if page.http_status else reason


@router.post(
    "/lookup/fetch",
    response_model=LookupResponse,
    summary="Look up an article, and fetch it if it is not stored",
    operation_id="fetchUrl",
    dependencies=[REQUIRE_EDIT],
    responses={
        410: {"description": "The article was taken down, and is not fetched again."},
        422: {"description": "The URL cannot be used, or was not fetched: `detail` says why."},
        503: {"description": "No crawler has fetched it in time; it is still first in line. Ask again."},
    },
)
async def post_lookup_fetch(request: Request, question: LookupFetchRequest) -> Response:
    """The story that the article belongs to. One that is not stored is fetched by the crawler, under its guard and
    at the pace of its host, and stored like any other; the answer waits for that, at most 20 seconds."""
    answer = await request.app.state.fetches.look_up(api_context(request), question.url)
    return uncached_json(answer)
