"""Query helpers for the differences between SQLite and PostgreSQL, and for long lists of values."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Select, Table, any_, func, literal, select, text

from onestory.store.schema import stories

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

__all__ = [
    "AdvisoryLock",
    "chunks",
    "columns_of",
    "dialect_insert",
    "existing_values",
    "hold_advisory_lock",
    "insert_new",
    "lock_stories",
    "one_of",
    "rows_in",
    "try_advisory_lock",
    "try_session_lock",
]

# Values in one IN list.
MAX_IN_LIST = 500

T = TypeVar("T")


def dialect_insert(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """An INSERT in the dialect of the connection, which supports ON CONFLICT.

    The dialects are imported on demand: PostgreSQL's costs a command on SQLite a tenth of a second.
    """
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    return sqlite.insert(table)


def insert_new(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    returning: Column[Any] | None = None,
) -> list[Any]:
    """Insert rows, except those that conflict with existing ones.

    With `returning`, the rows go in one statement, and that column of the inserted rows is returned.
    """
    if not rows:
        return []
    statement = dialect_insert(connection, table).on_conflict_do_nothing()
    if returning is None:
        connection.execute(statement, rows)
        return []
    return list(connection.execute(statement.values(rows).returning(returning)).scalars())


def columns_of(table: Table, record: type[Any]) -> list[Column[Any]]:
    """The columns named by the fields of a dataclass, in order."""
    return [table.c[field.name] for field in fields(record)]


class AdvisoryLock(IntEnum):
    """Keys of PostgreSQL's advisory locks. Processes of several versions share them, so the numbers never change."""

    MIGRATION = 0x0E57081
    SEARCH_INDEX = 0x0E57082
    WATCHES = 0x0E57A7C
    EVENTS = 0x0E57E7E
    DIGESTS = 0x0E57D16
    NEWS_EVENTS = 0x0E57083
    NEWS_EVENTS_PROCESS = 0x0E57084


def hold_advisory_lock(connection: Connection, lock: AdvisoryLock, *, shared: bool = False) -> None:
    """Hold the lock until the transaction ends. SQLite needs none: it has one writer at a time."""
    if connection.dialect.name == "postgresql":
        hold = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        connection.execute(select(hold(int(lock))))


def try_advisory_lock(connection: Connection, lock: AdvisoryLock) -> bool:
    """Hold the lock until the transaction ends, unless another transaction holds it."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(int(lock)))))


def try_session_lock(connection: Connection, lock: AdvisoryLock) -> bool:
    """Hold the lock until the connection ends, unless another one holds it. For PostgreSQL only.

    True each time while this connection holds it. PostgreSQL counts the holds, so a second one is asked for only if
    there is none.
    """
    held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objid = :key AND granted"
    if connection.scalar(text(held), {"key": int(lock)}):
        return True
    return bool(connection.scalar(select(func.pg_try_advisory_lock(int(lock)))))


def lock_stories(connection: Connection, story_ids: Collection[str]) -> None:
    """Lock the story rows until the transaction ends, in id order so that two writers cannot deadlock.

    SQLite needs no row locks: it has one writer at a time.
    """
    if connection.dialect.name != "postgresql":
        return
    for part in chunks(sorted(story_ids)):
        query = select(stories.c.id).where(stories.c.id.in_(part)).order_by(stories.c.id)
        connection.execute(query.with_for_update()).all()


def chunks(values: Collection[T]) -> Iterable[list[T]]:
    """Split values into lists that fit an IN clause."""
    ordered = list(values)
    return (ordered[start : start + MAX_IN_LIST] for start in range(0, len(ordered), MAX_IN_LIST))


def one_of(connection: Connection, column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """The condition that a column holds one of the values.

    PostgreSQL gets a single array. An IN list makes a different statement for every number of values, which psycopg
    takes longer to prepare than the database to execute.
    """
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(values)


def existing_values(connection: Connection, column: Column[Any], values: Collection[Any]) -> set[Any]:
    """Those of the values that occur in the column."""
    return {value for (value,) in rows_in(connection, select(column), column, values)}


def rows_in(connection: Connection, query: Select[Any], column: Column[Any], values: Collection[Any]) -> Iterator[Any]:
    """The rows of a query whose column holds one of the values, read in chunks."""
    for part in chunks(values):
        yield from connection.execute(query.where(one_of(connection, column, part)))
