"""The OpenAPI document of the app, with problems in the place of FastAPI's own error shapes."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from newsroom.api.examples import give_examples
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
    {"name": "health", "description": "For orchestrators."},
]
REF = {"$ref": "#/components/schemas/ProblemDetails"}


def describe(app: FastAPI) -> None:
    """Makes the app answer /openapi.json with our document, made once."""

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
                )
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _finished(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
    for operations in document["paths"].values():
        for operation in operations.values():
            _tell_problems(operation["responses"])
    give_examples(document)
    return document


def _tell_problems(responses: dict[str, Any]) -> None:
    responses.setdefault("default", {"description": "Any other problem."})
    responses.pop("422", None) if "HTTPValidationError" in str(responses.get("422")) else None
    for status, response in responses.items():
        if status == "default" or status >= "400":
            response["content"] = {MEDIA_TYPE: {"schema": REF}}
