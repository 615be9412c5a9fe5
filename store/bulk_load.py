"""Rows of whole stores, kept in small files and put into an empty store in bulk.

A kept store is a SQLite file with the rows of some tables and no index. Its versions are numbered from 1; they get
numbers of their own in the store that they are put into.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Table, select

from onestory.store.articles.save import allocate_numbers
from onestory.store.database import Store
from onestory.store.schema import (
    articles,
    boilerplate,
    decisions,
    matches,
    outlets,
    removed_lines,
    sources,
    stories,
    tombstones,
    versions,
    watches,
)
from onestory.store.search.full_text_index import mark_search_due

__all__ = ["is_new", "keep_rows", "load_rows"]

# In an order that foreign keys allow.
KEPT: tuple[Table, ...] = (stories, articles, versions, removed_lines, matches)
NUMBERS = frozenset(
    (articles.c.arrival, articles.c.version, versions.c.number, removed_lines.c.number, matches.c.a, matches.c.b)
)
# What other rows depend on: with any of them an import of the same texts would make other rows.
TELLING: tuple[Table, ...] = (articles, tombstones, decisions, watches, sources, boilerplate, outlets)
Row = Sequence[Any]


def is_new(connection: Connection) -> bool:
    """Whether a store holds nothing that an import of texts depends on."""
    return all(connection.execute(select(table).limit(1)).first() is None for table in TELLING)


def keep_rows(store: Store, path: Path) -> None:
    """Write the rows of a SQLite store into a file of their own."""
    with store.without_transaction() as connection:
        connection.exec_driver_sql("ATTACH DATABASE ? AS kept", (str(path),))
        connection.exec_driver_sql("PRAGMA kept.synchronous = OFF")
        connection.exec_driver_sql("PRAGMA kept.journal_mode = OFF")
        for table in KEPT:
            statement = f"CREATE TABLE kept.{table.name} AS SELECT * FROM main.{table.name}"  # noqa: S608 - names of the schema
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("DETACH DATABASE kept")


def load_rows(connection: Connection, path: Path) -> int:
    """Put a kept store into this one, and return what was added to the numbers of its versions.

    The versions count as attached and told of: the stories are as they are, and no event says that they came to be.
    """
    kept = sqlite3.connect(path)
    try:
        count = kept.execute("SELECT coalesce(max(number), 0) FROM versions").fetchone()[0]
        added = _allocated(connection, count)
        for table in KEPT:
            _copy(connection, table, _rows(kept, table, added))
        mark_search_due(connection, [row[0] for row in kept.execute("SELECT id FROM articles")])
    finally:
        kept.close()
    return added


def _allocated(connection: Connection, count: int) -> int:
    """What to add to the numbers from 1 to `count`. Another process may take numbers meanwhile: then further ones."""
    while True:
        numbers = allocate_numbers(connection, count)
        if not numbers or numbers[-1] - numbers[0] == count - 1:
            return numbers[0] - 1 if numbers else 0


def _columns(table: Table) -> list[Column[Any]]:
    """The columns that are kept: a number of removed lines names nothing."""
    return [column for column in table.columns if column is not removed_lines.c.id]


def _rows(kept: sqlite3.Connection, table: Table, added: int) -> Iterator[Row]:
    columns = _columns(table)
    changes = [_change(column, added) for column in columns]
    names = ", ".join(column.name for column in columns)
    for row in kept.execute(f"SELECT {names} FROM {table.name}"):  # noqa: S608 - names of the schema
        yield [value if change is None else change(value) for value, change in zip(row, changes, strict=True)]


def _change(column: Column[Any], added: int) -> Callable[[Any], Any] | None:
    if column in NUMBERS:
        return lambda number: number + added
    if column is versions.c.attached:
        return lambda _: 0
    if column is versions.c.told:
        return lambda _: True
    return bool if isinstance(column.type, Boolean) else None


def _copy(connection: Connection, table: Table, rows: Iterator[Row]) -> None:
    names = ", ".join(column.name for column in _columns(table))
    if connection.dialect.name == "postgresql":
        with (
            connection.connection.driver_connection.cursor() as cursor,  # type: ignore[union-attr]
            cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as target,
        ):
            for row in rows:
                target.write_row(row)
        return
    held = [tuple(row) for row in rows]
    if held:
        places = ", ".join("?" * len(_columns(table)))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({places})", held)  # noqa: S608
