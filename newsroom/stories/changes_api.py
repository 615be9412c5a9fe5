"""API of changes, for mirrors."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.pagination import EPOCH, BadCursor, decode_parts, encode_parts
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.http.schemas import EXAMPLE_ID, EXAMPLE_TIME, ApiModel, Article, Story, article_of
from onestory.store.stories.export import ChangeCursor, ChangeRecord, changes_after
from onestory.store.stories.records import ArticleRecord, articles_of_stories
from onestory.times import TIME_FORMS, parse_time, utc_now

__all__ = ["Change", "ChangeList", "router"]


class Change(ApiModel):
    """The latest change of a story."""

    kind: Annotated[
        Literal["story", "absorbed", "removed"],
        Field(description="story: the story is included; absorbed: its id leads to another one; removed: taken down."),
    ]
    at: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    key: Annotated[
        str,
        Field(
            description="The id of the story; after a takedown the SHA-256 of `article:` and its first article's id.",
            examples=[EXAMPLE_ID],
        ),
    ]
    into: Annotated[str | None, Field(description="The story that an absorbed id leads to.", examples=[EXAMPLE_ID])] = (
        None
    )
    story: Story | None = None
    articles: Annotated[
        list[Article] | None,
        Field(description="With `include=articles`: all copies of the story with their current texts."),
    ] = None


class ChangeList(ApiModel):
    changes: Annotated[list[Change], Field(description="Oldest first; each story once, with its latest change.")]
    next: Annotated[
        str,
        Field(
            description="Pass it as `cursor`, at any time, for later changes.",
            examples=["WzE3OTU0MTQ3MjAwMDAwMDAsIiJd"],
        ),
    ]
    more: Annotated[bool, Field(description="Whether more changes are available.")]


router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[REQUIRE_READ])


# A change has the time at which its transaction began, and a later one may commit first, so the last moments are
# withheld.
SETTLE_DELAY = timedelta(seconds=60)


# Articles with texts in one page.
MAX_ARTICLES = 1_000


CHANGE_KEY_PATTERN = re.compile(r"([0-9a-f]{24}|[0-9a-f]{64})?")


class ChangeQuery(BaseModel):
    """Where to begin or continue. Default: the beginning."""

    model_config = ConfigDict(extra="forbid")

    updated_since: Annotated[
        str | None, Field(description=f"Changes at or after this time. {TIME_FORMS}", examples=["2026-11-23T06:30Z"])
    ] = None
    cursor: Annotated[
        str | None,
        Field(
            description="`next` of the previous page; takes precedence over the time.",
            examples=["WzE3OTU0MTQ3MjAwMDAwMDAsIiJd"],
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="Maximum number of changes.")] = 200
    include: Annotated[
        Literal["articles"] | None,
        Field(
            description="articles: with each story all its copies and their texts. A page then ends at "
            f"{MAX_ARTICLES:,} articles, but never within a story."
        ),
    ] = None

    @field_validator("updated_since", mode="after")
    @classmethod
    def _moment(cls, value: str | None) -> str | None:
        if value is not None:
            parse_time(value, now=utc_now())
        return value

    def after(self, *, now: datetime) -> ChangeCursor:
        """The position to continue from. Raises BadCursor."""
        if self.cursor is not None:
            return decode_change_cursor(self.cursor)
        return ChangeCursor(EPOCH if self.updated_since is None else parse_time(self.updated_since, now=now))


@router.get(
    "/changes",
    response_model=ChangeList,
    summary="List changes",
    operation_id="listChanges",
    responses={400: {"description": "The cursor is malformed."}},
)
def get_changes(request: Request, query: Annotated[ChangeQuery, Query()]) -> Response:
    """Stories by the time of their latest change, with absorbed ids and takedowns. The last minute is withheld.

    A mirror that keeps `next`, and continues with it, misses nothing. With `include=articles` one call a page mirrors
    the texts as well: store each article by its id with its `story_id`, and delete what `removed` names, which may be
    an article or a story.
    """
    desk = api_context(request)
    now = desk.clock()
    after = query.after(now=now)
    with desk.store.read() as connection:
        found = changes_after(connection, after=after, before=now - SETTLE_DELAY, limit=query.limit + 1)
        page = found[: query.limit]
        texts: dict[str, list[ArticleRecord]] = {}
        if query.include == "articles":
            page = _with_few_articles(page)
            texts = articles_of_stories(connection, [one.key for one in page if one.kind == "story"])
    last = ChangeCursor(page[-1].at, page[-1].key) if page else after
    result = ChangeList(
        changes=[_change(one, texts.get(one.key)) for one in page],
        next=encode_change_cursor(last),
        more=len(found) > len(page),
    )
    return json_response(request, result)


def _with_few_articles(found: Sequence[ChangeRecord]) -> list[ChangeRecord]:
    """The first changes, with at most MAX_ARTICLES copies in all; at least one."""
    page: list[ChangeRecord] = []
    left = MAX_ARTICLES
    for one in found:
        left -= one.story.copies if one.story is not None else 0
        if page and left < 0:
            break
        page.append(one)
    return page


def _change(record: ChangeRecord, articles: Sequence[ArticleRecord] | None) -> Change:
    texts = None if articles is None else [article_of(one) for one in articles]
    return Change.model_validate(record).model_copy(update={"articles": texts})


def encode_change_cursor(position: ChangeCursor) -> str:
    return encode_parts([(position.at - EPOCH) // timedelta(microseconds=1), position.key])


def decode_change_cursor(cursor: str) -> ChangeCursor:
    """Decode a cursor. Raises BadCursor."""
    try:
        since_epoch, key = decode_parts(cursor)
        if not isinstance(since_epoch, int) or not CHANGE_KEY_PATTERN.fullmatch(key):
            raise ValueError(cursor)
        return ChangeCursor(EPOCH + timedelta(microseconds=since_epoch), key)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadCursor("this is not a cursor of changes: use `next` of an earlier response") from error
