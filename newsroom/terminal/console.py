"""Options and output shared by commands."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import orjson
import typer
from rich.console import Console

from onestory.config import Config
from onestory.errors import BadInput
from onestory.languages import language_code
from onestory.logs import logs_as_json
from onestory.store.database import Store
from onestory.text import escape_controls, printable
from onestory.times import parse_iso_time, parse_time, utc_now

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = [
    "LANGUAGE_HELP",
    "TIME_HELP",
    "HomeOption",
    "JsonOption",
    "load_config",
    "notice",
    "notice_console",
    "notify_wait",
    "open_store",
    "parse_language_option",
    "parse_time_option",
    "print_json",
    "progress_line",
    "spinner",
]


logger = logging.getLogger(__name__)

T = TypeVar("T")

LINE_SECONDS = 30.0
# Appended to the help of options that take a time.
LANGUAGE_HELP = "Only this language: a code such as en, or a name such as English."
TIME_HELP = "A date, a time (UTC without a zone), or an age such as 24h or 7d."

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Data folder. Default: ONESTORY_HOME, or ./onestory-data.", show_default=False),
]

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one line per record.")]


# Progress and notices go to standard error, so that output can be piped.
notice_console = Console(stderr=True, highlight=False)


def load_config(home: Path | None) -> Config:
    return Config.read(home=home)


@contextmanager
def open_store(config: Config) -> Iterator[Store]:
    """Open the store alone, for commands that need no index."""
    store = Store.open(config.database_url)
    try:
        yield store
    finally:
        store.close()


def notice(message: str) -> None:
    """Print a one-line notice to standard error; a process that logs JSON lines logs it instead."""
    if logs_as_json():
        logger.info("%s", printable(message))
        return
    notice_console.print(printable(message), markup=False, soft_wrap=True)


def notify_wait(message: str | None) -> None:
    """Print the progress of a BackendRetry: the error it waits for, or that it is over. JSON logs have it already."""
    if not logs_as_json():
        notice(message or "the backend is back: continuing")


def print_json(value: Any) -> None:
    """Print one JSON value per line, with terminal control characters escaped."""
    line = orjson.dumps(value, default=_plain, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z).decode()
    sys.stdout.buffer.write(escape_controls(line).encode())
    sys.stdout.buffer.flush()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(type(value).__name__)


def print_records(records: Sequence[T], show: Callable[[Sequence[T]], None], *, as_json: bool) -> None:
    """Print the records as JSON, one per line, or show them to a person."""
    if not as_json:
        show(records)
        return
    for record in records:
        print_json(record)


@contextmanager
def spinner(title: str, *, seconds: float = LINE_SECONDS) -> Iterator["Progress"]:
    """Show progress on standard error: a bar on a terminal, elsewhere a line every 30 seconds."""
    from rich.progress import (  # noqa: PLC0415 (only long work shows progress)
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn(title),
        BarColumn(bar_width=20),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    is_terminal = notice_console.is_terminal
    with Progress(*columns, console=notice_console, transient=True, disable=not is_terminal) as progress:
        if is_terminal:
            yield progress
            return
        with _progress_lines(title, progress, seconds):
            yield progress


@contextmanager
def _progress_lines(title: str, progress: "Progress", seconds: float) -> Iterator[None]:
    ended = threading.Event()

    def report() -> None:
        while not ended.wait(seconds):
            notice(progress_line(title, progress))

    reporter = threading.Thread(target=report, name="progress", daemon=True)
    reporter.start()
    try:
        yield
    finally:
        ended.set()
        reporter.join()


def progress_line(title: str, progress: "Progress") -> str:
    """Such as "importing: 300 of 1200 read, 280 stored, 1 min"."""
    parts = [title]
    for task in progress.tasks:
        done = f"{task.completed:.0f} of {task.total:.0f}" if task.total else ""
        elapsed = f"{int((task.elapsed or 0) // 60)} min" if (task.elapsed or 0) >= 60 else f"{task.elapsed or 0:.0f} s"
        parts.append(", ".join(part for part in (task.description, done, elapsed) if part))
    return ": ".join(parts)


def parse_time_option(value: str | None, *, option: str, is_past: bool = True) -> datetime | None:
    """Parse a typed time in ISO 8601, UTC unless it names a zone; of the past also an age. Raises BadInput."""
    if value is None:
        return None
    try:
        return parse_time(value, now=utc_now()) if is_past else parse_iso_time(value)
    except ValueError as error:
        raise BadInput(f"{option}: {error}") from error


def parse_language_option(value: str | None) -> str | None:
    """Parse a language given by its code or English name. Raises BadInput."""
    if value is None:
        return None
    try:
        return language_code(value)
    except ValueError as error:
        raise BadInput(f"--language: {error}") from error
