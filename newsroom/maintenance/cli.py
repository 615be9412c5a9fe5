"""Maintenance commands: boilerplate, reextract and index stats."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from onestory.config import Config
from onestory.dedupe.index import IndexStats
from onestory.errors import BadInput
from onestory.newsroom.terminal.console import (
    HomeOption,
    JsonOption,
    load_config,
    notice,
    notify_wait,
    open_store,
    print_json,
    print_records,
    spinner,
)
from onestory.newsroom.terminal.output import plural, print_line
from onestory.pipelines.archive.reextraction import ReextractCounts, reextract
from onestory.pipelines.boilerplate.learning import learn_boilerplate
from onestory.pipelines.runtime.engine import open_engine
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.store.boilerplate import BoilerplateLine, boilerplate_lines
from onestory.text import printable
from onestory.times import utc_now
from onestory.urls import bare_host, host_of, normalize_url, path_owner

__all__ = ["boilerplate_command", "index_app", "print_index_stats", "reextract_command"]


LEARN_ARGUMENT = "learn"

WARC_SUFFIX = ".warc.gz"


def boilerplate_command(
    host: Annotated[
        str,
        typer.Argument(
            metavar="HOST|learn",
            help="A host, or an owner's space on it (medium.com/@ada); or `learn`, to count all lines again.",
        ),
    ],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show the boilerplate learned for a host, and why each line is removed or kept."""
    config = load_config(home)
    if host == LEARN_ARGUMENT:
        _learn(config, json=json)
        return
    url = normalize_url(host if "//" in host else f"https://{host}")
    owner = path_owner(url)
    name = bare_host(host_of(url)) + (f"/{owner}" if owner else "")
    with open_store(config) as store, store.read() as connection:
        lines = boilerplate_lines(connection, name)
    print_records(lines, lambda found: _print_lines(name, found), as_json=json)


def _print_lines(host: str, lines: Sequence[BoilerplateLine]) -> None:
    if not lines:
        notice(
            f"no boilerplate learned for {host} yet: `onestory boilerplate {LEARN_ARGUMENT}` learns from stored "
            "articles"
        )
    for line in lines:
        state = f"removed since {line.since:%Y-%m-%d}" if line.in_force else "kept: in too few stories"
        typer.echo(printable(line.line))
        typer.echo(
            f"    {state}; in {line.stories} of {line.stories_known} stories, last seen {line.last_seen:%Y-%m-%d}"
        )


def _learn(config: Config, *, json: bool) -> None:
    with spinner("learning") as progress, open_engine(config) as engine:
        task = progress.add_task("", total=None)
        learned = learn_boilerplate(
            engine.store,
            engine.index_client,
            now=utc_now(),
            progress=lambda done: progress.update(task, description=f"{done} hosts"),
        )
    if json:
        print_json(learned)
    else:
        typer.echo(f"{learned.lines} boilerplate lines active on {learned.hosts} hosts; {learned.texts} texts changed")


def reextract_command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH…]", help="WARC files or folders. Default: ONESTORY_WARC_DIR."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Extract stored pages again. A better text of the same content makes no new version."""
    config = load_config(home)
    files = _files(paths or ([str(config.warc_dir)] if config.warc_dir else []))
    with spinner("extracting again") as progress, open_engine(config) as engine:
        task = progress.add_task("", total=None)
        counts = reextract(
            engine,
            files,
            workers=config.workers,
            retry=BackendRetry(tell=notify_wait),
            now=utc_now,
            progress=lambda counts: progress.update(task, description=f"{counts.read} read, {counts.changed} changed"),
        )
    for fault in counts.faults:
        notice(fault)
    _print_counts(counts, json=json)
    raise typer.Exit(counts.exit_code)


def _files(paths: list[str]) -> list[str]:
    """The files to read. Raises BadInput if no file is found."""
    if not paths:
        raise BadInput("no files to read: give WARC files, or set ONESTORY_WARC_DIR to the crawler's archive")
    found: list[str] = []
    for path in paths:
        inside = sorted(str(file) for file in Path(path).glob(f"*{WARC_SUFFIX}")) if Path(path).is_dir() else [path]
        if not inside:
            raise BadInput(f"{path} has no file ending in {WARC_SUFFIX}")
        found += inside
    return found


def _print_counts(counts: ReextractCounts, *, json: bool) -> None:
    told_counts = {"read": counts.read, "changed": counts.changed, "same": counts.same, "stored": counts.stored}
    if json:
        print_json({**told_counts, "dropped": dict(sorted(counts.dropped.items())), "faults": counts.faults})
        return
    for name, number in told_counts.items():
        typer.echo(f"{name:<14} {number:>8}")
    typer.echo(f"{'dropped':<14} {counts.dropped.total():>8}")


index_app = typer.Typer(help="Inspect the index in Redis.", no_args_is_help=True)


# Without a callback, a group of one command would become that command.
@index_app.callback()
def index_callback() -> None:
    """Inspect the index in Redis."""


@index_app.command("stats")
def index_stats_command(
    home: HomeOption = None, json: bool = typer.Option(False, "--json", help="Print JSON.")
) -> None:
    """Show the number of articles, memory, the busiest bands, and the time range of lookups."""
    with open_engine(load_config(home)) as engine:
        state = engine.index_client.stats()
    if json:
        print_json(asdict(state))
    else:
        print_index_stats(state)


def print_index_stats(stats: IndexStats) -> None:
    print_line(f"articles            {stats.ids:>12,}")
    print_line(f"bytes               {stats.bytes:>12,}")
    print_line(f"bytes an article    {stats.bytes_an_article:>12,}")
    print_line(f"overflowed bands    {stats.overflowed:>12,}")
    print_line(f"skipped candidates  {stats.skipped:>12,}")
    for epoch in stats.epochs:
        print_line(f"epoch {epoch.number:<6} articles {epoch.ids:,}  entries {epoch.entries:,}  bytes {epoch.bytes:,}")
    for band, times in stats.hottest:
        print_line(f"hot band {band}  dropped {plural(times, 'article', 'articles')}")
