"""GET /v1/stories, /v1/stories/{id}, /v1/articles/{id}."""

import re
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from newsroom.api.answers import json_answer
from newsroom.api.cursors import from_cursor, to_cursor
from newsroom.api.desk import Desk, desk_of
from newsroom.api.filters import StoryQuery
from newsroom.api.shapes import Article, Copy, Evidence, Link, Story, StoryList, StoryWithCopies
from store.errors import NotFound
from store.links import links_of
from store.records import Position, StoryRecord, article, copies, list_stories, matches_of, story

__all__ = ["checked_id", "page_of_stories", "router"]

router = APIRouter(prefix="/v1", tags=["stories"])

ID = re.compile(r"[0-9a-f]{24}")
StoryId = Annotated[str, Path(description="24 hex digits.", examples=["5f0c6b7a9d2e4c1b8a3f7e60"])]


def checked_id(value: str, *, of: str) -> str:
    """The id, if it can be one: nothing else is shown to the database. Raises NotFound."""
    if not ID.fullmatch(value):
        raise NotFound(f"there is no {of} {value[:80]!r}: an id has 24 hex digits")
    return value


def page_of_stories(desk: Desk, query: StoryQuery) -> tuple[list[StoryRecord], str | None]:
    """A page of the list, and the cursor of the next one if there is more. Raises BadCursor."""
    after = from_cursor(query.cursor, of=query.list_name) if query.cursor is not None else None
    wanted = query.wanted(now=desk.clock())
    with desk.store.read() as connection:
        # One more than asked for tells whether the list goes on.
        found = list_stories(connection, wanted, limit=query.limit + 1, after=after)
    page = found[: query.limit]
    if len(found) <= query.limit:
        return page, None
    return page, to_cursor(Position(page[-1].last_seen, page[-1].id), of=query.list_name)


@router.get(
    "/stories",
    response_model=StoryList,
    summary="List stories",
    operation_id="listStories",
    responses={
        200: {
            "headers": {
                "Link": {
                    "description": 'The next page, as `<…>; rel="next"`.',
                    "schema": {"type": "string"},
                }
            }
        },
        400: {"description": "The cursor is none, or belongs to another list."},
    },
)
def list_them(request: Request, query: Annotated[StoryQuery, Query()]) -> Response:
    """The stories with the newest copies come first. All filters that are given must hold."""
    found, cursor = page_of_stories(desk_of(request), query)
    answer = StoryList(stories=[Story.model_validate(one) for one in found], next=cursor)
    if cursor is None:
        return json_answer(request, answer)
    told = query.model_dump(exclude_defaults=True, exclude={"cursor"}) | {"cursor": cursor}
    return json_answer(request, answer, headers={"Link": f'<{request.url.path}?{urlencode(told)}>; rel="next"'})


@router.get(
    "/stories/{story_id}",
    response_model=StoryWithCopies,
    summary="One story with its copies",
    operation_id="getStory",
    responses={
        307: {"description": "The story was absorbed: Location names the one that it is now part of."},
        404: {"description": "There is no such story."},
        410: {"description": "The story was taken down."},
    },
)
def one_story(request: Request, story_id: StoryId) -> Response:
    """The story, all its copies and the evidence that they are copies of each other."""
    with desk_of(request).store.read() as connection:
        record = story(connection, checked_id(story_id, of="story"))
        members = copies(connection, record.id)
        evidence = matches_of(connection, [copy.id for copy in members])
        links = links_of(connection, [copy.id for copy in members])
    answer = StoryWithCopies(
        **Story.model_validate(record).__dict__,
        articles=[Copy.model_validate(copy) for copy in members],
        evidence=[Evidence.model_validate(match) for match in evidence],
        links=[Link.model_validate(link) for link in links],
    )
    return json_answer(request, answer)


@router.get(
    "/articles/{article_id}",
    response_model=Article,
    summary="One article with its text",
    operation_id="getArticle",
    responses={
        404: {"description": "There is no such article."},
        410: {"description": "The article was taken down."},
    },
)
def one_article(request: Request, article_id: StoryId) -> Response:
    """The article as its current version has it; `story_id` says where it belongs."""
    with desk_of(request).store.read() as connection:
        record = article(connection, checked_id(article_id, of="article"))
    answer = Article(
        **Copy.model_validate(record.copy).__dict__,
        source=record.source,
        number=record.number,
        text=record.text,
        facts=record.facts,
        observed=record.observed,
        content_digest=record.content_digest,
        extractor=record.extractor,
    )
    return json_answer(request, answer)
