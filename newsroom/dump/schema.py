"""The fields of a dump's rows, spelled once: for the rows, for schema.json and for the card."""

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
    # Times are text in JSON Lines; a loader that wants a timestamp casts them.
    return f"{indent}- name: {name}\n{indent}  dtype: {'string' if kind == 'timestamp' else kind}\n"


def dataset_card(counts: Mapping[str, int], *, mining: Sequence[str] = ()) -> str:
    """Markdown with the YAML head that dataset loaders read; `counts` are the rows of each table.

    `mining` are the verdicts that were asked for.
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

`stories/` has one row a story: the text of its original, and every copy with its outlet and times.
`articles/` has one row an article with its text; `story_id` leads to its story, `relation` says what it is there:
original, verbatim, edited or excerpt.

- `first_seen`, `last_seen`, `added` are observed times; `published`, `created` are what the page claims.
- `url` is the URL that was fetched; `warc_file` and `warc_offset` lead to the bytes, where they were kept.
- `withdrawn` is since when an article's page has not shown it any more, with the reason; the text stays that of the
  last version. Null: its page shows it, or nobody has looked.
- `mining` is the verdict on text and data mining (allowed, denied, or unknown where nothing was said), `rights` the
  signals that it rests on as they were found, `rights_observed` when. This dump has: {", ".join(mining) or "all"}.
- `content_digest` is the SHA-256 of title, an empty line, and text.
- Every field stands in every row, null where nothing is known: `articles.schema.json`, `stories.schema.json`.
- `removed.jsonl` names what was taken down: drop it from what you made of an earlier dump. `digest` is, by `kind`, the
  SHA-256 of `article:` and an article's id, of `host:` and a host without www., or a `content_digest`.
- `gaps.jsonl` says what is missing: for each source the times, `from` the last poll that saw it `to` the next one, in
  which it was not seen, with the reason; `to` is null where that lasts. What ran and went within a gap is not here.
- `manifest.json` has the counts, and the size and SHA-256 of every other file.

The texts remain their publishers'. What may be done with them is for whoever uses them to establish.
"""
