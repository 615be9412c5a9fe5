"""GET and POST /v1/lookup: has this run before, where first, and how much of it."""

from typing import Annotated

import anyio.to_thread
import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from newsroom.api.answers import json_answer
from newsroom.api.callers import READ, READERS
from newsroom.api.desk import Desk, desk_of
from newsroom.api.shapes import Found, LookupAnswer, LookupQuestion
from store.database import Store
from store.errors import BadInput, NotFound
from store.identity import normal_url
from store.records import copies_by_id, find_article_id, story

__all__ = ["look_up_text", "look_up_url", "router"]

router = APIRouter(prefix="/v1", tags=["lookup"], dependencies=[READ])

Url = Annotated[
    str,
    Query(description="The address of an article.", examples=["https://www.harbourpost.example/bridge-to-close"]),
]
ONE_OF = "give either a text or a url"


@router.get(
    "/lookup",
    response_model=LookupAnswer,
    summary="Look up an article by its URL",
    operation_id="lookUpUrl",
    responses={404: {"description": "No article of this URL is stored."}},
)
def look_up_known(request: Request, url: Url) -> Response:
    """The story that the article of this URL belongs to. Nothing is fetched: an unknown URL answers 404, and
    `POST /v1/lookup/fetch` fetches it."""
    return json_answer(request, look_up_url(desk_of(request).store, url))


@router.post(
    "/lookup",
    response_model=LookupAnswer,
    summary="Look up a text",
    operation_id="lookUpText",
    dependencies=[READERS],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": LookupQuestion.model_json_schema()},
                "text/plain": {
                    "schema": {
                        "type": "string",
                        "examples": ["The harbour bridge will close for six weeks from Monday, the port said."],
                    }
                },
            },
        }
    },
    responses={
        400: {"description": "The body is not JSON, or not UTF-8."},
        404: {"description": "No article of this URL is stored."},
        413: {"description": "The body is larger than 1 MB."},
        415: {"description": "The body is neither application/json nor text/plain."},
        422: {"description": "The text is too short to tell anything, or a parameter cannot be used."},
        503: {"description": "The index does not answer; try again in a moment."},
    },
)
async def look_up_any(request: Request) -> Response:
    """The stories that have run the text or some of it, and which spans of it. Nothing is stored."""
    desk = desk_of(request)
    question = _question(await request.body(), request.headers.get("content-type", ""))
    if question.url is not None:
        url = question.url
        return json_answer(request, await anyio.to_thread.run_sync(lambda: look_up_url(desk.store, url)))
    return json_answer(request, await look_up_text(desk, question.text or ""))


def _question(body: bytes, content_type: str) -> LookupQuestion:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in ("application/json", "text/plain"):
        raise HTTPException(415, "Send the text as text/plain, or JSON as application/json.")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"The body is not UTF-8: {error.reason} at byte {error.start}.") from error
    return LookupQuestion(text=text) if kind == "text/plain" else _from_json(text)


def _from_json(text: str) -> LookupQuestion:
    try:
        question = LookupQuestion.model_validate(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"The body is not JSON: {error}.") from error
    except ValidationError as error:
        raise BadInput(f'{ONE_OF}, as in {{"text": "…"}}') from error
    if (question.text is None) == (question.url is None):
        raise BadInput(f'{ONE_OF}, as in {{"text": "…"}}')
    return question


async def look_up_text(desk: Desk, text: str) -> LookupAnswer:
    """Raises BadInput for a text too short to tell anything."""
    return LookupAnswer.model_validate(await desk.look_up(text))


def look_up_url(store: Store, url: str) -> LookupAnswer:
    """The story of a stored article; raises BadInput for what is no URL, NotFound for one that is not stored."""
    wanted = normal_url(url)
    with store.read() as connection:
        article_id = find_article_id(connection, wanted)
        if article_id is None:
            raise NotFound(f"no article of {wanted[:200]} is stored; have it fetched, or look up its text")
        [copy] = copies_by_id(connection, [article_id])
        record = story(connection, copy.story_id)
    found = Found(
        story_id=record.id,
        article_id=copy.id,
        relation=copy.relation,
        share=1.0,
        spans=[],
        title=record.title,
        first_seen=record.first_seen,
        first_outlet=record.first_outlet,
        copies=record.copies,
    )
    return LookupAnswer(found=[found], index="ready", words=copy.words)
