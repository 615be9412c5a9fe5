"""The same rows through the batch, and through an import into a store, for tests that hold one to the other."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import zstandard
from redis import Redis

from onestory.dedupe.index import BandIndex
from onestory.errors import Dropped
from onestory.newsroom.batch.job import BatchOptions, run_batch
from onestory.newsroom.dump.card import DumpFormat
from onestory.newsroom.dump.writer import DumpTable, dump_rows
from onestory.pipelines.archive.rows import captures_of_rows
from onestory.pipelines.batch.extraction import ReadChunk
from onestory.pipelines.batch.parts import Progress
from onestory.pipelines.runtime.intake import Intake
from onestory.pipelines.runtime.read_capture import read_captures_in_worker
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.articles.captures import Capture, ProcessedCapture
from onestory.store.database import Store

__all__ = ["AS_OF", "InProcess", "batch", "imported", "read_table", "write_jsonl"]

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
Row = dict[str, Any]


class InProcess:
    """Reads captures as the worker processes do, in this one."""

    count = 1

    def read(
        self, captures: Sequence[Capture], *, furniture: Mapping[str, frozenset[int]] | None = None
    ) -> "Future[list[ProcessedCapture | Dropped]]":
        answer: Future[list[ProcessedCapture | Dropped]] = Future()
        answer.set_result([_read_once(capture) for capture in captures])
        return answer


@cache
def _read_once(capture: Capture) -> ProcessedCapture | Dropped:
    [found] = read_captures_in_worker([capture])
    return found


@contextmanager
def _in_process(_count: int) -> Iterator[ReadChunk]:
    yield InProcess().read


def batch(
    inputs: Sequence[Path | str],
    out: Path,
    *,
    file_format: DumpFormat = DumpFormat.JSONL,
    progress: Progress = lambda stage, done, total: None,
    **options: Any,
) -> dict[str, Any]:
    """The batch over these files, in this process; its manifest."""
    chosen = BatchOptions(**{"columns": {}, "file_format": file_format} | options)
    return run_batch([str(one) for one in inputs], out, chosen, as_of=AS_OF, read=_in_process, progress=progress)


def imported(path: Path, store: Store, redis: Redis, prefix: str) -> dict[str, list[Row]]:
    """The rows of a file through the intake, at the time that the batch takes for rows that state none."""
    client = IndexClient(store, BandIndex(redis, prefix=prefix.strip("{}:")), ensure_server=lambda: None)
    with Intake(store, client, workers=InProcess(), retry=BackendRetry(), clock=lambda: AS_OF) as intake:  # type: ignore[arg-type]
        for capture in captures_of_rows(str(path)):
            if isinstance(capture, Capture):
                intake.submit(capture)
    with store.read() as connection:
        return {table.value: list(dump_rows(connection, table)) for table in DumpTable}


def write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    return path


def read_table(out: Path, table: str) -> list[Row]:
    """The rows of a table of a dump, in order."""
    rows: list[Row] = []
    for path in sorted((out / table).iterdir()):
        if path.suffix == ".parquet":
            rows += pq.read_table(path).to_pylist()
        else:
            with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as lines:
                rows += [orjson.loads(line) for line in lines.read().splitlines()]
    return rows
