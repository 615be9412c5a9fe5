"""Indexes and constraints of a database that is filled: set aside first, and built once all rows are there.

A row costs a write at a random place for each index of its table, and `articles` has eleven: with more rows than fit
into memory, the copy would wait for the disk. An index that is built of all rows is sorted, and written once.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, bindparam, text

__all__ = ["build", "gather_statistics", "set_aside"]

BUILD_MEMORY = "256MB"
CONSTRAINTS = """
    SELECT contype = 'f' AS is_foreign,
        format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS dropping,
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
            AS building
    FROM pg_constraint
    WHERE contype IN ('p', 'u', 'f')
        AND (conrelid = ANY(CAST(:names AS regclass[])) OR confrelid = ANY(CAST(:names AS regclass[])))
    ORDER BY conrelid::regclass::text, conname
"""
INDEXES = """
    SELECT format('DROP INDEX %s', indexrelid::regclass) AS dropping, pg_get_indexdef(indexrelid) AS building
    FROM pg_index
    WHERE indrelid = ANY(CAST(:names AS regclass[]))
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
    ORDER BY building
"""
SQLITE_INDEXES = """
    SELECT 'DROP INDEX ' || name AS dropping, sql AS building FROM sqlite_master
    WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN :names ORDER BY name
"""


def set_aside(connection: Connection, tables: Sequence[Table]) -> list[str]:
    """Drop the indexes and constraints of empty tables, and return the statements that build them again, in order.

    SQLite keeps primary keys and constraints: they are part of a table there.
    """
    names = [str(table.name) for table in tables]
    if connection.dialect.name == "postgresql":
        constraints = connection.execute(text(CONSTRAINTS), {"names": names}).all()
        foreign = [one for one in constraints if one.is_foreign]
        keys = [one for one in constraints if not one.is_foreign]
        indexes = connection.execute(text(INDEXES), {"names": names}).all()
    else:
        foreign, keys = [], []
        query = text(SQLITE_INDEXES).bindparams(bindparam("names", expanding=True))
        indexes = connection.execute(query, {"names": names}).all()
    # A foreign key needs the key that it refers to.
    for one in (*foreign, *keys, *indexes):
        connection.exec_driver_sql(one.dropping)
    return [one.building for one in (*keys, *indexes, *foreign)]


def build(connection: Connection, statement: str) -> None:
    """Execute one of these statements."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL maintenance_work_mem = '{BUILD_MEMORY}'")
    connection.exec_driver_sql(statement)


def gather_statistics(connection: Connection, tables: Sequence[Table]) -> None:
    """Tell PostgreSQL's planner what filled tables hold. By itself it looks a minute later."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {', '.join(str(table.name) for table in tables)}")
