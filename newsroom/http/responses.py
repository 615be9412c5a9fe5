"""Responses: content negotiation (RFC 9110, 12.5.1), ETags and partial fields."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import xxhash
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from onestory.errors import BadInput

__all__ = [
    "etag_response",
    "json_response",
    "negotiate_media_type",
    "plain_json_response",
    "selected_fields",
    "uncached_json",
]


def negotiate_media_type(request: Request, offered: Sequence[str]) -> str:
    """The client's preferred media type, by default the first offered.

    Media ranges have no influence: a browser's `*/*` must keep getting the original format.
    """
    likes = _likes(request.headers.get("accept", ""))
    return max(offered, key=lambda kind: likes.get(kind, 0.0)) if likes else offered[0]


def _likes(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in accept.split(","):
        kind, *parameters = [part.strip().lower() for part in one.split(";")]
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        found[kind] = _weight(weight)
    return found


def _weight(value: str) -> float:
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


IncludedFields = Mapping[str, Any] | set[str]


def json_response(
    request: Request,
    shape: BaseModel,
    *,
    include: IncludedFields | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A model as JSON. `include` is pydantic's: the members to include, by default all."""
    return etag_response(request, shape.model_dump_json(include=include).encode(), "application/json", headers=headers)


def plain_json_response(request: Request, value: object, media_type: str, *, headers: Mapping[str, str]) -> Response:
    """Plain values as JSON in a foreign format."""
    return etag_response(request, orjson.dumps(value), media_type, headers=headers)


def uncached_json(shape: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The result of an action as JSON, which no cache may keep."""
    return Response(
        shape.model_dump_json(), status, {"Cache-Control": "no-store", **(headers or {})}, "application/json"
    )


def etag_response(
    request: Request, body: bytes, media_type: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    """A response with a weak ETag computed from its body."""
    tag = f'W/"{xxhash.xxh3_128_hexdigest(body)}"'
    tagged = {"ETag": tag, "Cache-Control": "private, no-cache", **(headers or {})}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=tagged)
    return Response(body, headers=tagged, media_type=media_type)


def _has(known: str, tag: str) -> bool:
    """Whether an If-None-Match header has the tag, by weak comparison (RFC 9110, 13.1.2)."""
    tags = {one.strip().removeprefix("W/") for one in known.split(",")}
    return "*" in tags or tag.removeprefix("W/") in tags


def selected_fields(shape: type[BaseModel], fields: str | None) -> set[str] | None:
    """The members to include, with `id`; None for all. Raises BadInput that lists the available ones."""
    if fields is None:
        return None
    names = {name.strip() for name in fields.split(",")}
    if unknown := sorted(names - set(shape.model_fields)):
        there = ", ".join(shape.model_fields)
        raise BadInput(f"fields: there is no {unknown[0][:80]!r}; choose from {there}")
    return {"id", *names}
