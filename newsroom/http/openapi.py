"""The OpenAPI document of the app, with problem details in place of FastAPI's own error schemas."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response

from onestory.newsroom.http.permissions import REQUIRE_READ, route_scopes
from onestory.newsroom.http.problems import PROBLEM_TYPE
from onestory.newsroom.http.schemas import EXAMPLE_ID, EXAMPLE_TIME, ProblemDetails

__all__ = ["add_examples", "example_of", "serve_openapi"]


API_SUMMARY = "Which stories ran where, which outlet was first, and what ran before."

API_DESCRIPTION = """
Many outlets run the same wire story. Onestory keeps **one record of it, with every copy attached**.

- Times are UTC. `published` is the time stated on a page; `first_seen` is when it was observed. They are never mixed.
- Lists are read with cursors: pass `next` as `cursor`, with the same filters. A story that grows meanwhile keeps its
  place, so none is repeated or missed. To mirror all stories, read `/v1/changes?include=articles` and keep its `next`.
- `fields` selects the members to include. Every list is also CSV and XLSX (`format=csv`, `format=xlsx`), lists of
  stories also Atom and JSON Feed, stories and articles also ninjs.
- Where keys are required, send yours as `Authorization: Bearer KEY`. Its scope is read, edit or admin.
- Errors are problem details (RFC 9457); `reason` is a stable word, `detail` a sentence.
- Responses carry a weak `ETag`; send it as `If-None-Match` to avoid transferring the body again.
- The id of a story is permanent: an absorbed id redirects (307) to the story that absorbed it.
- Texts and headlines are taken from the web unchanged. Escape them for display.
"""

API_TAGS = [
    {"name": "stories", "description": "Story records, their copies, and articles with their texts."},
    {
        "name": "news-events",
        "description": "Stories that report one happening, and decisions about that.",
    },
    {"name": "counts", "description": "Counts of coverage, with copies and without."},
    {"name": "decisions", "description": "Editorial decisions on stories: merge, split, mark the original, undo."},
    {"name": "lookup", "description": "Find out whether a text ran before."},
    {"name": "events", "description": "Events, as pages or streams."},
    {"name": "webhooks", "description": "Deliver events to other programs."},
    {"name": "sources", "description": "Sources, their health, and their management."},
    {"name": "outlets", "description": "Outlets: owners, and how each runs the copy of others."},
    {"name": "wire", "description": "Dispatches of agencies and of the operator's own system, and who ran them."},
    {"name": "watches", "description": "Stories and topics to follow."},
    {"name": "searches", "description": "Saved searches."},
    {"name": "keys", "description": "Access keys and their scopes."},
    {"name": "settings", "description": "Settings of this Onestory."},
    {"name": "health", "description": "Probes for orchestrators."},
]

KEY_SECURITY_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key made with `onestory keys add` or on the settings page. Its scope is read, edit or admin, "
    "each including those before. Feed readers may send it as the password of HTTP Basic.",
}

AUTH_RESPONSES = {
    "401": {"description": "No key was sent, or the key is not valid."},
    "403": {"description": "The key's scope is too low."},
}

PROBLEM_REF = {"$ref": "#/components/schemas/ProblemDetails"}


def serve_openapi(app: FastAPI, *, is_open: bool) -> None:
    """Serve our OpenAPI document at /openapi.json. It is built once. `is_open`: no key is required."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _finished(
                get_openapi(
                    title="Onestory",
                    version=app.version,
                    openapi_version="3.1.0",
                    summary=API_SUMMARY,
                    description=API_DESCRIPTION.strip(),
                    tags=API_TAGS,
                    routes=app.routes,
                ),
                {(one.path, method.lower()): one.scope for one in route_scopes(app.routes) for method in one.methods},
                is_open=is_open,
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]

    @app.get("/openapi.json", include_in_schema=False, dependencies=[REQUIRE_READ])
    async def description() -> Response:
        return JSONResponse(app.openapi(), headers={"Cache-Control": "private, no-cache"})


def _finished(
    document: dict[str, Any], scopes: Mapping[tuple[str, str], str | None], *, is_open: bool
) -> dict[str, Any]:
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"key": KEY_SECURITY_SCHEME}
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _tell_scope(operation, scopes[path, method], is_open=is_open)
            _tell_problems(operation["responses"])
    add_examples(document)
    return document


def _tell_scope(operation: dict[str, Any], scope: str | None, *, is_open: bool) -> None:
    """Add the scopes, in the place that OpenAPI 3.1 has for roles. An empty requirement means that no key is needed."""
    if scope is None:
        operation["security"] = []
        return
    operation["security"] = [{"key": [scope]}, *([{}] if is_open else [])]
    for status, refusal in AUTH_RESPONSES.items():
        operation["responses"].setdefault(status, dict(refusal))


def _tell_problems(responses: dict[str, Any]) -> None:
    responses.setdefault("default", {"description": "Any other problem."})
    responses.pop("422", None) if "HTTPValidationError" in str(responses.get("422")) else None
    for status, response in responses.items():
        if status == "default" or status >= "400":
            response["content"] = {PROBLEM_TYPE: {"schema": PROBLEM_REF}}


EXAMPLE_KEYS = {"example", "examples"}

TYPE_EXAMPLES: Mapping[str, Any] = {"integer": 1, "number": 0.5, "boolean": True, "string": "…", "null": None}

EXAMPLE_URN = "urn:uuid:0e6b4f0e-5c1f-5d0a-9c55-3f0c6b7a9d2e"

EXAMPLE_TITLE = "Harbour bridge to close"

EXAMPLE_SUMMARY = "5 copies in 4 outlets. First seen 2026-11-23 06:12 UTC at Harbour Post. Credit: Reuters."

# Formats defined elsewhere, which have no schema here.
MEDIA_TYPE_EXAMPLES: Mapping[str, Any] = {
    "application/atom+xml": (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{EXAMPLE_URN}</id><title>Onestory</title><updated>{EXAMPLE_TIME}</updated>"
        f"<entry><id>{EXAMPLE_URN}</id><title>{EXAMPLE_TITLE}</title><updated>{EXAMPLE_TIME}</updated><summary>{EXAMPLE_SUMMARY}</summary></entry></feed>"
    ),
    "application/feed+json": {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Onestory",
        "items": [
            {"id": EXAMPLE_URN, "title": EXAMPLE_TITLE, "content_text": EXAMPLE_SUMMARY, "date_modified": EXAMPLE_TIME}
        ],
    },
    "application/vnd.iptc.ninjs+json": {
        "uri": EXAMPLE_URN,
        "standard": {"name": "ninjs", "version": "3.1"},
        "type": "text",
        "pubStatus": "usable",
        "language": "en",
        "firstCreated": EXAMPLE_TIME,
        "headlines": [{"role": "main", "contentType": "text/plain", "value": EXAMPLE_TITLE}],
        "bodies": [{"role": "main", "contentType": "text/plain", "value": "The harbour bridge will close."}],
        "associations": [{"name": "Bay News", "rel": "edited", "uri": EXAMPLE_URN}],
    },
    "text/event-stream": (
        f'id: 4711\nevent: story.grew\ndata: {{"id":4711,"kind":"story.grew","at":"{EXAMPLE_TIME}",'
        f'"story_id":"{EXAMPLE_ID}",'
        '"source_id":null,"watch_id":null,"data":{"copies":5,"outlets":4,"owners":3,"added":2}}\n\n'
    ),
    "text/plain": "ok\n",
}

Schemas = Mapping[str, Any]


def add_examples(document: dict[str, Any]) -> None:
    """Add missing examples."""
    schemas = document["components"]["schemas"]
    for operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            if not EXAMPLE_KEYS & {*parameter, *parameter["schema"]}:
                parameter["example"] = example_of(parameter["schema"], schemas)
        for content in _contents(operation):
            for media_type, media in content.items():
                if not EXAMPLE_KEYS & {*media, *media.get("schema", ())}:
                    media["example"] = MEDIA_TYPE_EXAMPLES.get(media_type) or example_of(media["schema"], schemas)


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        yield from operations.values()


def _contents(operation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "requestBody" in operation:
        yield operation["requestBody"]["content"]
    for response in operation["responses"].values():
        if "content" in response:
            yield response["content"]


def example_of(schema: Mapping[str, Any], schemas: Schemas) -> Any:
    """The first example of a schema, else one made from its default, enumeration, parts or type."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for name in ("const", "default"):
        if schema.get(name) is not None:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _of_several(schema["anyOf"], schemas)
    return _by_type(schema, schemas)


def _of_several(choices: Sequence[Mapping[str, Any]], schemas: Schemas) -> Any:
    """An example for alternatives: null if that is allowed and nothing better is known."""
    if {"type": "null"} in choices and "$ref" not in choices[0]:
        return None
    return example_of(choices[0], schemas)


def _by_type(schema: Mapping[str, Any], schemas: Schemas) -> Any:
    kind = schema.get("type")
    if kind == "object":
        return {name: example_of(one, schemas) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        return [example_of(schema["items"], schemas)] if "items" in schema else []
    if schema.get("format") == "date-time":
        return EXAMPLE_TIME
    if schema.get("pattern") and kind == "string":
        return EXAMPLE_ID
    return TYPE_EXAMPLES.get(str(kind))
