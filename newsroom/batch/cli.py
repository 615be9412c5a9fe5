"""The `onestory dedupe` command."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onestory.config import Config
from onestory.errors import BadInput
from onestory.newsroom.dump.card import DumpFormat
from onestory.newsroom.terminal.console import TIME_HELP, notice, parse_time_option, print_json, spinner
from onestory.pipelines.runtime.workers import Workers
from onestory.text import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from onestory.pipelines.batch.extraction import ReadChunk

__all__ = ["StageReport", "dedupe_command", "parse_size"]


class Engine(StrEnum):
    """Where a batch is done: in processes of this machine, or by Spark."""

    LOCAL = "local"
    SPARK = "spark"


SIZE_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
LEAST_MEMORY = 512 << 20
COLUMN_HELP = "Column or field that holds it; a dot leads into an object. Default: as in `onestory import`."


def dedupe_command(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="IN… OUT",
            help="Files, folders and patterns of JSON Lines, Parquet, WARC or WACZ; then the folder to make.",
        ),
    ],
    file_format: Annotated[DumpFormat, typer.Option("--format", help="Format of the output.")] = (DumpFormat.PARQUET),
    against: Annotated[
        list[str] | None,
        typer.Option(help="An earlier dump; only what is not in it is written. Repeatable."),
    ] = None,
    url_column: Annotated[str | None, typer.Option(help=COLUMN_HELP)] = None,
    id_column: Annotated[
        str | None, typer.Option(help="Column or field that identifies rows without a URL. Default: id.")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help=COLUMN_HELP)] = None,
    html_column: Annotated[str | None, typer.Option(help=COLUMN_HELP)] = None,
    title_column: Annotated[str | None, typer.Option(help=COLUMN_HELP)] = None,
    published_column: Annotated[str | None, typer.Option(help=COLUMN_HELP)] = None,
    fetched_column: Annotated[str | None, typer.Option(help=COLUMN_HELP)] = None,
    authors_column: Annotated[str | None, typer.Option(help=COLUMN_HELP)] = None,
    outlet_column: Annotated[str | None, typer.Option(help=COLUMN_HELP)] = None,
    as_of: Annotated[str | None, typer.Option(help=f"Time of rows that state none. {TIME_HELP} Default: now.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Number of processes. Default: one per core.")
    ] = None,
    memory: Annotated[str, typer.Option(help="Memory limit of all processes together, such as 4G.")] = "2G",
    tmp: Annotated[
        Path | None, typer.Option(help="Folder for unfinished work. Default: beside the output.", show_default=False)
    ] = None,
    keep_store: Annotated[
        bool, typer.Option("--keep-store", help="Keep what `onestory import --stories` needs; about 5 kB a row.")
    ] = False,
    engine: Annotated[Engine, typer.Option(help="Where the work runs.")] = Engine.LOCAL,
    master: Annotated[
        str | None,
        typer.Option(help="Spark master, such as local[2] or spark://host:7077. Default: set by spark-submit."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Find the stories in files without a store. They are the same as after an import."""
    named = {
        "url": url_column,
        "id": id_column,
        "text": text_column,
        "html": html_column,
        "title": title_column,
        "published": published_column,
        "fetched": fetched_column,
        "authors": authors_column,
        "outlet": outlet_column,
    }
    if len(paths) < 2:
        raise BadInput("name at least one file to read, and then the folder to make")
    *inputs, out = paths
    options = {
        "columns": {what: column for what, column in named.items() if column},
        "against": tuple(against or ()),
        "file_format": file_format,
        "workers": workers or Config.read().workers,
        "memory": parse_size(memory, option="--memory"),
        "tmp": tmp,
        "keep_store": keep_store,
    }
    moment = parse_time_option(as_of, option="--as-of") or datetime.now(UTC)
    if engine is Engine.SPARK:
        manifest = _run_on_spark(inputs, Path(out), options, master=master, as_of=moment)
    else:
        manifest = _run(inputs, Path(out), options, as_of=moment)
    _print(manifest, out, as_json=json)
    raise typer.Exit(1 if manifest["rejected"].get("truncated") else 0)


def _run(inputs: list[str], out: Path, options: dict[str, Any], *, as_of: datetime) -> dict[str, Any]:
    try:
        from onestory.newsroom.batch.job import BatchOptions, run_batch  # noqa: PLC0415 - it needs an extra
    except ImportError as error:
        if error.name is None or not error.name.startswith("pyarrow"):
            raise
        raise BadInput("the batch needs pyarrow: install it with `pip install 'onestory[batch]'`") from error
    with spinner("deduplicating") as progress:
        task = progress.add_task("", total=None)
        return run_batch(
            inputs,
            out,
            BatchOptions(**options),
            as_of=as_of,
            read=_workers,
            progress=StageReport(progress, task).tell,
            told=_tell_file,
        )


def _tell_file(path: str, taken: int, rejected: Mapping[str, int]) -> None:
    """One line for each file that was read."""
    reasons = ", ".join(f"{reason} {number:,}" for reason, number in sorted(rejected.items()))
    notice(f"{path}: {taken:,} read" + (f", rejected: {reasons}" if reasons else ""))


def _run_on_spark(
    inputs: list[str], out: Path, options: dict[str, Any], *, master: str | None, as_of: datetime
) -> dict[str, Any]:
    local = (options["against"], options["tmp"], options["keep_store"])
    if any(local) or options["file_format"] is not DumpFormat.PARQUET:
        raise BadInput("--against, --tmp, --keep-store and --format jsonl work with the local engine only")
    try:
        from onestory.newsroom.batch.spark_job import open_spark, run_on_spark  # noqa: PLC0415 - it needs an extra
    except ImportError as error:
        if error.name is None or not error.name.startswith(("pyspark", "pyarrow")):
            raise
        raise BadInput("Spark needs pyspark: install it with `pip install 'onestory[spark]'`") from error
    spark = open_spark(master)
    try:
        return run_on_spark(spark, inputs, out, columns=options["columns"], as_of=as_of)
    finally:
        spark.stop()


@contextmanager
def _workers(count: int) -> "Iterator[ReadChunk]":
    with Workers(count) as pool:
        yield pool.read


def parse_size(value: str, *, option: str) -> int:
    """Bytes, from a number with K, M, G or T. Raises BadInput."""
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,3})?)\s*([kmgt]?)(?:i?b)?", value.strip().lower())
    if match is None:
        raise BadInput(f"{option}: give a size such as 512M or 4G, not {value[:40]!r}")
    size = int(float(match[1]) * SIZE_UNITS[match[2]])
    if size < LEAST_MEMORY:
        raise BadInput(f"{option}: at least {LEAST_MEMORY >> 20}M are needed")
    return size


class StageReport:
    """Shows the stage that a batch is in: how far it is, how fast it is, and how long it takes yet."""

    def __init__(self, progress: "Progress", task: "TaskID") -> None:
        self._progress = progress
        self._task = task
        self._stage = ""
        self._began = 0.0
        self._first = 0.0

    def tell(self, stage: str, done: float, total: float | None) -> None:
        """So much of a stage is done: bytes while files are read, parts of the work after that."""
        if stage != self._stage:
            self._stage, self._began, self._first = stage, monotonic(), done
            self._progress.reset(self._task)
        taken, fresh = monotonic() - self._began, done - self._first
        words = [stage]
        if total:
            words.append(f"{100 * done / total:.0f}%")
        if total and fresh > 0 and taken > 1:
            words += [_rate(stage, fresh / taken), _left((total - done) * taken / fresh)]
        self._progress.update(self._task, description=", ".join(words))


def _rate(stage: str, each_second: float) -> str:
    return f"{each_second / 1e6:.2f} MB/s" if stage == "reading" else f"{each_second:.2f} parts/s"


def _left(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h left"
    return f"{seconds / 60:.0f} min left" if seconds >= 90 else f"{seconds:.0f} s left"


def _print(manifest: dict[str, Any], out: str, *, as_json: bool) -> None:
    counts = manifest["counts"]
    if as_json:
        print_json({name: manifest[name] for name in ("counts", "captures", "repeated", "rejected")})
        return
    typer.echo(f"{counts['stories']} stories, {counts['articles']} articles in {out}")
    for reason, number in manifest["rejected"].items():
        typer.echo(f"rejected: {printable(reason):<14} {number:>8}")
