"""Commands that take pages and texts in: import, extract, reindex."""

from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from newsroom.commands.options import HomeOption
from newsroom.extracting import extract_one, extract_rows
from newsroom.importing import Counts, import_paths
from newsroom.printable import printable
from newsroom.session import configuration, console, notice, print_json, spinner, told
from pipelines.engine import open_engine, open_intake
from pipelines.patience import Patience

__all__ = ["extract_command", "import_command", "reindex_command"]


def import_command(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH…", help="WARC (.warc, .warc.gz) or JSON Lines (.jsonl, .gz, .zst, -)."),
    ],
    home: HomeOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name every drop.")] = False,
) -> None:
    """Import pages and texts; the same file twice changes nothing."""
    config = configuration(home)
    with spinner("importing") as progress:
        task = progress.add_task("", total=None)
        with (
            open_engine(config) as engine,
            open_intake(config, engine, patience=Patience(tell=told)) as intake,
        ):
            counts = import_paths(
                intake,
                paths,
                progress=lambda counts: _advance(progress, task, counts),
                explain=_explain if verbose else lambda url, reason, detail: None,
            )
    for fault in counts.faults:
        notice(fault)
    if json:
        print_json(counts.to_dict())
    else:
        _print(counts)
    raise typer.Exit(counts.exit_code)


def _advance(progress: Progress, task: TaskID, counts: Counts) -> None:
    done = counts.stored + counts.known + counts.dropped.total()
    progress.update(task, description=f"{done} of {counts.read} read, {counts.stored} stored")


def _explain(url: str, reason: str, detail: str) -> None:
    notice(f"dropped {url}: {reason}{': ' if detail else ''}{detail}")


def _print(counts: Counts) -> None:
    typer.echo(f"read           {counts.read:>8}")
    typer.echo(f"stored         {counts.stored:>8}")
    typer.echo(f"already known  {counts.known:>8}")
    typer.echo(f"dropped        {counts.dropped.total():>8}")
    for reason, number in sorted(counts.dropped.items()):
        typer.echo(f"  {printable(reason):<12} {number:>8}")


def extract_command(
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="A page, or rows with --jsonl.")] = "-",
    url: Annotated[str, typer.Option("--url", help="Where the page is from.")] = "",
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Many {url, html} rows in, a row out for each, in order.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Add the lines removed, with reasons.")] = False,
) -> None:
    """Extract one page as JSON, or many; nothing is stored."""
    if jsonl:
        raise typer.Exit(extract_rows(file, workers=configuration(None).workers, explain=explain))
    print_json(extract_one(file, url=url, explain=explain))


def reindex_command(home: HomeOption = None) -> None:
    """Rebuild the index in Redis from the store."""
    config = configuration(home)
    with spinner("indexing") as progress, open_engine(config) as engine:
        task = progress.add_task("", total=None)
        done = engine.registry.rebuild(progress=lambda done: progress.update(task, description=f"{done} articles"))
    console.print(f"indexed {done} article versions")
