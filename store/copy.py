"""Copy all rows from one database to another, of the same kind or not, in batches that a later run continues."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, Select, Table, func, insert, select, text, tuple_

from onestory.errors import BadInput, HomeUnusable
from onestory.store.database import Store
from onestory.store.schema import articles, metadata, search_due, settings
from onestory.store.settings import COPIED_FROM, COPY_PROGRESS, delete_setting, read_setting, write_setting

__all__ = ["CopiedTable", "copy_rows"]

HOLDS_A_STORE = "--to: the database holds a store already: name an empty one"
BATCH_ROWS = 1000
DIGEST_BYTES = 16
# The full-text index has a form of its own on each database: the target makes it anew.
TABLES = tuple(table for table in metadata.sorted_tables if table is not search_due)
Key = list[Any]
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table that is the same on both sides: its rows, and the digest of all of them, in hex."""

    name: str
    rows: int
    digest: str


def copy_rows(
    source: Store, target: Store, *, identity: str, progress: Progress = lambda table, rows: None
) -> list[CopiedTable]:
    """Copy one snapshot of the source into an empty target, verify every table, and return them.

    A target that holds the beginning of a copy of the same `identity` is continued. One that holds all of it, as after
    a run that was killed behind its last row, is verified again. `progress` gets the rows that this run copied of a
    table. Raises BadInput for a target that holds anything else, and HomeUnusable if a table differs
    afterwards because the source was written to between two runs.
    """
    with source.read() as reading:
        if _is_complete(target, identity):
            return _verified_again(reading, target)
        reached = _reached(target, identity)
        for table in TABLES:
            _copy_table(reading, target, table, _Progress(identity, reached), progress)
        copied = [_verified(reading, target, table) for table in TABLES]
        with target.write() as connection:
            for table in metadata.sorted_tables:
                _continue_numbers(reading, connection, table)
            waiting = select(articles.c.id).order_by(articles.c.arrival)
            connection.execute(insert(search_due).from_select(["article_id"], waiting))
            delete_setting(connection, COPY_PROGRESS)
            write_setting(connection, COPIED_FROM, identity)
    return copied


@dataclass(frozen=True, slots=True)
class _Progress:
    """The key of the last copied row of each table. It is written with the rows, in one transaction."""

    identity: str
    reached: dict[str, Key]

    def write(self, connection: Connection) -> None:
        write_setting(connection, COPY_PROGRESS, orjson.dumps([self.identity, self.reached]).decode())


def _is_complete(target: Store, identity: str) -> bool:
    with target.read() as connection:
        return read_setting(connection, COPIED_FROM) == identity


def _verified_again(reading: Connection, target: Store) -> list[CopiedTable]:
    try:
        return [_verified(reading, target, table) for table in TABLES]
    except HomeUnusable as error:
        # One of the two was used since.
        raise BadInput(HOLDS_A_STORE) from error


def _reached(target: Store, identity: str) -> dict[str, Key]:
    """How far an earlier run came. Raises BadInput unless the target is empty, or holds a copy of the same store."""
    with target.read() as connection:
        kept = read_setting(connection, COPY_PROGRESS)
        is_empty = all(connection.execute(select(table).limit(1)).first() is None for table in metadata.sorted_tables)
    if kept is None and not is_empty:
        raise BadInput(HOLDS_A_STORE)
    if kept is None:
        return {}
    of, reached = orjson.loads(kept)
    if of != identity:
        raise BadInput("--to: the database holds an unfinished copy of another store: name an empty one")
    return dict(reached)


def _copy_table(reading: Connection, target: Store, table: Table, done: _Progress, progress: Progress) -> None:
    name, copied = str(table.name), 0
    while rows := reading.execute(_after(table, done.reached.get(name))).mappings().all():
        done.reached[name] = [rows[-1][column] for column in table.primary_key]
        with target.write() as connection:
            connection.execute(insert(table), [_values(row) for row in rows])
            done.write(connection)
        copied += len(rows)
        progress(name, copied)


def _values(row: RowMapping) -> Mapping[str, Any]:
    return {str(name): value for name, value in row.items()}


def _after(table: Table, key: Key | None) -> Select[Any]:
    """The next rows in the source's order of keys. Texts sort differently elsewhere, so only the source is asked."""
    columns = list(table.primary_key)
    query = _rows(table).order_by(*columns).limit(BATCH_ROWS)
    return query if key is None else query.where(tuple_(*columns) > tuple_(*key))


def _rows(table: Table) -> Select[Any]:
    query = select(table)
    return query.where(settings.c.key.not_in((COPY_PROGRESS, COPIED_FROM))) if table is settings else query


def _verified(reading: Connection, target: Store, table: Table) -> CopiedTable:
    expected = _fingerprint(reading, table)
    with target.read() as connection:
        found = _fingerprint(connection, table)
    if found != expected:
        raise HomeUnusable(
            f"the copy of {table.name} has {found.rows:,} rows, the store {expected.rows:,}, and they differ: stop all "
            "processes, empty the target and copy again"
        )
    return expected


def _fingerprint(connection: Connection, table: Table) -> CopiedTable:
    """The sum of the digests of the rows, so that their order does not matter."""
    rows, total = 0, 0
    for row in connection.execute(_rows(table).execution_options(yield_per=BATCH_ROWS)):
        digest = hashlib.blake2b(_canonical(row), digest_size=DIGEST_BYTES).digest()
        total = (total + int.from_bytes(digest)) % (1 << 8 * DIGEST_BYTES)
        rows += 1
    return CopiedTable(str(table.name), rows, f"{total:0{2 * DIGEST_BYTES}x}")


def _canonical(row: Sequence[Any]) -> bytes:
    return orjson.dumps(list(row), default=bytes.hex)


def _continue_numbers(reading: Connection, connection: Connection, table: Table) -> None:
    """A number that was given once is not given again, also if its row is gone."""
    column = table.autoincrement_column
    if column is None:
        return
    names: dict[str, Any] = {"table": str(table.name), "column": str(column.name)}
    last = max(_last_number(reading, names), reading.scalar(select(func.max(column))) or 0)
    if not last:
        return
    names["last"] = last
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"), names)
    elif table.dialect_options["sqlite"]["autoincrement"]:
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), names)
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)"), names)


def _last_number(connection: Connection, names: Mapping[str, str]) -> int:
    if connection.dialect.name == "sqlite":
        return connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :table"), names) or 0
    query = text("SELECT last_value FROM pg_sequences WHERE quote_ident(schemaname) || '.' || quote_ident(sequencename)"
                 " = pg_get_serial_sequence(:table, :column)")  # fmt: skip
    return connection.scalar(query, names) or 0
