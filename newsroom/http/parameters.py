"""Path parameters that several routes take, checked before a database sees them."""

import re
from typing import Annotated

from fastapi import Path

from onestory.errors import NotFound

__all__ = ["validate_id"]


ID_PATTERN = re.compile(r"[0-9a-f]{24}")
# The largest value of an integer column on PostgreSQL.
MAX_DATABASE_ID = 2**31 - 1

StoryId = Annotated[str, Path(description="24 hex digits.", examples=["5f0c6b7a9d2e4c1b8a3f7e60"])]


def validate_id(value: str, *, of: str) -> str:
    """The id, if it can be one: nothing else is shown to the database. Raises NotFound."""
    if not ID_PATTERN.fullmatch(value):
        raise NotFound(f"there is no {of} {value[:80]!r}: an id has 24 hex digits")
    return value
