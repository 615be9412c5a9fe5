"""Cursors of lists: opaque strings that are valid only for the list they came from."""

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Request
from pydantic import BaseModel

from onestory.errors import BadInput
from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.store.stories.listing import StoryCursor
from onestory.store.stories.sorted_listing import SortedCursor

__all__ = [
    "EPOCH",
    "BadCursor",
    "decode_cursor",
    "decode_parts",
    "decode_sorted_cursor",
    "encode_cursor",
    "encode_parts",
    "encode_sorted_cursor",
    "filters_digest",
    "next_link",
    "next_link_of_request",
    "next_url",
]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

CURSOR_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,200}")

VERSION_NUMBERS = range(MAX_DATABASE_ID + 1)

STORY_ID_PATTERN = re.compile(r"[0-9a-f]{24}")


class BadCursor(BadInput):
    reason = "bad_cursor"


def filters_digest(filters: object) -> str:
    """A digest of filters, independent of their order. `filters` is plain JSON."""
    return hashlib.sha256(orjson.dumps(filters, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def encode_cursor(position: StoryCursor, *, of: str) -> str:
    """Encode a position in the list named `of`."""
    since_epoch = (position.last_seen - EPOCH) // timedelta(microseconds=1)
    return encode_parts([of, since_epoch, position.id, position.up_to])


def decode_cursor(cursor: str, *, of: str) -> StoryCursor:
    """Decode a cursor. Raises BadCursor if it is malformed or belongs to another list."""
    try:
        name, since_epoch, story_id, up_to = _read(cursor)
        last_seen = EPOCH + timedelta(microseconds=since_epoch)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadCursor("this is not a cursor: use `next` of the previous page") from error
    if name != of:
        raise BadCursor("this cursor belongs to another list: repeat the filters of the first page")
    return StoryCursor(last_seen, story_id, up_to)


def encode_sorted_cursor(position: SortedCursor, *, of: str) -> str:
    """Encode a position in the sorted list named `of`."""
    return encode_parts([of, position.value, _micros(position.last_seen), position.id, _micros(position.at)])


def decode_sorted_cursor(cursor: str, *, of: str) -> SortedCursor:
    """Decode a cursor of a sorted list. Raises BadCursor if it is malformed or belongs to another list."""
    try:
        name, value, last_seen, story_id, at = decode_parts(cursor)
        if not all(type(number) is int for number in (value, last_seen, at)) or value not in VERSION_NUMBERS:
            raise ValueError(cursor)
        if not STORY_ID_PATTERN.fullmatch(story_id):
            raise ValueError(cursor)
        found = SortedCursor(value, _moment(last_seen), story_id, _moment(at))
        if found.at < EPOCH:
            raise ValueError(cursor)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadCursor("this is not a cursor: use `next` of the previous page") from error
    if name != of:
        raise BadCursor("this cursor belongs to another list: repeat the filters of the first page")
    return found


def _micros(then: datetime) -> int:
    return (then - EPOCH) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def encode_parts(parts: Sequence[object]) -> str:
    """JSON as URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def decode_parts(cursor: str) -> Any:
    """The parts of a cursor. Raises ValueError."""
    if not CURSOR_PATTERN.fullmatch(cursor):
        raise ValueError(cursor)
    return orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))


def _read(cursor: str) -> tuple[str, int, str, int]:
    name, since_epoch, story_id, up_to = decode_parts(cursor)
    if not isinstance(since_epoch, int) or not STORY_ID_PATTERN.fullmatch(story_id) or up_to not in VERSION_NUMBERS:
        raise ValueError(cursor)
    return str(name), since_epoch, story_id, up_to


def next_url(path: str, query: BaseModel, cursor: str) -> str:
    """The URL of the next page: the same path and filters, with the cursor."""
    parameters = query.model_dump(exclude_defaults=True, exclude={"cursor"}, mode="json") | {"cursor": cursor}
    return f"{path}?{urlencode(parameters)}"


def next_link(request: Request, query: BaseModel, cursor: str | None) -> dict[str, str]:
    """The Link header for the next page, none at the end of the list."""
    return {} if cursor is None else {"Link": f'<{next_url(request.url.path, query, cursor)}>; rel="next"'}


def next_link_of_request(request: Request, cursor: str | None) -> dict[str, str]:
    """The same for other lists: the requested URL with another cursor."""
    parameters = {**request.query_params, "cursor": cursor}
    return {} if cursor is None else {"Link": f'<{request.url.path}?{urlencode(parameters)}>; rel="next"'}
