"""Processed captures in Arrow files, which are read by row without being loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import xxhash

from onestory.dedupe.signature import Signature
from onestory.store.articles.captures import Capture, ExtractedArticle, ProcessedCapture, RemovedLine, storable_text
from onestory.urls import article_id_of_url

__all__ = [
    "EPOCH",
    "SCHEMA",
    "CaptureFile",
    "KnownArticle",
    "capture_table",
    "known_table",
    "micros",
    "open_capture_file",
    "packed_capture",
    "reading_of_row",
    "reading_row",
    "unpacked_capture",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# `id` is the article's; `observed` in microseconds, null where unknown; `content` and `tie` order the captures of one
# article that were observed at once; `known` is JSON of what an earlier dump says of the article, null for new ones.
SCHEMA = pa.schema(
    [
        ("id", pa.binary(12)),
        ("observed", pa.int64()),
        ("content", pa.uint64()),
        ("tie", pa.uint64()),
        ("url", pa.large_string()),
        ("title", pa.large_string()),
        ("text", pa.large_string()),
        ("signature", pa.large_binary()),
        ("facts", pa.large_binary()),
        ("known", pa.large_binary()),
    ]
)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """What an earlier dump says of an article."""

    id: str
    story_id: str
    relation: str
    outlet: str
    first_seen: datetime


def capture_table(readings: Sequence[ProcessedCapture], ids: Sequence[str] | None = None) -> Any:
    """The captures as an Arrow table with `SCHEMA`; `ids` are those of their articles, if not those of their URLs."""
    names = ids or [article_id_of_url(one.extracted.url) for one in readings]
    return pa.Table.from_pylist([reading_row(*pair) for pair in zip(readings, names, strict=True)], schema=SCHEMA)


def known_table(readings: Sequence[tuple[ProcessedCapture, KnownArticle]]) -> Any:
    """The same of articles of an earlier dump."""
    rows = [reading_row(one, known.id) | {"known": orjson.dumps(known)} for one, known in readings]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def reading_row(reading: ProcessedCapture, identity: str) -> Row:
    """The capture as a row with the fields of `SCHEMA`, of the article with this id."""
    extracted = replace(reading.extracted, text="", url="", title=None)
    facts = _json({"capture": reading.capture, "extracted": extracted, "extractor": reading.extractor})
    observed = reading.capture.observed
    # Which file a row stood in must not decide between two equal rows.
    apart = _json({"capture": replace(reading.capture, source=""), "extracted": extracted})
    return {
        "id": bytes.fromhex(identity),
        "observed": None if observed is None else micros(observed),
        "content": int(reading.content_digest[:16], 16),
        "tie": xxhash.xxh3_64_intdigest(apart),
        "url": _utf8(reading.extracted.url),
        "title": _utf8(reading.extracted.title),
        "text": _utf8(reading.extracted.text),
        "signature": reading.signature,
        "facts": facts,
        "known": None,
    }


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _utf8(value: str | None) -> str | None:
    """Lone surrogates cannot be stored; NUL can, and goes when the article is stored."""
    return None if value is None else value.encode("utf-8", "replace").decode("utf-8")


def _json(value: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return orjson.dumps({name: _clean(part) for name, part in value.items()})


def _clean(value: Any) -> Any:
    if isinstance(value, Capture | ExtractedArticle):
        return _clean(asdict(value))
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, Mapping):
        return {str(storable_text(str(name))): _clean(part) for name, part in value.items()}
    return [_clean(part) for part in value] if isinstance(value, list | tuple) else value


class CaptureFile:
    """A file of captures, mapped into memory: what is not looked at is not read."""

    def __init__(self, path: Path) -> None:
        with pa.memory_map(str(path)) as source:
            self.table = pa.ipc.open_file(source).read_all()
        self._columns = {name: self._column(name) for name in SCHEMA.names}

    def _column(self, name: str) -> Any:
        column = self.table.column(name)
        return column.chunk(0) if column.num_chunks else pa.array([], column.type)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def value(self, name: str, row: int) -> Any:
        return self._columns[name][row].as_py()

    def signature(self, row: int) -> Signature:
        return Signature.from_bytes(self.value("signature", row))

    def column(self, name: str) -> Any:
        return self._columns[name]

    def known(self, row: int) -> KnownArticle | None:
        """What an earlier dump says of the article, None for a new capture."""
        data = self.value("known", row)
        if data is None:
            return None
        told = orjson.loads(data)
        return KnownArticle(**told | {"first_seen": datetime.fromisoformat(told["first_seen"])})

    def reading(self, row: int, *, params: str) -> ProcessedCapture:
        """The capture as it left the workers; `params` are those of its signature."""
        names = ("url", "title", "text", "signature", "facts")
        return reading_of_row({name: self.value(name, row) for name in names}, params=params)


def reading_of_row(row: Mapping[str, Any], *, params: str) -> ProcessedCapture:
    """The capture of a row that `reading_row` made; `params` are those of its signature."""
    told = orjson.loads(row["facts"])
    return ProcessedCapture(
        capture=_capture(told["capture"]),
        extracted=replace(_extracted(told["extracted"]), url=row["url"], title=row["title"], text=row["text"]),
        signature=row["signature"],
        signature_params=params,
        text_digest=Signature.from_bytes(row["signature"]).digest,
        extractor=told["extractor"],
    )


def packed_capture(capture: Capture) -> tuple[bytes, bytes | None]:
    """A capture that was not extracted yet: JSON, and the page's bytes beside it."""
    return _json({"capture": replace(capture, body=None)}), capture.body


def unpacked_capture(told: bytes, body: bytes | None) -> Capture:
    """What `packed_capture` made, as a capture again."""
    return replace(_capture(orjson.loads(told)["capture"]), body=body)


@lru_cache(maxsize=4096)
def open_capture_file(path: Path) -> CaptureFile:
    """The file, opened once a process."""
    return CaptureFile(path)


def _capture(told: Row) -> Capture:
    times = {name: _moment(told[name]) for name in ("observed", "seen_after")}
    return Capture(
        **told
        | times
        | {"headers": _tuples(told["headers"]), "host_signals": _tuples(told["host_signals"])}
        | {"authors": tuple(told["authors"])}
    )


def _extracted(told: Row) -> ExtractedArticle:
    times = {name: _moment(told[name]) for name in ("published", "modified")}
    removed = tuple(RemovedLine(**line) for line in told["removed"])
    return ExtractedArticle(**told | times | {"byline": tuple(told["byline"]), "removed": removed})


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _tuples(values: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    return tuple(map(tuple, values))
