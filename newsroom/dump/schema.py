"""The fields of dump rows, defined once for the rows, schema.json and the dataset card."""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "ARTICLE_FIELDS",
    "DUMP_COPY_FIELDS",
    "MATCH_FIELDS",
    "NEWS_EVENT_FIELDS",
    "SIGNAL_FIELDS",
    "STORY_FIELDS",
    "json_schema",
]


# Field names and types: string, int64, float64, bool, timestamp (ISO 8601 in UTC), list of strings, or a struct of
# these. Every row has every field, null if unknown.
ARTICLE_METADATA = {"words": "int64", "section": "string", "notice": "string", "kind": "string"}

SIGNAL_FIELDS = {"source": "string", "value": "string", "says": "string"}

ARTICLE_FIELDS: dict[str, Any] = {
    "id": "string",
    "url": "string",
    "story_id": "string",
    "relation": "string",
    "outlet": "string",
    "title": "string",
    "byline": ["string"],
    "credit": "string",
    "language": "string",
    "published": "timestamp",
    "first_seen": "timestamp",
    "updated": "timestamp",
    "withdrawn": "timestamp",
    "withdrawn_reason": "string",
    "text": "string",
    "source": "string",
    "added": "timestamp",
    "created": "timestamp",
    "content_digest": "string",
    "warc_file": "string",
    "warc_offset": "int64",
    "extractor": "string",
    "signature_params": "string",
    "mining": "string",
    "rights_observed": "timestamp",
    "rights": [SIGNAL_FIELDS],
    "metadata": ARTICLE_METADATA,
}

DUMP_COPY_FIELDS = {
    "article_id": "string",
    "url": "string",
    "outlet": "string",
    "owner": "string",
    "relation": "string",
    "runs_version": "int64",
    "first_seen": "timestamp",
    "published": "timestamp",
    "withdrawn": "timestamp",
}

STORY_METADATA = {
    "language": "string",
    "credit": "string",
    "original": "string",
    "original_reason": "string",
    "copies": "int64",
}

STORY_FIELDS: dict[str, Any] = {
    "id": "string",
    "title": "string",
    "text": "string",
    "first_seen": "timestamp",
    "last_seen": "timestamp",
    "outlets": ["string"],
    "owners": ["string"],
    "copies": [DUMP_COPY_FIELDS],
    "source": "string",
    "added": "timestamp",
    "created": "timestamp",
    "metadata": STORY_METADATA,
}


NEWS_EVENT_FIELDS: dict[str, Any] = {
    "id": "string",
    "label": "string",
    "label_story": "string",
    "languages": ["string"],
    "first_seen": "timestamp",
    "last_seen": "timestamp",
    "stories": ["string"],
    "copies": "int64",
    "outlets": "int64",
    "owners": "int64",
}


# What a copy is beside another text: `a_is` says what a is beside b. Counts are words.
MATCH_FIELDS: dict[str, Any] = {
    "a": "string",
    "b": "string",
    "kind": "string",
    "a_is": "string",
    "b_is": "string",
    "jaccard": "float64",
    "containment_a": "float64",
    "containment_b": "float64",
    "shared_words": "int64",
    "longest_run": "int64",
    "replaced_words": "int64",
    "conflicts": "int64",
    "a_at": "int64",
    "b_at": "int64",
    "off_topic": "bool",
    "unrelated": "bool",
}

JSON_TYPES = {"string": "string", "int64": "integer", "float64": "number", "bool": "boolean"}


def json_schema(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a row."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_schema(dict(fields))}


def _schema(kind: Any) -> dict[str, Any]:
    if isinstance(kind, dict):
        return {
            "type": "object",
            "properties": {name: _schema(inner) for name, inner in kind.items()},
            "required": list(kind),
            "additionalProperties": False,
        }
    if isinstance(kind, list):
        return {"type": "array", "items": _schema(kind[0])}
    if kind == "timestamp":
        return {"type": ["string", "null"], "format": "date-time"}
    return {"type": [JSON_TYPES[kind], "null"]}
