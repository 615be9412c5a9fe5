"""What the tasks of Spark do: Arrow batches in, Arrow batches out, around the functions of the local batch.

Nothing here imports pyspark.
"""

import gc
import struct
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import cache
from itertools import groupby
from typing import Any

import orjson
import pyarrow as pa

from onestory.dedupe.signature import PARAMETERS, Signature
from onestory.dedupe.verify import ComparedText, verify
from onestory.errors import BadInput, Dropped
from onestory.pipelines.archive.reader import TruncatedArchive
from onestory.pipelines.batch.captures import (
    EPOCH,
    packed_capture,
    reading_of_row,
    reading_row,
    unpacked_capture,
)
from onestory.pipelines.batch.extraction import rejected_row
from onestory.pipelines.batch.inputs import numbered_input
from onestory.pipelines.runtime.read_capture import read_captures_in_worker
from onestory.pipelines.runtime.workers import FIRST_PAGE
from onestory.pipelines.stories.headline import compared, origin_of
from onestory.pipelines.stories.matched import stored_evidence
from onestory.store.articles.captures import Capture
from onestory.store.articles.save import decide_versions
from onestory.store.articles.versions import VersionText
from onestory.urls import article_id_of_url

__all__ = [
    "CAPTURES",
    "FOUND",
    "MATCHES",
    "ORIGINS",
    "VERSIONS",
    "captures",
    "found_captures",
    "matches",
    "origins",
    "place_of",
    "versions",
]

ROWS_A_BATCH = 256
TEXTS = 2000
BINARY, LONG, TEXT = pa.binary(), pa.int64(), pa.string()
FOUND = pa.schema([("file", TEXT), ("place", LONG), ("capture", BINARY), ("body", BINARY), ("dropped", BINARY)])
# As `onestory.pipelines.batch.captures.SCHEMA`, in types that Spark has and orders alike; `observed` is never null.
CAPTURES = pa.schema(
    [
        ("id", BINARY),
        ("observed", LONG),
        ("content", BINARY),
        ("tie", BINARY),
        ("url", TEXT),
        ("title", TEXT),
        ("text", TEXT),
        ("signature", BINARY),
        ("facts", BINARY),
        ("rejected", BINARY),
    ]
)
# `key` is the article's id and the number of the capture within the article: keys are ordered as places are.
VERSIONS = pa.schema([*list(CAPTURES)[:-1], ("key", BINARY), ("counts", pa.bool_())])
MATCHES = pa.schema(
    [
        ("low", BINARY),
        ("high", BINARY),
        ("low_words", LONG),
        ("high_words", LONG),
        ("inert", pa.bool_()),
        ("evidence", BINARY),
        ("later", BINARY),
        ("earlier", BINARY),
        ("follows", pa.bool_()),
    ]
)
ORIGINS = pa.schema([("key", BINARY), ("origin", TEXT)])
Row = dict[str, Any]
Batches = Iterable[Any]


def found_captures(batches: Batches, *, columns: dict[str, str]) -> Iterator[Any]:
    """The captures of files, of which the batches have the paths."""
    paths = (row["path"] for batch in batches for row in batch.to_pylist())
    return _batched((row for path in paths for row in _found(path, columns)), FOUND)


def _found(path: str, columns: dict[str, str]) -> Iterator[Row]:
    place = 0
    try:
        for place, one in numbered_input(path, columns):
            yield _found_row(path, place, one)
    except (TruncatedArchive, BadInput) as fault:
        yield _found_row(path, place, Dropped(path, "truncated", str(fault)))


def _found_row(path: str, place: int, one: Capture | Dropped) -> Row:
    row: Row = {"file": path, "place": place, "capture": None, "body": None, "dropped": None}
    if isinstance(one, Dropped):
        return row | {"dropped": orjson.dumps(rejected_row(path, place, one))}
    told, body = packed_capture(one)
    return row | {"capture": told, "body": body}


def captures(batches: Batches, *, as_of: int) -> Iterator[Any]:
    """The captures, extracted, cleaned and signed; those that cannot be used with the reason.

    `as_of` is the time of captures that have none, in microseconds since 1970.
    """
    _load_models()
    rows = (row for batch in batches for row in batch.to_pylist())
    return _batched((_captured(row, as_of) for row in rows), CAPTURES)


@cache
def _load_models() -> None:
    """Once a process. They stay for good: the collector of garbage need not walk through them."""
    read_captures_in_worker([FIRST_PAGE])
    gc.collect()
    gc.freeze()


def _captured(row: Row, as_of: int) -> Row:
    empty: Row = dict.fromkeys(CAPTURES.names)
    if row["dropped"] is not None:
        return empty | {"rejected": row["dropped"]}
    [read] = read_captures_in_worker([unpacked_capture(row["capture"], row["body"])])
    if isinstance(read, Dropped):
        return empty | {"rejected": orjson.dumps(rejected_row(row["file"], row["place"], read))}
    made = reading_row(read, article_id_of_url(read.extracted.url))
    for name in ("content", "tie"):
        made[name] = made[name].to_bytes(8, "big")
    made["observed"] = as_of if made["observed"] is None else made["observed"]
    return {name: made.get(name) for name in CAPTURES.names}


def versions(batches: Batches, *, as_of: int) -> Iterator[Any]:
    """The captures with their keys, and whether they make versions. They come sorted, whole articles at a time."""
    rows = (row for batch in batches for row in batch.to_pylist())
    articles = groupby(rows, key=lambda row: row["id"])
    return _batched((row for _, inside in articles for row in _decided(list(inside), as_of)), VERSIONS)


def _decided(rows: Sequence[Row], as_of: int) -> Iterator[Row]:
    stored = {0}
    if len(rows) > 1:
        readings = [reading_of_row(row, params=PARAMETERS.encode()) for row in rows]
        ids = [row["id"].hex() for row in rows]
        answers, _ = decide_versions(readings, ids, range(len(rows)), {}, (), now=EPOCH + timedelta(microseconds=as_of))
        stored = {at for at, answer in enumerate(answers) if answer.kind == "stored"}
    for at, row in enumerate(rows):
        yield row | {"key": row["id"] + struct.pack(">I", at), "counts": at in stored}


def origins(batches: Batches) -> Iterator[Any]:
    """Where versions stand; "" where that is not known."""
    rows = (row for batch in batches for row in batch.to_pylist())
    return _batched(({"key": row["key"], "origin": origin_of(row["url"])} for row in rows), ORIGINS)


def matches(batches: Batches) -> Iterator[Any]:
    """The pairs that hold. A row has both versions, with `later_` and `earlier_` before their fields."""
    kept: OrderedDict[bytes, ComparedText] = OrderedDict()
    rows = (row for batch in batches for row in batch.to_pylist())
    return _batched((found for row in rows if (found := _match(row, kept)) is not None), MATCHES)


def _match(row: Row, kept: "OrderedDict[bytes, ComparedText]") -> Row | None:
    sides = sorted(("later", "earlier"), key=row.__getitem__)
    low, high = (_text(row, side, number, kept) for number, side in enumerate(sides))
    evidence = verify(low, high)
    if evidence is None:
        return None
    told = stored_evidence(evidence, low.signature.words, high.signature.words)
    return {
        "low": row[sides[0]],
        "high": row[sides[1]],
        "low_words": low.signature.words,
        "high_words": high.signature.words,
        "inert": bool(told.get("inert", False)),
        "evidence": orjson.dumps(evidence.to_dict()),
        "later": row["later"],
        "earlier": row["earlier"],
        "follows": evidence.is_followed and not (low.origin and low.origin == high.origin),
    }


def _text(row: Row, side: str, number: int, kept: "OrderedDict[bytes, ComparedText]") -> ComparedText:
    key = row[side] + bytes([number])
    if key in kept:
        kept.move_to_end(key)
    else:
        signature = Signature.from_bytes(row[f"{side}_signature"])
        title, url, text = (row[f"{side}_{name}"] for name in ("title", "url", "text"))
        kept[key] = compared(VersionText(number, "", text, b"", PARAMETERS.encode(), title, url), signature)
        if len(kept) > TEXTS:
            kept.popitem(last=False)
    return kept[key]


def place_of(keys: Iterable[bytes]) -> dict[bytes, int]:
    """Places for the keys of a group: numbers in their order."""
    return {key: place for place, key in enumerate(sorted(keys))}


def _batched(rows: Iterator[Row], schema: Any) -> Iterator[Any]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_A_BATCH:
            yield pa.RecordBatch.from_pylist(batch, schema=schema)
            batch = []
    yield pa.RecordBatch.from_pylist(batch, schema=schema)
