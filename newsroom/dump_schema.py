"""The fields of a dump's rows, spelled once: for the rows, for schema.json and for the card."""

from collections.abc import Mapping
from typing import Any

__all__ = ["ARTICLE_FIELDS", "COPY_FIELDS", "SIGNAL_FIELDS", "STORY_FIELDS", "features", "json_schema"]

# Field name to type: string, int64, timestamp (ISO 8601 in UTC), list of strings, or a struct of these. Every field
# stands in every row, null where nothing is known.
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
COPY_FIELDS = {
    "article_id": "string",
    "url": "string",
    "outlet": "string",
    "owner": "string",
    "relation": "string",
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
    "copies": [COPY_FIELDS],
    "source": "string",
    "added": "timestamp",
    "created": "timestamp",
    "metadata": STORY_METADATA,
}


def json_schema(fields: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema (2020-12) of one row."""
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
    return {"type": ["integer" if kind == "int64" else "string", "null"]}


def features(fields: Mapping[str, Any], *, indent: str) -> str:
    """The fields as the YAML of a dataset card's `dataset_info`."""
    return "".join(_feature(name, kind, indent) for name, kind in fields.items())


def _feature(name: str, kind: Any, indent: str) -> str:
    if isinstance(kind, dict):
        return f"{indent}- name: {name}\n{indent}  struct:\n{features(kind, indent=indent + '  ')}"
    if isinstance(kind, list) and isinstance(kind[0], dict):
        return f"{indent}- name: {name}\n{indent}  list:\n{features(kind[0], indent=indent + '  ')}"
    if isinstance(kind, list):
        return f"{indent}- name: {name}\n{indent}  list: {kind[0]}\n"
    # Times are text in JSON Lines; a loader that wants a timestamp casts them.
    return f"{indent}- name: {name}\n{indent}  dtype: {'string' if kind == 'timestamp' else kind}\n"
