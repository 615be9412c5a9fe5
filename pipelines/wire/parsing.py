"""Bytes in, dispatches out, whatever the format. Pure and picklable: hostile files are read in worker processes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from onestory.pipelines.dates.parsing import read_time

__all__ = ["MAX_DISPATCHES", "MAX_FILE_BYTES", "MAX_MARKS", "BadDispatch", "Dispatch", "status_of", "time_of"]

MAX_FILE_BYTES = 8_000_000
MAX_DISPATCHES = 1_000
# Of XML: an item has some hundred.
MAX_MARKS = 100_000

CANCELED = frozenset({"canceled", "cancelled", "killed", "kill", "withdrawn", "retracted"})
WITHHELD = frozenset({"withheld", "withhold", "embargoed"})
Status = Literal["usable", "withheld", "canceled"]


class BadDispatch(Exception):  # noqa: N818 - named for what is wrong
    """A file or one of its items that cannot be used: what is wrong, where, and what helps."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A version of a dispatch, as its file states it. `provider` is None where the file names none.

    `text` has one paragraph a line; it is empty in a notice that cancels the dispatch.
    """

    uri: str
    provider: str | None
    text: str
    title: str | None = None
    version: str | None = None
    issued: datetime | None = None
    published: datetime | None = None
    status: Status = "usable"
    note: str | None = None
    authors: tuple[str, ...] = ()


def status_of(stated: str | None) -> Status:
    """The publication status of a code such as `stat:canceled` or `usable`; unknown ones are usable."""
    word = (stated or "").rpartition(":")[2].strip().lower()
    return "canceled" if word in CANCELED else "withheld" if word in WITHHELD else "usable"


def time_of(stated: str | None) -> datetime | None:
    """A stated time, in UTC; None for none and for one that cannot be read."""
    stamp = read_time(stated) if stated else None
    return stamp.at.astimezone(UTC) if stamp is not None else None
