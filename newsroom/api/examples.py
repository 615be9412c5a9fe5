"""An example for every parameter, body and answer of the OpenAPI document, put together from those of its members."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from newsroom.api.shapes import ID, TIME

__all__ = ["example_of", "give_examples"]

NAMES = {"example", "examples"}
PLAIN: Mapping[str, Any] = {"integer": 1, "number": 0.5, "boolean": True, "string": "…", "null": None}
URN = "urn:uuid:0e6b4f0e-5c1f-5d0a-9c55-3f0c6b7a9d2e"
TITLE = "Harbour bridge to close"
SUMMARY = "5 copies in 4 outlets. First seen 2026-11-23 06:12 UTC at Harbour Post. Credit: Reuters."
# Formats of others, which no shape of ours describes.
WRITTEN: Mapping[str, Any] = {
    "application/atom+xml": (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{URN}</id><title>Onestory</title><updated>{TIME}</updated>"
        f"<entry><id>{URN}</id><title>{TITLE}</title><updated>{TIME}</updated><summary>{SUMMARY}</summary></entry></feed>"
    ),
    "application/feed+json": {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Onestory",
        "items": [{"id": URN, "title": TITLE, "content_text": SUMMARY, "date_modified": TIME}],
    },
    "application/vnd.iptc.ninjs+json": {
        "uri": URN,
        "standard": {"name": "ninjs", "version": "3.1"},
        "type": "text",
        "pubStatus": "usable",
        "language": "en",
        "firstCreated": TIME,
        "headlines": [{"role": "main", "contentType": "text/plain", "value": TITLE}],
        "bodies": [{"role": "main", "contentType": "text/plain", "value": "The harbour bridge will close."}],
        "associations": [{"name": "Bay News", "rel": "edited", "uri": URN}],
    },
    "text/event-stream": (
        f'id: 4711\nevent: story.grew\ndata: {{"id":4711,"kind":"story.grew","at":"{TIME}","story_id":"{ID}",'
        '"source_id":null,"watch_id":null,"data":{"copies":5,"outlets":4,"owners":3,"added":2}}\n\n'
    ),
    "text/plain": "ok\n",
}
Schemas = Mapping[str, Any]


def give_examples(document: dict[str, Any]) -> None:
    """To whatever has none."""
    schemas = document["components"]["schemas"]
    for operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            if not NAMES & {*parameter, *parameter["schema"]}:
                parameter["example"] = example_of(parameter["schema"], schemas)
        for content in _contents(operation):
            for media_type, told in content.items():
                if not NAMES & {*told, *told.get("schema", ())}:
                    told["example"] = WRITTEN.get(media_type) or example_of(told["schema"], schemas)


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
    """The first example that the schema gives; else one of its default, its words, its parts or its type."""
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
    """Where nothing may stand, and nothing better is known, nothing stands."""
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
        return TIME
    if schema.get("pattern") and kind == "string":
        return ID
    return PLAIN.get(str(kind))
