"""Commands that better what is stored: furniture, reextract."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from newsroom.commands.options import HomeOption, JsonOption
from newsroom.printable import printable
from newsroom.session import configuration, notice, opened_store, print_json, spinner, told
from pipelines.engine import open_engine
from pipelines.learning import learn
from pipelines.patience import Patience
from pipelines.reextract import Counts, reextract
from store.config import Config
from store.errors import BadInput
from store.furniture import FurnitureLine, bare_host, known_lines
from store.identity import host_of, normal_url

__all__ = ["furniture_command", "reextract_command"]

LEARN = "learn"
ENDING = ".warc.gz"


def furniture_command(
    host: Annotated[str, typer.Argument(metavar="HOST|learn", help="A host; or learn, which counts all of them anew.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show what was learned of a host: the lines that it repeats around its articles, and why they are taken out."""
    config = configuration(home)
    if host == LEARN:
        _learn(config, json=json)
        return
    name = bare_host(host_of(normal_url(host if "//" in host else f"https://{host}")))
    with opened_store(config) as store, store.read() as connection:
        lines = known_lines(connection, name)
    for line in lines if json else ():
        print_json(line)
    if not json:
        _print_lines(name, lines)


def _print_lines(host: str, lines: list[FurnitureLine]) -> None:
    if not lines:
        notice(f"nothing is known to be furniture on {host}: `onestory furniture {LEARN}` counts what is stored")
    for line in lines:
        state = f"taken out since {line.since:%Y-%m-%d}" if line.in_force else "left in: too few stories"
        typer.echo(printable(line.line))
        typer.echo(
            f"    {state}; in {line.stories} of {line.stories_known} stories, last seen {line.last_seen:%Y-%m-%d}"
        )


def _learn(config: Config, *, json: bool) -> None:
    with spinner("learning") as progress, open_engine(config) as engine:
        task = progress.add_task("", total=None)
        learned = learn(
            engine.store,
            engine.registry,
            now=datetime.now(UTC),
            progress=lambda done: progress.update(task, description=f"{done} hosts"),
        )
    if json:
        print_json(learned)
    else:
        typer.echo(f"{learned.lines} lines in force on {learned.hosts} hosts; {learned.texts} texts changed")


def reextract_command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH…]", help="WARC files or folders of them; ONESTORY_WARC_DIR without."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Run today's extractor over kept pages; a better text of the same content is no new version."""
    config = configuration(home)
    files = _files(paths or ([str(config.warc_dir)] if config.warc_dir else []))
    with spinner("reading again") as progress, open_engine(config) as engine:
        task = progress.add_task("", total=None)
        counts = reextract(
            engine,
            files,
            workers=config.workers,
            patience=Patience(tell=told),
            now=lambda: datetime.now(UTC),
            progress=lambda counts: progress.update(task, description=f"{counts.read} read, {counts.changed} changed"),
        )
    for fault in counts.faults:
        notice(fault)
    _print_counts(counts, json=json)
    raise typer.Exit(counts.exit_code)


def _files(paths: list[str]) -> list[str]:
    """Raises BadInput when there is nothing to read."""
    if not paths:
        raise BadInput("nothing to read: name WARC files, or set ONESTORY_WARC_DIR to where a crawl keeps them")
    found: list[str] = []
    for path in paths:
        inside = sorted(str(file) for file in Path(path).glob(f"*{ENDING}")) if Path(path).is_dir() else [path]
        if not inside:
            raise BadInput(f"{path} has no file that ends in {ENDING}")
        found += inside
    return found


def _print_counts(counts: Counts, *, json: bool) -> None:
    told_counts = {"read": counts.read, "changed": counts.changed, "same": counts.same, "stored": counts.stored}
    if json:
        print_json({**told_counts, "dropped": dict(sorted(counts.dropped.items())), "faults": counts.faults})
        return
    for name, number in told_counts.items():
        typer.echo(f"{name:<14} {number:>8}")
    typer.echo(f"{'dropped':<14} {counts.dropped.total():>8}")
