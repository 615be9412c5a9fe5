"""How a shape becomes a response: JSON bytes with a weak ETag, or 304 for who has it already."""

from collections.abc import Mapping

import xxhash
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

__all__ = ["json_answer"]


def json_answer(request: Request, shape: BaseModel, *, headers: Mapping[str, str] | None = None) -> Response:
    """The tag is of the bytes: a list has changed when what it shows has."""
    body = shape.model_dump_json().encode()
    tag = f'W/"{xxhash.xxh3_128_hexdigest(body)}"'
    told = {"ETag": tag, "Cache-Control": "private, no-cache", **(headers or {})}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=told)
    return Response(body, headers=told, media_type="application/json")


def _has(known: str, tag: str) -> bool:
    """Weak comparison (RFC 9110, 8.8.3.2)."""
    return tag.removeprefix("W/") in {one.strip().removeprefix("W/") for one in known.split(",")}
