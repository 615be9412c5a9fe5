"""The reference of the API at /docs, rendered from the OpenAPI document. It loads nothing from other hosts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.pages.render import render_page

__all__ = ["ApiOperation", "ApiParameter", "operations_by_tag", "router"]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])

JSON_TYPE = "application/json"
MAX_EXAMPLE_CHARS = 6_000


@dataclass(frozen=True, slots=True)
class ApiParameter:
    name: str
    place: str
    type: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """An operation as the page shows it. `scope` is empty if no key is needed."""

    id: str
    method: str
    path: str
    summary: str
    description: Sequence[str]
    scope: str
    parameters: Sequence[ApiParameter]
    request: str | None
    response: str | None
    errors: Sequence[tuple[str, str]]


@router.get("/docs")
def reference_page(request: Request) -> Response:
    document = request.app.openapi()
    return render_page(
        request,
        "reference.html",
        here=None,
        introduction=_lines(document["info"]["description"]),
        tags=operations_by_tag(document),
    )


def _lines(description: str) -> list[str]:
    return [line.strip("- ") for line in description.replace("\n  ", " ").splitlines() if line]


def operations_by_tag(document: Mapping[str, Any]) -> list[tuple[str, str, list[ApiOperation]]]:
    """Name and description of each tag, with its operations in the order of the document."""
    told = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    found: dict[str, list[ApiOperation]] = {name: [] for name in told}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            [tag, *_] = operation.get("tags") or ["other"]
            found.setdefault(tag, []).append(_operation(path, method, operation))
    return [(tag, told.get(tag, ""), listed) for tag, listed in found.items() if listed]


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> ApiOperation:
    success: Mapping[str, Any] = next(
        (one for status, one in operation["responses"].items() if status.startswith("2")), {}
    )
    scopes = [scope for need in operation.get("security", ()) for scope in need.get("key", ())]
    return ApiOperation(
        operation["operationId"],
        method.upper(),
        path,
        operation["summary"],
        operation.get("description", "").split("\n\n"),
        scopes[0] if scopes else "",
        [_parameter(one) for one in operation.get("parameters", ())],
        _example(operation.get("requestBody", {})),
        _example(success),
        list(_errors(operation["responses"])),
    )


def _parameter(one: Mapping[str, Any]) -> ApiParameter:
    return ApiParameter(
        one["name"],
        one["in"],
        _type(one["schema"]),
        one.get("required", False),
        one.get("description") or one["schema"].get("description", ""),
    )


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"] if one.get("type") != "null")
    return str(schema.get("const", schema.get("type", "")))


def _example(told: Mapping[str, Any]) -> str | None:
    media = told.get("content", {}).get(JSON_TYPE)
    if media is None:
        return None
    example = media.get("example", (media.get("schema", {}).get("examples") or [None])[0])
    if example is None:
        return None
    return orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()[:MAX_EXAMPLE_CHARS]


def _errors(responses: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for status, one in responses.items():
        if status >= "3":
            yield status, one.get("description", "")
