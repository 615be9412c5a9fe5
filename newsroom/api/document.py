"""The OpenAPI document of the app, with problems in the place of FastAPI's own error shapes."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response

from newsroom.api.callers import READ
from newsroom.api.examples import give_examples
from newsroom.api.needs import route_needs
from newsroom.api.problems import MEDIA_TYPE
from newsroom.api.shapes import ProblemDetails

__all__ = ["describe"]

SUMMARY = "Which stories ran where, who had them first, and what has run before."
DESCRIPTION = """
Many outlets run the same wire story. Onestory keeps **one record of it, with every copy attached**.

- Times are UTC. `published` is what a page claims; `first_seen` is when it was observed. They are never mixed.
- Lists are read with cursors: give `next` as `cursor`, with the same filters. A story that grows meanwhile keeps its
  place, so none is told twice or left out. To keep a copy of all stories, read `/v1/changes` and keep its `next`.
- `fields` leaves out what you do not need. Lists are Atom and JSON Feed, too; stories and articles are ninjs, too.
- Where keys are asked for, send yours as `Authorization: Bearer KEY`. Its scope is read, edit or admin.
- Errors are problems (RFC 9457); `reason` is a stable word, `detail` a sentence.
- Answers carry a weak `ETag`; `If-None-Match` saves the body.
- A story's id never changes hands: an id that was absorbed answers 307 to its survivor.
- Texts and headlines come from the web as they are. Escape them where you show them.
"""
TAGS = [
    {"name": "stories", "description": "Story records, their copies, and articles with their texts."},
    {"name": "decisions", "description": "What editors say of stories: merge, split, pin, undo."},
    {"name": "lookup", "description": "Has this run before?"},
    {"name": "events", "description": "What happened, to be read or streamed."},
    {"name": "webhooks", "description": "Programs that are told of events."},
    {"name": "sources", "description": "What is polled, and how it does."},
    {"name": "watches", "description": "Stories and topics that are followed."},
    {"name": "keys", "description": "Who may ask, and for how much."},
    {"name": "health", "description": "For orchestrators."},
]
KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key that `onestory keys add` or the settings page made; its scope is read, edit or admin, and "
    "includes those before. Feed readers may send it as the password of HTTP Basic.",
}
REFUSALS = {
    "401": {"description": "No key was sent, or none that is in use."},
    "403": {"description": "The key's scope is too low for this."},
}
REF = {"$ref": "#/components/schemas/ProblemDetails"}


def describe(app: FastAPI, *, is_open: bool) -> None:
    """Makes the app answer /openapi.json with our document, made once. `is_open`: no key is asked for."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _finished(
                get_openapi(
                    title="Onestory",
                    version=app.version,
                    openapi_version="3.1.0",
                    summary=SUMMARY,
                    description=DESCRIPTION.strip(),
                    tags=TAGS,
                    routes=app.routes,
                ),
                {(one.path, method.lower()): one.scope for one in route_needs(app.routes) for method in one.methods},
                is_open=is_open,
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]

    @app.get("/openapi.json", include_in_schema=False, dependencies=[READ])
    async def description() -> Response:
        return JSONResponse(app.openapi(), headers={"Cache-Control": "private, no-cache"})


def _finished(
    document: dict[str, Any], scopes: Mapping[tuple[str, str], str | None], *, is_open: bool
) -> dict[str, Any]:
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"key": KEY}
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _tell_scope(operation, scopes[path, method], is_open=is_open)
            _tell_problems(operation["responses"])
    give_examples(document)
    return document


def _tell_scope(operation: dict[str, Any], scope: str | None, *, is_open: bool) -> None:
    """The scope stands where OpenAPI 3.1 has the roles of a scheme; an empty requirement: it goes without, too."""
    if scope is None:
        operation["security"] = []
        return
    operation["security"] = [{"key": [scope]}, *([{}] if is_open else [])]
    for status, refusal in REFUSALS.items():
        operation["responses"].setdefault(status, dict(refusal))


def _tell_problems(responses: dict[str, Any]) -> None:
    responses.setdefault("default", {"description": "Any other problem."})
    responses.pop("422", None) if "HTTPValidationError" in str(responses.get("422")) else None
    for status, response in responses.items():
        if status == "default" or status >= "400":
            response["content"] = {MEDIA_TYPE: {"schema": REF}}
