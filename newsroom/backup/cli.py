"""The `onestory backup` and `onestory restore` commands."""

import logging
import os
import threading
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from onestory.config import Config
from onestory.errors import OnestoryError
from onestory.logs import configure_logging
from onestory.newsroom.backup.manifest import last_backup_in
from onestory.newsroom.backup.restoring import restore
from onestory.newsroom.backup.writing import BackupResult, back_up
from onestory.newsroom.terminal.console import HomeOption, JsonOption, load_config, open_store, print_json, spinner
from onestory.newsroom.terminal.output import plural
from onestory.newsroom.terminal.repeating import parse_every, stop_at_sigterm
from onestory.times import utc_now

__all__ = ["backup_command", "restore_command"]


logger = logging.getLogger(__name__)

NICENESS = 5
RETRY_SECONDS = 600.0


def backup_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder for backups, best on another disk.")],
    keep: Annotated[int | None, typer.Option(min=1, help="Then remove the oldest backups beyond this number.")] = None,
    every: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Repeat until interrupted, whenever the last backup is this old, as in 24h."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Back up the store and the WARC files while everything runs.

    Unchanged WARC files share disk space with the previous backup. Redis is not included: the index is
    rebuilt.
    """
    config = load_config(home)
    place = folder.absolute()
    _give_way()
    if every is None:
        _tell(*_backed_up(config, place, keep=keep), json=json)
        return
    age = parse_every(every)
    configure_logging(as_json=config.log_json)
    with stop_at_sigterm() as stop:
        _repeat(config, place, every=age, keep=keep, json=json, stop=stop)


def _give_way() -> None:
    """A crawl goes before. At a priority of 10 a backup took three times as long beside much other work."""
    os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))


def _backed_up(config: Config, folder: Path, *, keep: int | None) -> tuple[BackupResult, float]:
    """A new backup, and the seconds that it took."""
    start = time.monotonic()
    with spinner("backing up") as progress, open_store(config) as store:
        task = progress.add_task("", total=None)
        done = back_up(
            config,
            store,
            folder,
            keep=keep,
            now=utc_now(),
            tell=lambda what: progress.update(task, description=what),
        )
    return done, time.monotonic() - start


def _tell(done: BackupResult, seconds: float, *, json: bool) -> None:
    if json:
        print_json(asdict(done))
        return
    parts = [f"{done.folder}: {plural(done.files, 'file', 'files')}, {done.size / 1e6:,.1f} MB, {seconds:.0f} s"]
    parts += [f"{done.linked} WARC files shared with the backup before"] if done.linked else []
    parts += [f"{plural(done.removed, 'old backup', 'old backups')} removed"] if done.removed else []
    typer.echo("; ".join(parts))


def _repeat(
    config: Config, folder: Path, *, every: timedelta, keep: int | None, json: bool, stop: threading.Event
) -> None:
    """Back up whenever the last backup is old enough. After a failure the next attempt follows in ten minutes."""
    while not stop.wait(_seconds_until_due(folder, every=every, now=utc_now())):
        try:
            _tell(*_backed_up(config, folder, keep=keep), json=json)
        except OnestoryError as error:
            logger.error("the backup failed (%s); the next attempt is in %d min", error, RETRY_SECONDS / 60)
            stop.wait(RETRY_SECONDS)


def _seconds_until_due(folder: Path, *, every: timedelta, now: datetime) -> float:
    last = last_backup_in(folder)
    return 0.0 if last is None else max((last + every - now).total_seconds(), 0.0)


def restore_command(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="One backup: a folder with a manifest.json.")],
    tombstones: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Also replay these tombstones, as `onestory takedown --list` writes them."),
    ] = None,
    home: HomeOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Restore a backup into an empty data folder, and an empty database.

    Every file is verified first. Articles taken down since, according to the tombstones of later backups beside it, are
    removed again.
    """
    config = load_config(home)
    start = time.monotonic()
    with spinner("restoring") as progress:
        task = progress.add_task("", total=None)
        done = restore(
            config,
            backup,
            tombstones=tombstones or (),
            progress=lambda what, done, total: progress.update(task, description=what, completed=done, total=total),
        )
    if json:
        print_json(asdict(done))
        return
    stored = f"{plural(done.articles, 'article', 'articles')} in {plural(done.stories, 'story', 'stories')}"
    typer.echo(f"restored the backup of {done.created}: {stored}, {done.size / 1e6:,.1f} MB, {_since(start)}")
    if done.taken_down:
        typer.echo(f"taken down again: {plural(done.taken_down, 'article', 'articles')}")
    typer.echo("the next command that needs the index rebuilds it; `onestory reindex` does so now")


def _since(start: float) -> str:
    return f"{time.monotonic() - start:.0f} s"
