"""A batch from files to files: all its stages, resumed where they were ended."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import xxhash

from onestory.dedupe.signature import PARAMETERS
from onestory.errors import BadInput
from onestory.newsroom.batch.assembly import assemble
from onestory.newsroom.batch.results import make_results
from onestory.newsroom.dump.card import DumpFormat
from onestory.pipelines.batch.bands import make_pairs
from onestory.pipelines.batch.comparison import compare_pairs
from onestory.pipelines.batch.components import group_articles
from onestory.pipelines.batch.directory import make_directory, open_directory
from onestory.pipelines.batch.evaluation import forget_opened
from onestory.pipelines.batch.extraction import FileReport, ReadChunk, extract_all
from onestory.pipelines.batch.inputs import find_inputs
from onestory.pipelines.batch.known_articles import find_dump_files, read_dumps
from onestory.pipelines.batch.parquet_rows import PARQUET_ENDINGS, check_parquet
from onestory.pipelines.batch.parts import Progress, Setting
from onestory.pipelines.batch.work_folder import BatchJob, WorkFolder, disk_errors
from onestory.pipelines.runtime.read_capture import EXTRACTOR

__all__ = ["BatchOptions", "run_batch"]


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """The options of a batch. `tmp` is the folder for unfinished work, `memory` in bytes of all processes.

    `keep_store`: whether the result has what `onestory import --stories` needs; not beside earlier dumps.
    """

    columns: dict[str, str]
    against: Sequence[str] = ()
    file_format: DumpFormat = DumpFormat.PARQUET
    workers: int = 1
    memory: int = 2 << 30
    tmp: Path | None = None
    keep_store: bool = False


def run_batch(
    inputs: Sequence[str],
    out: Path,
    options: BatchOptions,
    *,
    as_of: datetime,
    read: Callable[[int], AbstractContextManager[ReadChunk]],
    progress: Progress = lambda stage, done, total: None,
    told: FileReport = lambda path, taken, rejected: None,
) -> dict[str, Any]:
    """Read the inputs, find the stories, and write them to `out`, which appears when it is complete.

    `as_of` is the time of rows that state none; `read` opens so many worker processes; `told` is called
    after each file. Returns the manifest. Raises
    BadInput, DiskFull and HomeUnusable; the same call goes on after the last complete part.
    """
    _check_out(out)
    if options.keep_store and options.against:
        raise BadInput("--keep-store and --against exclude each other: a store holds whole stories")
    job = BatchJob(
        tuple(find_inputs(inputs)),
        options.columns,
        tuple(find_dump_files(options.against)),
        f"{EXTRACTOR} {PARAMETERS.encode()}",
        f"{options.file_format}{' with a store' if options.keep_store else ''}",
        as_of,
    )
    for file in job.inputs:
        if file.path.lower().endswith(PARQUET_ENDINGS):
            check_parquet(file.path, job.columns)
    partial = out.with_name(f"{out.name}.partial")
    with _work_folder(options, partial, job) as (folder, begun):
        setting = Setting(folder, begun.as_of, options.workers, options.memory, options.keep_store)
        forget_opened()
        with disk_errors(folder.path):
            _compute(begun, setting, read=read, progress=progress, told=told)
            manifest = assemble(
                setting, partial, file_format=options.file_format, told=_told(begun, setting), progress=progress
            )
            shutil.rmtree(folder.path)
            partial.rename(out)
    return manifest


def _check_out(out: Path) -> None:
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise BadInput(f"{out} already exists and is not empty: choose a new folder, or remove it first")


@contextmanager
def _work_folder(options: BatchOptions, partial: Path, job: BatchJob) -> Iterator[tuple[WorkFolder, BatchJob]]:
    name = f"onestory-dedupe-{xxhash.xxh3_64_hexdigest(str(partial.absolute()).encode())}"
    place = partial / ".work" if options.tmp is None else options.tmp / name
    with WorkFolder.opened(place, job) as opened:
        yield opened


def _compute(
    job: BatchJob,
    setting: Setting,
    *,
    read: Callable[[int], AbstractContextManager[ReadChunk]],
    progress: Progress,
    told: FileReport,
) -> None:
    read_dumps(job, setting, progress=progress)
    if not setting.folder.has("extracted"):
        with read(setting.workers) as read_chunk:
            extract_all(job, setting, read=read_chunk, progress=progress, told=told)
        setting.folder.write_bytes("extracted", b"")
    make_directory(setting, progress=progress)
    make_pairs(setting, progress=progress)
    compare_pairs(setting, progress=progress)
    group_articles(setting, progress=progress)
    make_results(setting, progress=progress)


def _told(job: BatchJob, setting: Setting) -> dict[str, Any]:
    captures = len(open_directory(setting.folder).file)
    return {
        "as_of": job.as_of.isoformat(),
        "extractor": EXTRACTOR,
        "signature": PARAMETERS.encode(),
        "inputs": {file.path: file.bytes for file in job.inputs},
        "against": {file.path: file.bytes for file in job.against},
        "captures": captures,
        "repeated": captures - int(open_directory(setting.folder).counts.sum()),
    }
