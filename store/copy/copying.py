"""Copy all rows from one database to another, of the same kind or not, in batches that a later run continues."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import orjson
from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from onestory.errors import BadInput, HomeUnusable
from onestory.store.copy.indexes import build, gather_statistics, set_aside
from onestory.store.copy.raw_rows import Place, RawRow, insert_rows, rows_after
from onestory.store.database import Store
from onestory.store.schema import articles, metadata, search_due, settings
from onestory.store.settings import COPIED_FROM, COPY_PROGRESS, delete_setting, read_setting, write_setting

__all__ = ["INDEXES", "CopiedTable", "copy_rows"]

HOLDS_A_STORE = "--to: the database holds a store already: name an empty one"
CHANGED = "differ: stop all processes, empty the target and copy again"
BATCH_ROWS = 20_000
DIGEST_BYTES = 16
INDEXES = "indexes"  # a step, named among the tables
# The full-text index has a form of its own on each database: the target makes it anew.
TABLES = tuple(table for table in metadata.sorted_tables if table is not search_due)
# The progress is kept in one of them, by its key.
WITHOUT_INDEXES = tuple(table for table in TABLES if table is not settings)
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table that is the same on both sides: its rows, and the digest of all of them, in hex."""

    name: str
    rows: int
    digest: str


@dataclass(slots=True)
class _State:
    """How far a copy is. It is written with the rows, in one transaction.

    `places` has the place of the last copied row of each table, in the source's file. `unbuilt` are the statements that
    build the target's indexes and constraints again.
    """

    identity: str
    places: dict[str, Place] = field(default_factory=dict)
    unbuilt: list[str] = field(default_factory=list)

    def write(self, connection: Connection) -> None:
        kept = {"of": self.identity, "places": self.places, "unbuilt": self.unbuilt}
        write_setting(connection, COPY_PROGRESS, orjson.dumps(kept).decode())


def copy_rows(
    source: Store, target: Store, *, identity: str, progress: Progress = lambda table, rows: None
) -> list[CopiedTable]:
    """Copy one snapshot of the source into an empty target, verify every table, and return them.

    The target has no indexes and constraints until its rows are verified. One that holds the beginning of a copy of the
    same `identity` is continued. One that holds all of it, as after a run that was killed behind its last row, is
    verified again. `progress` gets the rows that this run copied of a table, then the INDEXES that it built. Raises
    BadInput for a target that holds anything else, and HomeUnusable if a table differs afterwards because the source
    was written to between two runs.
    """
    with source.read() as reading:
        if _is_complete(target, identity):
            return _verified_again(reading, target)
        state = _begun(target, identity)
        for table in TABLES:
            _copy_table(reading, target, table, state, progress)
        copied = [_verified(reading, target, table) for table in TABLES]
        _build_indexes(target, state, progress)
        with target.write() as connection:
            for table in metadata.sorted_tables:
                _continue_numbers(reading, connection, table)
            waiting = select(articles.c.id).order_by(articles.c.arrival)
            connection.execute(insert(search_due).from_select(["article_id"], waiting))
            gather_statistics(connection, metadata.sorted_tables)
            delete_setting(connection, COPY_PROGRESS)
            write_setting(connection, COPIED_FROM, identity)
    return copied


def _is_complete(target: Store, identity: str) -> bool:
    with target.read() as connection:
        return read_setting(connection, COPIED_FROM) == identity


def _verified_again(reading: Connection, target: Store) -> list[CopiedTable]:
    try:
        return [_verified(reading, target, table) for table in TABLES]
    except HomeUnusable as error:
        # One of the two was used since.
        raise BadInput(HOLDS_A_STORE) from error


def _begun(target: Store, identity: str) -> _State:
    """How far an earlier run came, or the beginning.

    Raises BadInput unless the target is empty, or holds a copy of the same store.
    """
    with target.write() as connection:
        # Waits for what the server still commits for a run that was killed.
        kept = connection.scalar(select(settings.c.value).where(settings.c.key == COPY_PROGRESS).with_for_update())
        if kept is not None:
            return _continued(orjson.loads(kept), identity)
        if any(connection.execute(select(table).limit(1)).first() is not None for table in metadata.sorted_tables):
            raise BadInput(HOLDS_A_STORE)
        state = _State(identity, unbuilt=set_aside(connection, WITHOUT_INDEXES))
        state.write(connection)
    return state


def _continued(kept: Any, identity: str) -> _State:
    if not isinstance(kept, dict):
        raise BadInput("--to: the database holds an unfinished copy by an earlier version: name an empty one")
    if kept["of"] != identity:
        raise BadInput("--to: the database holds an unfinished copy of another store: name an empty one")
    return _State(identity, kept["places"], kept["unbuilt"])


def _copy_table(reading: Connection, target: Store, table: Table, state: _State, progress: Progress) -> None:
    name, copied = str(table.name), 0
    with closing(rows_after(reading, table, state.places.get(name), where=_condition(table))) as placed:
        for first in placed:
            batch = _Batch(chain((first,), islice(placed, BATCH_ROWS - 1)), first[0])
            try:
                with target.write() as connection:
                    insert_rows(connection, table, batch)
                    state.places[name] = batch.last
                    state.write(connection)
            except IntegrityError as error:
                # A row that was changed since the last run has another place, and was there already.
                raise HomeUnusable(f"the copy of {name} holds rows that {CHANGED}") from error
            copied += batch.rows
            progress(name, copied)


@dataclass(slots=True)
class _Batch:
    """Rows on their way: how many passed, and the place of the last."""

    placed: Iterable[tuple[Place, RawRow]]
    last: Place
    rows: int = 0

    def __iter__(self) -> Iterator[RawRow]:
        for place, row in self.placed:
            self.last = place
            self.rows += 1
            yield row


def _condition(table: Table) -> str:
    return f"key NOT IN ('{COPY_PROGRESS}', '{COPIED_FROM}')" if table is settings else "true"


def _verified(reading: Connection, target: Store, table: Table) -> CopiedTable:
    expected = _fingerprint(reading, table)
    with target.read() as connection:
        found = _fingerprint(connection, table)
    if found != expected:
        raise HomeUnusable(
            f"the copy of {table.name} has {found.rows:,} rows, the store {expected.rows:,}, and they {CHANGED}"
        )
    return expected


def _fingerprint(connection: Connection, table: Table) -> CopiedTable:
    """The sum of the digests of the rows, so that their order does not matter."""
    rows, total = 0, 0
    with closing(rows_after(connection, table, where=_condition(table))) as placed:
        for _, row in placed:
            digest = hashlib.blake2b(orjson.dumps(row, default=bytes.hex), digest_size=DIGEST_BYTES).digest()
            total += int.from_bytes(digest)
            rows += 1
    return CopiedTable(str(table.name), rows, f"{total % (1 << 8 * DIGEST_BYTES):0{2 * DIGEST_BYTES}x}")


def _build_indexes(target: Store, state: _State, progress: Progress) -> None:
    built = 0
    while state.unbuilt:
        with target.write() as connection:
            build(connection, state.unbuilt.pop(0))
            state.write(connection)
        built += 1
        progress(INDEXES, built)


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
