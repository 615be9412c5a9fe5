"""Where a list of stories goes on, as an opaque word that only fits the list it came from."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta

import orjson

from store.errors import BadInput
from store.story_list import Position

__all__ = ["BadCursor", "from_cursor", "list_name", "to_cursor"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALPHABET = re.compile(r"[A-Za-z0-9_-]{1,200}")
VERSIONS = range(2**31)
STORY_ID = re.compile(r"[0-9a-f]{24}")


class BadCursor(BadInput):
    reason = "bad_cursor"


def list_name(filters: object) -> str:
    """The same for the same filters, in whatever order they were given; `filters` is plain JSON."""
    return hashlib.sha256(orjson.dumps(filters, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def to_cursor(position: Position, *, of: str) -> str:
    """`of` is the name of the list."""
    since_epoch = (position.last_seen - EPOCH) // timedelta(microseconds=1)
    told = orjson.dumps([of, since_epoch, position.id, position.up_to])
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def from_cursor(cursor: str, *, of: str) -> Position:
    """Raises BadCursor for one of another list, and for what is none."""
    try:
        name, since_epoch, story_id, up_to = _read(cursor)
        last_seen = EPOCH + timedelta(microseconds=since_epoch)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadCursor("this is not a cursor: take the one that the list before gave as next") from error
    if name != of:
        raise BadCursor("this cursor belongs to another list: repeat the filters that it was given with")
    return Position(last_seen, story_id, up_to)


def _read(cursor: str) -> tuple[str, int, str, int]:
    if not ALPHABET.fullmatch(cursor):
        raise ValueError(cursor)
    name, since_epoch, story_id, up_to = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    if not isinstance(since_epoch, int) or not STORY_ID.fullmatch(story_id) or up_to not in VERSIONS:
        raise ValueError(cursor)
    return str(name), since_epoch, story_id, up_to
