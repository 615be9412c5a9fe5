"""The `onestory dump` command."""

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from onestory.errors import BadInput
from onestory.newsroom.dump.card import DumpFormat
from onestory.newsroom.dump.merging import merge_dumps
from onestory.newsroom.dump.writer import DumpTable, MiningVerdict, stream_dump, write_dump
from onestory.newsroom.news_events.cli import group_what_is_due
from onestory.newsroom.terminal.console import (
    HomeOption,
    load_config,
    open_store,
    spinner,
)

__all__ = ["dump_command", "merge_dumps_command"]


class StreamedRows(StrEnum):
    """What can be written to standard output."""

    ARTICLES = "articles"
    STORIES = "stories"
    NEWS_EVENTS = "news-events"


def dump_command(
    out: Annotated[str, typer.Argument(metavar="OUT|-", help="A new folder, or - for standard output.")],
    rows: Annotated[StreamedRows, typer.Option(help="The rows to write with -.")] = StreamedRows.ARTICLES,
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
    since_dump: Annotated[
        list[Path] | None,
        typer.Option(help="An earlier dump, then its increments in order: only what has changed is written."),
    ] = None,
    grouping: Annotated[
        bool,
        typer.Option(
            "--grouping/--no-grouping",
            help="Group new stories into news events first. Without it, a story that is new is in no news event.",
        ),
    ] = True,
    home: HomeOption = None,
) -> None:
    """Export the deduplicated corpus, one row per story, with every copy."""
    if file_format is DumpFormat.PARQUET and find_spec("pyarrow") is None:
        raise BadInput("Parquet needs pyarrow: install it with `pip install 'onestory[batch]'`")
    with open_store(load_config(home)) as store:
        if out == "-":
            if since_dump:
                raise BadInput("--since-dump writes a folder: name one in place of -")
            if rows is StreamedRows.NEWS_EVENTS and grouping:
                group_what_is_due(store)
            table = DumpTable(rows.value.replace("-", "_"))
            stream_dump(store, table, mining=mining or tuple(MiningVerdict), sample=sample)
            return
        if grouping:
            group_what_is_due(store)
        with spinner("dumping") as progress:
            task = progress.add_task("", total=None)
            manifest = write_dump(
                store,
                out=Path(out),
                mining=mining or tuple(MiningVerdict),
                file_format=file_format,
                sample=sample,
                since=since_dump or (),
                progress=lambda done: progress.update(task, description=f"{done} rows"),
            )
    counts = manifest["counts"]
    typer.echo(f"{counts['stories']} stories, {counts['articles']} articles in {out}")


def merge_dumps_command(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DUMP INCREMENT… OUT", help="A dump, its increments in order; a new folder.")
    ],
) -> None:
    """Put a dump and its increments together: the dump that the last increment was made beside."""
    if len(folders) < 3:
        raise BadInput("name a dump, at least one increment, and then the folder to make")
    *chain, out = folders
    with spinner("merging") as progress:
        task = progress.add_task("", total=None)
        manifest = merge_dumps(chain, out, progress=lambda done: progress.update(task, description=f"{done} rows"))
    counts = manifest["counts"]
    typer.echo(f"{counts['stories']} stories, {counts['articles']} articles in {out}")
