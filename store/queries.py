"""Whether a column is one of many values, as each database is best asked."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, any_, literal

__all__ = ["one_of"]


def one_of(connection: Connection, column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """PostgreSQL is given one list: a statement with as many parameters as there are values is another one for every
    count, and takes its driver longer than the database takes to answer."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(values)
