"""The fields of dump rows, defined once for the rows, schema.json and the dataset card."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "ARTICLE_FIELDS",
    "DUMP_COPY_FIELDS",
    "SIGNAL_FIELDS",
    "STORY_FIELDS",
    "dataset_card",
    "dataset_features",
    "json_schema",
]


# Field names and types: string, int64, timestamp (ISO 8601 in UTC), list of strings, or a struct of these. Every row
# has every field, null if unknown.
ARTICLE_METADATA = {"words": "int64", "section": "string", "notice": "string", "kind": "string"}

SIGNAL_FIELDS = {"source": "string", "value": "string", "says": "string"}

ARTICLE_FIELDS: dict[str, Any] = {
    "id": "string",
    "url": "string",
    "story_id": "string",
    "relation": "string",
    "runs_version": "int64",
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
    return {"type": ["integer" if kind == "int64" else "string", "null"]}


def dataset_features(fields: Mapping[str, Any], *, indent: str) -> str:
    """The fields as the YAML of a dataset card's `dataset_info`."""
    return "".join(_feature(name, kind, indent) for name, kind in fields.items())


def _feature(name: str, kind: Any, indent: str) -> str:
    if isinstance(kind, dict):
        return f"{indent}- name: {name}\n{indent}  struct:\n{dataset_features(kind, indent=indent + '  ')}"
    if isinstance(kind, list) and isinstance(kind[0], dict):
        return f"{indent}- name: {name}\n{indent}  list:\n{dataset_features(kind[0], indent=indent + '  ')}"
    if isinstance(kind, list):
        return f"{indent}- name: {name}\n{indent}  list: {kind[0]}\n"
    # JSON Lines has times as text; loaders cast them to timestamps.
    return f"{indent}- name: {name}\n{indent}  dtype: {'string' if kind == 'timestamp' else kind}\n"


def dataset_card(counts: Mapping[str, int], *, mining: Sequence[str] = ()) -> str:
    """The dataset card: Markdown with the YAML header that loaders read. `counts` are the rows of each table.

    `mining` are the requested verdicts.
    """
    return f"""---
configs:
- config_name: stories
  default: true
  data_files:
  - split: train
    path: stories/*.jsonl.zst
- config_name: articles
  data_files:
  - split: train
    path: articles/*.jsonl.zst
dataset_info:
- config_name: stories
  features:
{dataset_features(STORY_FIELDS, indent="  ")}- config_name: articles
  features:
{dataset_features(ARTICLE_FIELDS, indent="  ")}---

# A deduplicated news corpus

{counts["stories"]} stories, {counts["articles"]} articles, made with Onestory.

`stories/` has one row per story: the text of its original, and every copy with its outlet and times.
`articles/` has one row per article with its text; `story_id` is its story, and `relation` its role there: original,
verbatim, edited or excerpt.

- `runs_version` is set for a verbatim copy of an earlier version of its story's original: 1 is the first version.
- `first_seen`, `last_seen`, `added` are observed times, or the import's for rows without `fetched`;
  `published`, `created` are stated on the page.
- `url` is the fetched URL; `warc_file` and `warc_offset` locate the stored response, if it was archived.
- `withdrawn` is since when an article's page no longer shows it, with the reason; the text is that of the last version.
  Null: the page shows it, or was not revisited.
- `mining` is the verdict on text and data mining (allowed, denied, or unknown without any statement), `rights` the
  signals that it is based on, as found, `rights_observed` the time. This dump has: {", ".join(mining) or "all"}.
- `content_digest` is the SHA-256 of title, an empty line, and text.
- Every row has every field, null if unknown: see `articles.schema.json` and `stories.schema.json`.
- `removed.jsonl` lists takedowns: remove these from data derived from an earlier dump. `digest` is, by `kind`, the
  SHA-256 of `article:` and an article's id, of `host:` and a host without www., or a `content_digest`.
- `gaps.jsonl` lists what may be missing: for each source the times in which it was not seen, from the last successful
  poll (`from`) to the next (`to`, null while the gap lasts), with the reason. Articles that appeared and disappeared
  within a gap are not included.
- `manifest.json` has the counts, and the size and SHA-256 of every other file.

The texts remain their publishers'. Users must establish what they may do with them.
"""
