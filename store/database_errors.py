"""Errors of the drivers, translated into those of Onestory: what waiting mends, and what it does not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError

from onestory.errors import DatabaseUnavailable, DiskFull, HomeUnusable, OnestoryError

__all__ = ["BUSY_TIMEOUT_SECONDS", "CHECK_IT", "damaged", "translate_errors"]

BUSY_TIMEOUT_SECONDS = 30
CHECK_IT = "; check it with `onestory doctor`"
# What SQLite and its driver say of a file with other bytes than were written.
SIGNS_OF_DAMAGE = (
    "file is not a database",
    "malformed",
    "could not decode to utf-8",
    "no such table",
    "no such column",
    "unsupported file format",
)


def damaged() -> HomeUnusable:
    """The error for a store whose content is not what was written."""
    return HomeUnusable(f"the store's file is not a SQLite database, or is damaged: restore it from a backup{CHECK_IT}")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Translate driver errors that report a state of the environment, not a bug."""
    try:
        yield
    except DBAPIError as error:
        known = _known(error)
        if known is None:
            raise
        raise known from error


# PostgreSQL reports it with its own SQLSTATE, which psycopg does not pass on from a failed connection.
_MISSING_DATABASE = re.compile(r'database "([^"\n]{1,63})" does not exist')


def _known(error: DBAPIError) -> OnestoryError | None:  # noqa: PLR0911 - one line a state of the world
    said = str(error.orig).lower()
    if "disk i/o error" in said:
        return DiskFull("the disk is full, or fails: free some space, check the disk, and run the command again")
    if "disk is full" in said or "no space left" in said:
        return DiskFull("the disk is full: free some space and run the command again; acknowledged work is kept")
    if "readonly database" in said or "unable to open database" in said:
        return HomeUnusable("the store cannot be written: check the owner and mode of the data folder")
    if type(error.orig).__module__ == "sqlite3" and any(sign in said for sign in SIGNS_OF_DAMAGE):
        return damaged()
    if _is_conflict(error):
        return DatabaseUnavailable("the transaction conflicted with another one: repeat it")
    if missing := _MISSING_DATABASE.search(str(error.orig)):
        return HomeUnusable(f"the server has no database {missing[1]!r}: create it, as with `createdb {missing[1]}`")
    if error.connection_invalidated or _is_connection_fault(error):
        return DatabaseUnavailable("the database does not answer: check ONESTORY_DATABASE_URL and the server")
    if "database is locked" in said:
        return DatabaseUnavailable(f"another process locked the store for over {BUSY_TIMEOUT_SECONDS} s")
    return None


def _is_conflict(error: DBAPIError) -> bool:
    """Whether PostgreSQL reports class 40, a deadlock or serialization failure. The work can be repeated."""
    return str(getattr(error.orig, "sqlstate", None) or "").startswith("40")


def _is_connection_fault(error: DBAPIError) -> bool:
    """Whether no server answered: SQLSTATE class 08 (connection), 57P (shutdown) or 53 (resources), or none."""
    if not type(error.orig).__module__.startswith("psycopg") or type(error.orig).__name__ not in POSTGRES_FAULTS:
        return False
    state: Any = getattr(error.orig, "sqlstate", None)
    return state is None or state[:2] in ("08", "53") or state[:3] == "57P"


POSTGRES_FAULTS = {
    "OperationalError",
    "AdminShutdown",
    "CrashShutdown",
    "CannotConnectNow",
    "ConnectionException",
    "ConnectionFailure",
    "ConnectionTimeout",
    "InterfaceError",
    "TooManyConnections",
    "DatabaseDropped",
}
