"""What an operator sets of a source that is there: its schedule, its bounds, and whether it is polled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, update

from store.errors import NotFound
from store.schema import sources
from store.source_list import Schedule

__all__ = ["SourceSettings", "held_settings", "keep_settings", "settings_of"]


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """`daily_pages` of None is the bound of its kind; `next_poll` is when it is due."""

    schedule: Schedule
    daily_pages: int | None
    enabled: bool
    next_poll: datetime


def settings_of(connection: Connection, source_id: int) -> SourceSettings:
    """Raises NotFound."""
    return _read(connection, select(sources).where(sources.c.id == source_id), source_id)


def held_settings(connection: Connection, source_id: int) -> SourceSettings:
    """The same, locked to the end of the transaction: what is written from them overwrites nobody's change."""
    return _read(connection, select(sources).where(sources.c.id == source_id).with_for_update(), source_id)


def _read(connection: Connection, query: Select[Any], source_id: int) -> SourceSettings:
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no source {source_id}: `onestory sources list` names them")
    schedule = Schedule(row.interval_seconds, row.min_seconds, row.max_seconds, row.cron, row.timezone)
    return SourceSettings(schedule, row.daily_pages, row.enabled, row.next_poll)


def keep_settings(connection: Connection, source_id: int, settings: SourceSettings) -> None:
    schedule = settings.schedule
    connection.execute(
        update(sources)
        .where(sources.c.id == source_id)
        .values(
            interval_seconds=schedule.interval_seconds,
            min_seconds=schedule.min_seconds,
            max_seconds=schedule.max_seconds,
            cron=schedule.cron,
            timezone=schedule.timezone,
            daily_pages=settings.daily_pages,
            enabled=settings.enabled,
            next_poll=settings.next_poll,
        )
    )
