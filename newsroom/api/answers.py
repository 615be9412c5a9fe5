"""How a shape becomes a response: bytes with a weak ETag, or 304 for who has them already."""

from collections.abc import Mapping
from typing import Any

import orjson
import xxhash
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

__all__ = ["answer", "json_answer", "plain_answer"]

Include = Mapping[str, Any] | set[str]


def json_answer(
    request: Request,
    shape: BaseModel,
    *,
    include: Include | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`include` is pydantic's: the members that are told, all without it."""
    return answer(request, shape.model_dump_json(include=include).encode(), "application/json", headers=headers)


def plain_answer(request: Request, value: object, media_type: str, *, headers: Mapping[str, str]) -> Response:
    """Plain values as JSON, in a format that is not ours."""
    return answer(request, orjson.dumps(value), media_type, headers=headers)


def answer(request: Request, body: bytes, media_type: str, *, headers: Mapping[str, str] | None = None) -> Response:
    """The tag is of the bytes: a list has changed when what it shows has."""
    tag = f'W/"{xxhash.xxh3_128_hexdigest(body)}"'
    told = {"ETag": tag, "Cache-Control": "private, no-cache", **(headers or {})}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=told)
    return Response(body, headers=told, media_type=media_type)


def _has(known: str, tag: str) -> bool:
    """Weak comparison (RFC 9110, 13.1.2); `*` stands for whatever there is."""
    tags = {one.strip().removeprefix("W/") for one in known.split(",")}
    return "*" in tags or tag.removeprefix("W/") in tags
