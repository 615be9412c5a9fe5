"""Texts of earlier versions that are not kept for good. Rows, headlines, signatures, changes and matches stay."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update

from onestory.store.schema import articles, removed_lines, versions

__all__ = ["drop_earlier_texts", "has_text"]

DROP_BATCH = 500
_CURRENT = versions.alias("current")


def drop_earlier_texts(connection: Connection, *, before: datetime, now: datetime) -> int:
    """Drop a batch of texts observed before a time, and return how many.

    The text of the version in force stays, as that of versions observed after it: copies are compared with them.
    """
    query = (
        select(versions.c.number)
        .join(articles, articles.c.id == versions.c.article_id)
        .join(_CURRENT, _CURRENT.c.number == articles.c.version)
        .where(versions.c.observed < before, versions.c.text_dropped.is_(None), versions.c.attached.is_not(None))
        .where(versions.c.number != _CURRENT.c.number, versions.c.observed <= _CURRENT.c.observed)
        .order_by(versions.c.number)
        .limit(DROP_BATCH)
    )
    numbers = list(connection.execute(query).scalars())
    if numbers:
        connection.execute(delete(removed_lines).where(removed_lines.c.number.in_(numbers)))
        dropped = update(versions).where(versions.c.number.in_(numbers)).values(text="", text_dropped=now)
        connection.execute(dropped)
    return len(numbers)


def has_text(number: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the version with this number still has its text: the condition of a query."""
    other = versions.alias()
    return ~select(other.c.number).where(other.c.number == number, other.c.text_dropped.is_not(None)).exists()
