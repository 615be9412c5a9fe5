"""POST /v1/lookup/fetch: have the crawler fetch an article that is not stored, and look it up."""

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
# Explanations of failed fetches, by the reasons that the crawler records.
FETCH_FAILURES = {
    "robots": "the robots.txt of {host} does not allow it",
    "unresolved": "{host} does not resolve",
    "unreachable": "{host} is unreachable",
    "timeout": "{host} did not respond in time",
    "tls": "a secure connection to {host} failed",
    "too_large": "the response of {host} is too large",
    "cut_off": "the response of {host} was incomplete",
    "broken": "{host} does not respond with valid HTTP",
    "challenge": "{host} asks for proof that the client is not a robot",
    "redirects": "it redirects too often",
}


class NotFetched(BadInput):
    reason = "not_fetched"


class NotFetchedYet(Unavailable):
    reason = "not_fetched_yet"


class LookupFetchRequest(BaseModel):
    """The article to fetch."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[
        str, Field(min_length=1, max_length=MAX_FETCH_URL, examples=["https://www.harbourpost.example/bridge-to-close"])
    ]


@dataclass(slots=True)
class PendingFetches:
    """Fetches that clients wait for, one object per app. Each waits at most `wait_seconds`."""

    wait_seconds: float = FETCH_WAIT_SECONDS
    _waiting: int = field(default=0)

    async def look_up(self, desk: ApiContext, url: str) -> LookupResponse:
        """The story of an article, fetched if it is not stored. Raises BadInput, NotFetched, TakenDown or Unavailable.

        A crawler fetches it, subject to address checks, robots.txt and rate limits, and the article is stored as usual.
        """
        wanted = checked_url(url.strip())
        try:
            return await anyio.to_thread.run_sync(lambda: look_up_url(desk.store, wanted))
        except NotFound as unknown:
            if unknown.reason != NotFound.reason:
                raise
        if self._waiting >= MAX_PENDING_FETCHES:
            raise ServerBusy("too many fetches are in progress: try again in a moment")
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
            f"no crawler fetched {wanted[:200]} within {self.wait_seconds:.0f} s: it is next for its host; check that "
            "a crawler is running, and try again in a moment"
        )


def _ask_for(desk: ApiContext, url: str) -> None:
    with desk.store.write() as connection:
        request_page(connection, url, now=database_time(connection))


def _put_first(desk: ApiContext, url: str) -> None:
    with desk.store.write() as connection:
        prioritize_page(connection, url)


def _look(desk: ApiContext, wanted: str, left_seconds: float) -> tuple[RequestedPage, LookupResponse | None]:
    """The state of the page, and the answer once there is one. Raises NotFetched or NotFetchedYet."""
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
    """Raise NotFetchedYet if the host is not fetched from for longer than a client waits."""
    if page.state == "due" and page.why is not None and rest_seconds > left_seconds:
        until = f"{page.not_before:%Y-%m-%d %H:%M} UTC"
        raise NotFetchedYet(f"{authority_of(page.url)} is not fetched from before {until}: {page.why}")


def _why(page: RequestedPage) -> str:
    host, reason = authority_of(page.url), page.reason or page.state
    if page.state == "refused":
        return reason
    if page.state == "done":
        return f"the page has no article ({reason})"
    if reason in FETCH_FAILURES:
        return FETCH_FAILURES[reason].format(host=host)
    return f"{host} responds with status {page.http_status}" if page.http_status else reason


@router.post(
    "/lookup/fetch",
    response_model=LookupResponse,
    summary="Look up an article, fetching it if necessary",
    operation_id="fetchUrl",
    dependencies=[REQUIRE_EDIT],
    responses={
        410: {"description": "The article was taken down and is not fetched again."},
        422: {"description": "The URL is invalid, or could not be fetched: `detail` gives the reason."},
        503: {"description": "No crawler fetched it in time. It stays first in the queue: try again."},
    },
)
async def post_lookup_fetch(request: Request, question: LookupFetchRequest) -> Response:
    """The story of the article. If it is not stored, the crawler fetches it, subject to address checks and the rate
    limit of its host, and stores it as usual. The response waits for that, at most 20 seconds.
    """
    answer = await request.app.state.fetches.look_up(api_context(request), question.url)
    return uncached_json(answer)
