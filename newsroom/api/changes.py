"""GET /v1/changes: for whoever keeps a copy of the stories."""

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from newsroom.api.answers import json_answer
from newsroom.api.callers import READ
from newsroom.api.change_shapes import Change, ChangeList
from newsroom.api.cursors import BadCursor
from newsroom.api.desk import desk_of
from newsroom.api.moments import MOMENT, read_moment
from store.changes import ChangePosition, changes

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[READ])

# A change bears the time when its writing began: a later one may be written first, so the last moments wait.
SETTLING = timedelta(seconds=60)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALPHABET = re.compile(r"[A-Za-z0-9_-]{1,200}")
KEY = re.compile(r"([0-9a-f]{24}|[0-9a-f]{64})?")


class ChangeQuery(BaseModel):
    """Where to begin, or to go on; from the beginning of all without either."""

    model_config = ConfigDict(extra="forbid")

    updated_since: Annotated[
        str | None, Field(description=f"Changes at or after this time. {MOMENT}", examples=["2026-11-23T06:30Z"])
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
            read_moment(value, now=datetime.now(UTC))
        return value

    def after(self, *, now: datetime) -> ChangePosition:
        """Raises BadCursor."""
        if self.cursor is not None:
            return from_change_cursor(self.cursor)
        return ChangePosition(EPOCH if self.updated_since is None else read_moment(self.updated_since, now=now))


@router.get(
    "/changes",
    response_model=ChangeList,
    summary="What changed since",
    operation_id="listChanges",
    responses={400: {"description": "The cursor is none."}},
)
def list_changes(request: Request, query: Annotated[ChangeQuery, Query()]) -> Response:
    """Stories by the time of their latest change, absorbed ids and takedowns among them; the last minute is left out.

    Keep `next`, and ask with it again: a mirror that does so misses nothing.
    """
    desk = desk_of(request)
    now = desk.clock()
    after = query.after(now=now)
    with desk.store.read() as connection:
        found = changes(connection, after=after, before=now - SETTLING, limit=query.limit + 1)
    page = found[: query.limit]
    last = ChangePosition(page[-1].at, page[-1].key) if page else after
    told = ChangeList(
        changes=[Change.model_validate(one) for one in page],
        next=to_change_cursor(last),
        more=len(found) > query.limit,
    )
    return json_answer(request, told)


def to_change_cursor(position: ChangePosition) -> str:
    told = orjson.dumps([(position.at - EPOCH) // timedelta(microseconds=1), position.key])
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def from_change_cursor(cursor: str) -> ChangePosition:
    """Raises BadCursor."""
    try:
        if not ALPHABET.fullmatch(cursor):
            raise ValueError(cursor)
        since_epoch, key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(since_epoch, int) or not KEY.fullmatch(key):
            raise ValueError(cursor)
        return ChangePosition(EPOCH + timedelta(microseconds=since_epoch), key)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadCursor("this is not a cursor of changes: take the one that an answer gave as next") from error
