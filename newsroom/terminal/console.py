"""Options that several commands take."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from onestory.config import Config
from onestory.errors import BadInput
from onestory.store.database import Store
from onestory.text import escape_controls, printable
from onestory.times import parse_iso_time

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
    typer.Option("--home", help="The data folder; ONESTORY_HOME, else ./onestory-data.", show_default=False),
]

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one line a row.")]


# Progress and notices go to standard error, so that what a command prints can be piped.
notice_console = Console(stderr=True, highlight=False)


def load_config(home: Path | None) -> Config:
    return Config.read(home=home)


@contextmanager
def open_store(config: Config) -> Iterator[Store]:
    """The store alone, for what needs no index."""
    store = Store.open(config.database_url)
    try:
        yield store
    finally:
        store.close()


def notice(message: str) -> None:
    """One line for the person at the terminal."""
    notice_console.print(printable(message), markup=False, soft_wrap=True)


def notify_wait(message: str | None) -> None:
    """What Patience says, as a notice."""
    notice(message or "it is back: going on")


def print_json(value: Any) -> None:
    """One JSON value on a line of its own; what would steer a terminal is escaped, and the same to a program."""
    told = orjson.dumps(value, default=_plain, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z).decode()
    sys.stdout.buffer.write(escape_controls(told).encode())
    sys.stdout.buffer.flush()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(type(value).__name__)


def print_records(records: Sequence[T], show: Callable[[Sequence[T]], None], *, as_json: bool) -> None:
    """Print the records as JSON, one line each, or have them shown to a person."""
    if not as_json:
        show(records)
        return
    for record in records:
        print_json(record)


@contextmanager
def spinner(title: str) -> Iterator[Progress]:
    """Progress on standard error; a terminal sees it after the first moment, a pipe never."""
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
    """A time that a person typed: ISO 8601, UTC where it names no zone. Raises BadInput."""
    if value is None:
        return None
    try:
        return parse_iso_time(value)
    except ValueError as error:
        raise BadInput(f"{option}: {value!r} is not a time; it reads like 2026-11-23 or 2026-11-23T06:30") from error
