"""What changed, as mirrors are told it."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.pagination import EPOCH, BadCursor, decode_parts, encode_parts
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.http.schemas import EXAMPLE_ID, EXAMPLE_TIME, ApiModel, Story
from onestory.store.stories.export import ChangeCursor, changes_after
from onestory.times import TIME_FORMS, parse_time, utc_now

__all__ = ["Change", "ChangeList", "router"]


class Change(ApiModel):
    """One story's latest change."""

    kind: Annotated[
        Literal["story", "absorbed", "removed"],
        Field(description="story: here it is; absorbed: its id leads to another; removed: taken down."),
    ]
    at: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    key: Annotated[
        str,
        Field(
            description="The id of the story; of what was taken down, the SHA-256 of `article:` and the id of the "
            "article, which a story has that began with it.",
            examples=[EXAMPLE_ID],
        ),
    ]
    into: Annotated[str | None, Field(description="The story that an absorbed id leads to.", examples=[EXAMPLE_ID])] = (
        None
    )
    story: Story | None = None


class ChangeList(ApiModel):
    changes: Annotated[list[Change], Field(description="The oldest first; each story once, at its latest change.")]
    next: Annotated[
        str,
        Field(
            description="Give it as `cursor`, now or tomorrow: the changes behind these.",
            examples=["WzE3OTU0MTQ3MjAwMDAwMDAsIiJd"],
        ),
    ]
    more: Annotated[bool, Field(description="Whether there are more already.")]


router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[REQUIRE_READ])


# A change bears the time when its writing began: a later one may be written first, so the last moments wait.
SETTLE_DELAY = timedelta(seconds=60)


CHANGE_KEY_PATTERN = re.compile(r"([0-9a-f]{24}|[0-9a-f]{64})?")


class ChangeQuery(BaseModel):
    """Where to begin, or to go on; from the beginning of all without either."""

    model_config = ConfigDict(extra="forbid")

    updated_since: Annotated[
        str | None, Field(description=f"Changes at or after this time. {TIME_FORMS}", examples=["2026-11-23T06:30Z"])
    ] = None
    cursor: Annotated[
        str | None,
        Field(
            description="`next` of the answer before; it counts before the time.",
            examples=["WzE3OTU0MTQ3MjAwMDAwMDAsIiJd"],
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="At most so many changes.")] = 200

    @field_validator("updated_since", mode="after")
    @classmethod
    def _moment(cls, value: str | None) -> str | None:
        if value is not None:
            parse_time(value, now=utc_now())
        return value

    def after(self, *, now: datetime) -> ChangeCursor:
        """Raises BadCursor."""
        if self.cursor is not None:
            return decode_change_cursor(self.cursor)
        return ChangeCursor(EPOCH if self.updated_since is None else parse_time(self.updated_since, now=now))


@router.get(
    "/changes",
    response_model=ChangeList,
    summary="What changed since",
    operation_id="listChanges",
    responses={400: {"description": "The cursor is none."}},
)
def get_changes(request: Request, query: Annotated[ChangeQuery, Query()]) -> Response:
    """Stories by the time of their latest change, absorbed ids and takedowns among them; the last minute is left out.

    Keep `next`, and ask with it again: a mirror that does so misses nothing.
    """
    desk = api_context(request)
    now = desk.clock()
    after = query.after(now=now)
    with desk.store.read() as connection:
        found = changes_after(connection, after=after, before=now - SETTLE_DELAY, limit=query.limit + 1)
    page = found[: query.limit]
    last = ChangeCursor(page[-1].at, page[-1].key) if page else after
    told = ChangeList(
        changes=[Change.model_validate(one) for one in page],
        next=encode_change_cursor(last),
        more=len(found) > query.limit,
    )
    return json_response(request, told)


def encode_change_cursor(position: ChangeCursor) -> str:
    return encode_parts([(position.at - EPOCH) // timedelta(microseconds=1), position.key])


def decode_change_cursor(cursor: str) -> ChangeCursor:
    """Raises BadCursor."""
    try:
        since_epoch, key = decode_parts(cursor)
        if not isinstance(since_epoch, int) or not CHANGE_KEY_PATTERN.fullmatch(key):
            raise ValueError(cursor)
        return ChangeCursor(EPOCH + timedelta(microseconds=since_epoch), key)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadCursor("this is not a cursor of changes: take the one that an answer gave as next") from error
