"""Options and output shared by commands."""

import sys
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
from onestory.store.database import Store
from onestory.text import escape_controls, printable
from onestory.times import parse_iso_time

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = [
    "HomeOption",
    "JsonOption",
    "load_config",
    "notice",
    "notice_console",
    "notify_wait",
    "open_store",
    "parse_time_option",
    "print_json",
    "spinner",
]


T = TypeVar("T")

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
    """Print a one-line notice to standard error."""
    notice_console.print(printable(message), markup=False, soft_wrap=True)


def notify_wait(message: str | None) -> None:
    """Print the progress of a BackendRetry: the error it waits for, or that it is over."""
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
def spinner(title: str) -> Iterator["Progress"]:
    """Show progress on standard error, after a moment, and only on a terminal."""
    from rich.progress import (  # noqa: PLC0415 (only long work shows progress)
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn(title),
        BarColumn(bar_width=20),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=notice_console, transient=True, disable=not notice_console.is_terminal) as progress:
        yield progress


def parse_time_option(value: str | None, *, option: str) -> datetime | None:
    """Parse a typed time in ISO 8601, UTC unless it names a zone. Raises BadInput."""
    if value is None:
        return None
    try:
        return parse_iso_time(value)
    except ValueError as error:
        raise BadInput(f"{option}: {value!r} is not a time; it reads like 2026-11-23 or 2026-11-23T06:30") from error
