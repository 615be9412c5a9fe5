"""API of lookups, GET and POST /v1/lookup: whether a text ran before, where first, and how much of it."""

from datetime import datetime
from typing import Annotated, Literal

import anyio.to_thread
import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from onestory.errors import BadInput, NotFound
from onestory.newsroom.http.context import ApiContext, api_context
from onestory.newsroom.http.permissions import REQUIRE_READ, REQUIRE_READ_FOR_POST
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.http.schemas import EXAMPLE_ID, EXAMPLE_TIME, ApiModel
from onestory.store.database import Store
from onestory.store.stories.records import copies_by_id, find_article_id, load_story
from onestory.urls import normalize_url

__all__ = ["LookupMatch", "LookupRequest", "LookupResponse", "look_up_text", "look_up_url", "router"]


class LookupMatch(ApiModel):
    """A story that ran the text or a part of it."""

    story_id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    article_id: Annotated[str, Field(description="The copy closest to the text.", examples=[EXAMPLE_ID])]
    relation: Annotated[str, Field(description="What the text is beside that copy.", examples=["excerpt"])]
    share: Annotated[float, Field(description="The part of the text contained in that copy, 0 to 1.", examples=[0.83])]
    spans: Annotated[
        list[tuple[int, int]],
        Field(description="The spans of the text, in Unicode characters (from, up to).", examples=[[[0, 412]]]),
    ]
    title: Annotated[str | None, Field(examples=["Harbour bridge to close"])]
    first_seen: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    first_outlet: Annotated[str, Field(examples=["Harbour Post"])]
    copies: Annotated[int, Field(examples=[5])]


class LookupResponse(ApiModel):
    found: Annotated[list[LookupMatch], Field(description="The largest share first.")]
    index: Annotated[
        Literal["ready", "rebuilding"],
        Field(description="While the index is being rebuilt, only identical texts and passages are found."),
    ]
    words: Annotated[int, Field(description="The number of words looked up.", examples=[96])]
    passage_words: Annotated[
        int | None,
        Field(
            description="Verbatim passages of this many words or more were looked for in the current text of every "
            "article; shorter ones, paraphrases and translations were not. null for a lookup by URL.",
            examples=[12],
        ),
    ] = None
    window_is_full: Annotated[
        bool,
        Field(description="Of articles too old for the index, only identical texts and passages are found."),
    ] = False
    waiting: Annotated[int, Field(description="Changes of articles that are not searchable yet.", examples=[0])] = 0
    is_complete: Annotated[
        bool, Field(description="False if too many articles share a passage to compare all of them.")
    ] = True
    search: Annotated[
        str | None,
        Field(
            description="If nothing is found: words of the text that `/v1/search` finds.",
            examples=["Holm Ellery inspectors"],
        ),
    ] = None


class LookupRequest(BaseModel):
    """Exactly one of the two fields."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[
        str | None,
        Field(examples=["The harbour bridge will close for six weeks from Monday, the port authority said."]),
    ] = None
    url: Annotated[str | None, Field(examples=["https://www.harbourpost.example/bridge-to-close"])] = None


router = APIRouter(prefix="/v1", tags=["lookup"], dependencies=[REQUIRE_READ])

UrlParameter = Annotated[
    str,
    Query(description="The URL of an article.", examples=["https://www.harbourpost.example/bridge-to-close"]),
]
TEXT_OR_URL = "give either a text or a url"


@router.get(
    "/lookup",
    response_model=LookupResponse,
    summary="Look up an article by its URL",
    operation_id="lookUpUrl",
    responses={404: {"description": "No article with this URL is stored."}},
)
def get_lookup(request: Request, url: UrlParameter) -> Response:
    """The story of the article with this URL. Nothing is fetched: an unknown URL answers 404, and `POST
    /v1/lookup/fetch` fetches it.
    """
    return json_response(request, look_up_url(api_context(request).store, url))


@router.post(
    "/lookup",
    response_model=LookupResponse,
    summary="Look up a text",
    operation_id="lookUpText",
    dependencies=[REQUIRE_READ_FOR_POST],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": LookupRequest.model_json_schema()},
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
        404: {"description": "No article with this URL is stored."},
        413: {"description": "The body is larger than 1 MB."},
        415: {"description": "The body is neither application/json nor text/plain."},
        422: {"description": "The text is too short, or a parameter is invalid."},
        503: {"description": "The index does not respond; try again in a moment."},
    },
)
async def post_lookup(request: Request) -> Response:
    """The stories that ran the text or a part of it, with the matching spans. Nothing is stored. Words cut at line
    ends, as in text from a PDF, are joined.
    """
    desk = api_context(request)
    question = _question(await request.body(), request.headers.get("content-type", ""))
    if question.url is not None:
        url = question.url
        return json_response(request, await anyio.to_thread.run_sync(lambda: look_up_url(desk.store, url)))
    return json_response(request, await look_up_text(desk, question.text or ""))


def _question(body: bytes, content_type: str) -> LookupRequest:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in ("application/json", "text/plain"):
        raise HTTPException(415, "Send the text as text/plain, or JSON as application/json.")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"The body is not UTF-8: {error.reason} at byte {error.start}.") from error
    return LookupRequest(text=text) if kind == "text/plain" else _from_json(text)


def _from_json(text: str) -> LookupRequest:
    try:
        question = LookupRequest.model_validate(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"The body is not JSON: {error}.") from error
    except ValidationError as error:
        raise BadInput(f'{TEXT_OR_URL}, as in {{"text": "…"}}') from error
    if (question.text is None) == (question.url is None):
        raise BadInput(f'{TEXT_OR_URL}, as in {{"text": "…"}}')
    return question


async def look_up_text(desk: ApiContext, text: str) -> LookupResponse:
    """Look up a text. Raises BadInput if it is too short."""
    return LookupResponse.model_validate(await desk.look_up(text))


def look_up_url(store: Store, url: str) -> LookupResponse:
    """Look up the story of a stored article. Raises BadInput for an invalid URL, NotFound for an unknown one."""
    wanted = normalize_url(url)
    with store.read() as connection:
        article_id = find_article_id(connection, wanted)
        if article_id is None:
            raise NotFound(f"no article with the URL {wanted[:200]} is stored; have it fetched, or look up its text")
        [copy] = copies_by_id(connection, [article_id])
        record = load_story(connection, copy.story_id)
    found = LookupMatch(
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
    return LookupResponse(found=[found], index="ready", words=copy.words)
