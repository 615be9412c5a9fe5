"""Dumps beside earlier ones: what has changed since, and a base and its increments put together again.

An increment is a folder like a dump. Its tables hold the rows that are new or have changed, `gone.jsonl` names those
that are no more, and its manifest names the dump before it by the digest of that one's manifest.
"""

import hashlib
import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import zstandard

from onestory.errors import BadInput
from onestory.newsroom.dump.card import DumpFormat
from onestory.newsroom.dump.shards import JSON_LINE_OPTIONS
from onestory.pipelines.archive.opening import opened
from onestory.times import iso_utc

__all__ = ["GONE", "ReadDump", "changed_rows", "merged_rows", "read_chain"]

GONE = "gone.jsonl"
Row = dict[str, Any]
PARQUET_BATCH = 1000
_NO_ROW = b""


@dataclass(frozen=True, slots=True)
class ReadDump:
    """A dump or an increment, whose files are what its manifest says; `digest` is the manifest's SHA-256."""

    folder: Path
    manifest: Mapping[str, Any]
    digest: str

    @property
    def is_increment(self) -> bool:
        return "since" in self.manifest

    def rows(self, table: str) -> Iterator[Row]:
        """The rows of a table, in the order of their ids."""
        for name in sorted(one for one in self.manifest["files"] if one.startswith(f"{table}/")):
            yield from _rows_of(self.folder / name)

    def lines(self, name: str) -> list[Row]:
        """The rows of a small file, none where there is no such file."""
        if name not in self.manifest["files"]:
            return []
        return [orjson.loads(line) for line in (self.folder / name).read_bytes().splitlines()]

    def gone(self, table: str) -> Iterator[str]:
        """The ids of rows that are no more, in order."""
        return (row["id"] for row in self.lines(GONE) if row["table"] == table)


def read_chain(folders: Sequence[Path]) -> list[ReadDump]:
    """A base and its increments, each made since the one before. Raises BadInput for anything else."""
    chain = [_read(folder) for folder in folders]
    for at, dump in enumerate(chain):
        before = chain[at - 1].digest if at else None
        if dump.manifest.get("since") != before:
            told = "is an increment: name its base first" if not at else f"was not made since {folders[at - 1]}"
            raise BadInput(f"{dump.folder} {told}")
        if "sample" in dump.manifest:
            raise BadInput(f"{dump.folder} is a sample: only whole dumps have increments")
    return chain


def _read(folder: Path) -> ReadDump:
    try:
        content = (folder / "manifest.json").read_bytes()
        manifest = orjson.loads(content)
        files = manifest["files"].items()
        manifest["mining"]  # of a dump of a store
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{folder} is no dump of a store: it has no manifest.json that can be read") from error
    for name, told in files:
        path = folder / name
        if not path.is_file() or path.stat().st_size != told["bytes"] or _sha256(path) != told["sha256"]:
            raise BadInput(f"{path} is not what manifest.json says: it is truncated or changed; copy the dump again")
    return ReadDump(folder, manifest, hashlib.sha256(content).hexdigest())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rows_of(path: Path) -> Iterator[Row]:
    try:
        if path.name.endswith(DumpFormat.PARQUET.ending):
            yield from _parquet_rows(path)
            return
        with opened(str(path)) as lines:
            yield from map(orjson.loads, lines)
    except (OSError, EOFError, zstandard.ZstdError, orjson.JSONDecodeError) as error:
        raise BadInput(f"{path} cannot be read to its end: {error}") from error


def _parquet_rows(path: Path) -> Iterator[Row]:
    """With moments as text, as JSON Lines have them."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - it needs an extra

    with pq.ParquetFile(path) as source:
        for batch in source.iter_batches(batch_size=PARQUET_BATCH):
            for row in batch.to_pylist():
                packed = orjson.dumps(row, default=iso_utc, option=orjson.OPT_PASSTHROUGH_DATETIME)
                yield orjson.loads(packed)


def merged_rows(chain: Sequence[ReadDump], table: str) -> Iterator[Row]:
    """The rows of a table as the last dump of a chain has them, in the order of their ids; one a dump is held."""
    streams = [_entries(dump, table, -at) for at, dump in enumerate(chain)]
    last = None
    for identity, _, _, row in heapq.merge(*streams, key=lambda entry: entry[:3]):
        if identity != last and row is not None:
            yield row
        last = identity


def _entries(dump: ReadDump, table: str, order: int) -> Iterator[tuple[str, int, int, Row | None]]:
    """The rows and removals of one dump, by id; `order` puts later dumps first."""
    rows = ((row["id"], order, 0, row) for row in dump.rows(table))
    gone = ((identity, order, 1, None) for identity in dump.gone(table))
    return heapq.merge(rows, gone, key=lambda entry: entry[:3])


def changed_rows(rows: Iterator[Row], before: Iterator[Row], gone: list[str]) -> Iterator[Row]:
    """The rows that are new or other than `before`; ids that are only there go to `gone`. Both are in order of ids."""
    old = next(before, None)
    for row in rows:
        while old is not None and old["id"] < row["id"]:
            gone.append(old["id"])
            old = next(before, None)
        is_known = old is not None and old["id"] == row["id"]
        if not is_known or _packed(old) != _packed(row):
            yield row
        if is_known:
            old = next(before, None)
    while old is not None:
        gone.append(old["id"])
        old = next(before, None)


def _packed(row: Row | None) -> bytes:
    return orjson.dumps(row, option=JSON_LINE_OPTIONS) if row is not None else _NO_ROW
