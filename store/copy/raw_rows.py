"""Rows as the driver has them, in streams: read in the order of a table's file, written by COPY or INSERT.

SQLAlchemy's types are left out: times and structured values are text on both databases, and only truth values differ,
which are 0 and 1 here. That takes less than half the processor time, and structured values keep their very text.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Connection, Float, Integer, LargeBinary, Table
from sqlalchemy.exc import DBAPIError, IntegrityError

__all__ = ["Place", "RawRow", "insert_rows", "rows_after"]

# Where a row is in its table's file: the rowid on SQLite, the ctid on PostgreSQL.
Place = int | str
RawRow = Sequence[Any]
TARGET_CACHE_KIB = 65_536  # of SQLite, while it is copied into: ids are random, so are the pages of their index
# In this order, as a BigInteger is an Integer.
PARSED_AS = ((Boolean, "int4"), (BigInteger, "int8"), (Integer, "int4"), (Float, "float8"), (LargeBinary, "bytea"))


def rows_after(
    connection: Connection, table: Table, place: Place | None = None, *, where: str = "true"
) -> Generator[tuple[Place, RawRow]]:
    """The rows behind a place, each with its own, in the order of the table's file.

    Memory is bounded: no row is held. Any other order would read a page for every row, as ids are random. Close it
    before the connection is used again.
    """
    read = _from_postgresql if connection.dialect.name == "postgresql" else _from_sqlite
    with (
        _wrapped_errors(connection, f"reading {table.name}"),
        closing(read(connection, table, place, where)) as found,
    ):
        for at, *values in found:
            yield at, values


def insert_rows(connection: Connection, table: Table, rows: Iterable[RawRow]) -> None:
    """Put rows with all columns of the table into it, within the transaction of the connection."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    with _wrapped_errors(connection, f"filling {table.name}"):
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "postgresql":
            with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as target:
                for row in rows:
                    target.write_row(row)
            return
        driver.execute(f"PRAGMA cache_size = -{TARGET_CACHE_KIB}")
        places = ", ".join("?" * len(table.columns))
        driver.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({places})", rows)  # noqa: S608 - of the schema


def _from_sqlite(connection: Connection, table: Table, place: Place | None, where: str) -> Generator[RawRow]:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    query = f"SELECT rowid, {names} FROM {table.name} WHERE {where} AND rowid > ? ORDER BY rowid"  # noqa: S608
    driver: Any = connection.connection.driver_connection
    with closing(driver.execute(query, (-1 if place is None else place,))) as found:
        yield from found


def _from_postgresql(connection: Connection, table: Table, place: Place | None, where: str) -> Generator[RawRow]:
    names = ", ".join(_selected(column) for column in table.columns)
    query = f"COPY (SELECT ctid::text, {names} FROM {table.name} WHERE {where} AND ctid > %s::tid) TO STDOUT"  # noqa: S608
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        # A scan from its beginning, by one process: the order of the file.
        cursor.execute("SET LOCAL synchronize_seqscans = off")
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        with cursor.copy(query, ["(0,0)" if place is None else place]) as found:
            found.set_types(["text", *(_parsed_as(column) for column in table.columns)])
            yield from found.rows()


def _selected(column: Column[Any]) -> str:
    if isinstance(column.type, Boolean):
        return f'"{column.name}"::int'
    return f'"{column.name}"::text' if isinstance(column.type, JSON) else f'"{column.name}"'


def _parsed_as(column: Column[Any]) -> str:
    return next((name for kind, name in PARSED_AS if isinstance(column.type, kind)), "text")


@contextmanager
def _wrapped_errors(connection: Connection, what: str) -> Iterator[None]:
    """Raise the driver's errors as SQLAlchemy does, so that `onestory.store.database_errors` knows them."""
    try:
        yield
    except connection.dialect.loaded_dbapi.IntegrityError as error:
        raise IntegrityError(what, None, error) from error
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError(what, None, error) from error
