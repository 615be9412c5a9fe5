"""The `onestory dump` command."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from onestory.errors import BadInput
from onestory.newsroom.dump.card import DumpFormat
from onestory.newsroom.dump.writer import DumpTable, MiningVerdict, stream_dump, write_dump
from onestory.newsroom.terminal.console import (
    HomeOption,
    load_config,
    open_store,
    spinner,
)

__all__ = ["dump_command"]


def dump_command(
    out: Annotated[str, typer.Argument(metavar="OUT|-", help="A new folder, or - for standard output.")],
    rows: Annotated[DumpTable, typer.Option(help="The rows to write with -.")] = DumpTable.ARTICLES,
    mining: Annotated[
        list[MiningVerdict] | None,
        typer.Option(help="Only articles with this verdict on text and data mining. Repeatable. Default: all."),
    ] = None,
    file_format: Annotated[
        DumpFormat,
        typer.Option(
            "--format", help="Format of the files in a folder: JSON Lines or Parquet, both compressed with zstd."
        ),
    ] = DumpFormat.JSONL,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Only this many stories, chosen at random, with all their articles.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Export the deduplicated corpus, one row per story, with every copy."""
    if file_format is DumpFormat.PARQUET and find_spec("pyarrow") is None:
        raise BadInput("Parquet needs pyarrow: install it with `pip install 'onestory[batch]'`")
    with open_store(load_config(home)) as store:
        if out == "-":
            stream_dump(store, rows, mining=mining or tuple(MiningVerdict), sample=sample)
            return
        with spinner("dumping") as progress:
            task = progress.add_task("", total=None)
            manifest = write_dump(
                store,
                out=Path(out),
                mining=mining or tuple(MiningVerdict),
                file_format=file_format,
                sample=sample,
                progress=lambda done: progress.update(task, description=f"{done} rows"),
            )
    counts = manifest["counts"]
    typer.echo(f"{counts['stories']} stories, {counts['articles']} articles in {out}")
