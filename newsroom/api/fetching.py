"""POST /v1/lookup/fetch: an article that is not stored is fetched by the crawler, and looked up then."""

import time
from dataclasses import dataclass, field
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from crawler.guard import checked_url
from newsroom.api.callers import EDIT
from newsroom.api.desk import Busy, Desk, desk_of
from newsroom.api.lookup import look_up_url
from newsroom.api.shapes import LookupAnswer
from store.asked_pages import AskedPage, ask_for, asked_page, put_first
from store.errors import BadInput, NotFound, Unavailable
from store.hosts import authority_of, database_time

__all__ = ["FetchQuestion", "Fetches", "NotFetched", "NotFetchedYet", "router"]

router = APIRouter(prefix="/v1", tags=["lookup"], dependencies=[EDIT])

WAIT_SECONDS = 20.0
LOOK_SECONDS = 0.25
MOST_WAITING = 16
MOST_URL = 2048
# What became of a page, in words for whoever asked for it; by the crawler's own word.
WORDS = {
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


class FetchQuestion(BaseModel):
    """The article that is to be fetched."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[
        str, Field(min_length=1, max_length=MOST_URL, examples=["https://www.harbourpost.example/bridge-to-close"])
    ]


@dataclass(slots=True)
class Fetches:
    """One for an app: how many wait for a crawler, each for at most `wait_seconds`."""

    wait_seconds: float = WAIT_SECONDS
    _waiting: int = field(default=0)

    async def look_up(self, desk: Desk, url: str) -> LookupAnswer:
        """The story of the article, fetched if it is not stored. Raises BadInput, NotFetched, TakenDown, Unavailable.

        The fetch is a crawler's: its guard, robots.txt and pace hold, and the article is stored like any other.
        """
        wanted = checked_url(url.strip())
        try:
            return await anyio.to_thread.run_sync(lambda: look_up_url(desk.store, wanted))
        except NotFound as unknown:
            if unknown.reason != NotFound.reason:
                raise
        if self._waiting >= MOST_WAITING:
            raise Busy("too many fetches are waited for already: try again in a moment")
        self._waiting += 1
        try:
            return await self._fetched(desk, wanted)
        finally:
            self._waiting -= 1

    async def _fetched(self, desk: Desk, wanted: str) -> LookupAnswer:
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
            await anyio.sleep(LOOK_SECONDS)
        raise NotFetchedYet(
            f"no crawler has fetched {wanted[:200]} within {self.wait_seconds:.0f} s: it is the next of its host; "
            "see that a crawler runs, and ask again in a moment"
        )


def _ask_for(desk: Desk, url: str) -> None:
    with desk.store.write() as connection:
        ask_for(connection, url, now=database_time(connection))


def _put_first(desk: Desk, url: str) -> None:
    with desk.store.write() as connection:
        put_first(connection, url)


def _look(desk: Desk, wanted: str, left_seconds: float) -> tuple[AskedPage, LookupAnswer | None]:
    """The page as it is now, and the answer once there is one. Raises NotFetched, NotFetchedYet."""
    with desk.store.read() as connection:
        page = asked_page(connection, wanted)
        now = database_time(connection)
    if page is None:
        raise NotFetched(f"{wanted[:200]} was not fetched: {WORDS['redirects']}")
    if page.article_id is not None:
        return page, look_up_url(desk.store, page.article_url)
    if page.is_underway:
        _check_host(page, (page.not_before - now).total_seconds(), left_seconds)
        return page, None
    raise NotFetched(f"{wanted[:200]} was not fetched: {_why(page)}")


def _check_host(page: AskedPage, rest_seconds: float, left_seconds: float) -> None:
    """Raises NotFetchedYet where the host is in trouble, and is left alone for longer than anybody waits here."""
    if page.state == "due" and page.why is not None and rest_seconds > left_seconds:
        until = f"{page.not_before:%Y-%m-%d %H:%M} UTC"
        raise NotFetchedYet(f"{authority_of(page.url)} is not asked before {until}: {page.why}")


def _why(page: AskedPage) -> str:
    host, reason = authority_of(page.url), page.reason or page.state
    if page.state == "refused":
        return reason
    if page.state == "done":
        return f"what is there is no article ({reason})"
    if reason in WORDS:
        return WORDS[reason].format(host=host)
    return f"{host} answers {page.http_status}" if page.http_status else reason


@router.post(
    "/lookup/fetch",
    response_model=LookupAnswer,
    summary="Look up an article, and fetch it if it is not stored",
    operation_id="fetchUrl",
    dependencies=[EDIT],
    responses={
        410: {"description": "The article was taken down, and is not fetched again."},
        422: {"description": "The URL cannot be used, or was not fetched: `detail` says why."},
        503: {"description": "No crawler has fetched it in time; it is still first in line. Ask again."},
    },
)
async def fetch_url(request: Request, question: FetchQuestion) -> Response:
    """The story that the article belongs to. One that is not stored is fetched by the crawler, under its guard and
    at the pace of its host, and stored like any other; the answer waits for that, at most 20 seconds."""
    answer = await request.app.state.fetches.look_up(desk_of(request), question.url)
    return Response(answer.model_dump_json(), headers={"Cache-Control": "no-store"}, media_type="application/json")
