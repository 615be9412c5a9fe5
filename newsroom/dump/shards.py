"""The rows of a table as files of some size: JSON Lines or Parquet, packed with zstd."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import orjson
import zstandard

from onestory.newsroom.dump.card import DumpFormat

__all__ = ["JSON_LINE_OPTIONS", "DumpProgress", "write_shards"]

SHARD_BYTES = 512 << 20  # as JSON, before it is packed
ROWS_PER_SHARD = 100_000
ROWS_A_BATCH = 1000
COMPRESSION_LEVEL = 6
JSON_LINE_OPTIONS = orjson.OPT_APPEND_NEWLINE
DumpProgress = Callable[[int], None]
Row = Mapping[str, Any]


class _Shard(Protocol):
    def write(self, rows: list[Row]) -> None: ...
    def close(self) -> None: ...


def write_shards(
    rows: Iterable[Row], folder: Path, fields: Mapping[str, Any], *, file_format: DumpFormat, progress: DumpProgress
) -> int:
    """Write numbered files named after the folder, and return the number of rows. No rows make one empty file."""
    folder.mkdir()
    batches = _batches(iter(rows))
    done = number = 0
    more: list[Row] | None = next(batches, [])
    while more is not None:
        shard = _opened(folder / f"{folder.name}-{number:05d}.{file_format.ending}", fields, file_format)
        size = count = 0
        try:
            while more is not None and (not count or (size < SHARD_BYTES and count < ROWS_PER_SHARD)):
                shard.write(more)
                count += len(more)
                size += sum(len(row.get("text") or "") for row in more)
                progress(done + count)
                more = next(batches, None)
        finally:
            shard.close()
        done, number = done + count, number + 1
    return done


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_A_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _opened(path: Path, fields: Mapping[str, Any], file_format: DumpFormat) -> _Shard:
    if file_format is DumpFormat.JSONL:
        return _Lines(path)
    # It needs an extra, which JSON Lines does without.
    from onestory.newsroom.dump.arrow import ParquetShard  # noqa: PLC0415

    return ParquetShard(path, fields)


class _Lines:
    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._packed: Any = zstandard.ZstdCompressor(COMPRESSION_LEVEL).stream_writer(self._file)

    def write(self, rows: list[Row]) -> None:
        for row in rows:
            self._packed.write(orjson.dumps(row, option=JSON_LINE_OPTIONS))

    def close(self) -> None:
        self._packed.close()
        self._file.close()
