"""Whether a column is one of many values, as each database is best asked."""

from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, any_, literal, select

from onestory.store.schema import stories

__all__ = ["lock_stories", "one_of"]


MAX_IN_LIST = 500  # ids in one IN list


T = TypeVar("T")


def lock_stories(connection: Connection, story_ids: Collection[str]) -> None:
    """Holds the story rows until the transaction ends. In id order, so that two writers cannot deadlock.

    On SQLite the writer is alone already.
    """
    if connection.dialect.name != "postgresql":
        return
    for part in chunks(sorted(story_ids)):
        query = select(stories.c.id).where(stories.c.id.in_(part)).order_by(stories.c.id)
        connection.execute(query.with_for_update()).all()


def chunks(values: Collection[T]) -> Iterable[list[T]]:
    """Slices that fit an IN list."""
    ordered = list(values)
    return (ordered[start : start + MAX_IN_LIST] for start in range(0, len(ordered), MAX_IN_LIST))


def one_of(connection: Connection, column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """PostgreSQL is given one list: a statement with as many parameters as there are values is another one for every
    count, and takes its driver longer than the database takes to answer."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(values)
