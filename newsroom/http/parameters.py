"""Path parameters of several routes, validated before they reach the database."""

import re
from typing import Annotated

from fastapi import Path
from pydantic import ValidationError

from onestory.errors import NotFound

__all__ = ["refused_parameters", "validate_id"]


ID_PATTERN = re.compile(r"[0-9a-f]{24}")
# The largest value of an integer column on PostgreSQL.
MAX_DATABASE_ID = 2**31 - 1

StoryId = Annotated[str, Path(description="24 hex digits.", examples=["5f0c6b7a9d2e4c1b8a3f7e60"])]


def validate_id(value: str, *, of: str) -> str:
    """Return the id if it is well-formed. Raises NotFound otherwise."""
    if not ID_PATTERN.fullmatch(value):
        raise NotFound(f"there is no {of} {value[:80]!r}: an id has 24 hex digits")
    return value


def refused_parameters(error: ValidationError) -> list[str]:
    """What is wrong with the parameters of a page, one line each."""
    return [
        f"{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}".replace("_", " ", 1)
        for fault in error.errors()
    ]
