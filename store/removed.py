"""The lines that were taken out of texts, with the rule that took them: kept for a while, for whoever asks why."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from store.models import Removed
from store.schema import removed_lines
from store.stories import chunks

__all__ = ["KEPT_DAYS", "lines_of", "prune"]

KEPT_DAYS = 30


def lines_of(connection: Connection, numbers: Collection[int]) -> dict[int, list[Removed]]:
    """What was taken out of these versions, in the order of the page."""
    found: dict[int, list[Removed]] = {}
    for part in chunks(numbers):
        query = select(removed_lines).where(removed_lines.c.number.in_(part)).order_by(removed_lines.c.id)
        for row in connection.execute(query):
            found.setdefault(row.number, []).append(Removed(row.line, row.reason))
    return found


def prune(connection: Connection, *, now: datetime) -> int:
    """Forgets the lines that are older than KEPT_DAYS; how many these were."""
    statement = delete(removed_lines).where(removed_lines.c.at < now - timedelta(days=KEPT_DAYS))
    return connection.execute(statement).rowcount
