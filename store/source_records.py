"""Sources as people read them: what is polled and how it does, the worst first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, func, select

from store.hosts import database_time
from store.schema import sources

__all__ = ["SourceRecord", "overdue_sources", "source_records"]

# The further to the left, the more somebody has to look at it. A word not named here is taken for an error.
WORST_FIRST = ("blocked", "gone", "robots", "error", "empty", "silent", "slow", "new", "ok")
WELL = ("new", "ok")


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A source with its state. `why` says in plain words what `status` says in one."""

    id: int
    url: str
    outlet: str
    kind: str
    host: str
    language: str | None
    enabled: bool
    interval_seconds: int
    status: str
    status_since: datetime | None
    why: str | None
    last_poll: datetime | None
    last_success: datetime | None
    next_poll: datetime
    failures: int
    entries: int
    pages_found: int

    @property
    def is_well(self) -> bool:
        return self.status in WELL

    @property
    def rank(self) -> tuple[bool, int, int, str, str]:
        """Those switched off come last; among equals the one that failed most often is first."""
        word = self.status if self.status in WORST_FIRST else "error"
        return (not self.enabled, WORST_FIRST.index(word), -self.failures, self.outlet, self.url)


COLUMNS: tuple[Column[Any], ...] = (
    sources.c.id,
    sources.c.url,
    sources.c.outlet,
    sources.c.kind,
    sources.c.host,
    sources.c.language,
    sources.c.enabled,
    sources.c.interval_seconds,
    sources.c.status,
    sources.c.status_since,
    sources.c.why,
    sources.c.last_poll,
    sources.c.last_success,
    sources.c.next_poll,
    sources.c.failures,
    sources.c.entries,
    sources.c.pages_found,
)


def source_records(connection: Connection) -> list[SourceRecord]:
    return sorted((SourceRecord(*row) for row in connection.execute(select(*COLUMNS))), key=lambda one: one.rank)


def overdue_sources(connection: Connection, *, seconds: float) -> int:
    """How many enabled sources should have been polled so long ago, by the database's clock."""
    before = database_time(connection) - timedelta(seconds=seconds)
    query = select(func.count()).select_from(sources).where(sources.c.enabled, sources.c.next_poll < before)
    return connection.execute(query).scalar_one()
