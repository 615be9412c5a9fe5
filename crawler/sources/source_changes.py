"""Changes to the schedule of existing sources."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from onestory.crawler.sources.schedule import checked_schedule, next_tick
from onestory.errors import BadInput
from onestory.store.database import Store
from onestory.store.frontier.hosts import database_time
from onestory.store.sources.polls import find_sources
from onestory.store.sources.source_list import (
    SourceSettings,
    get_source_settings,
    save_source_settings,
    source_settings_for_update,
)
from onestory.store.sources.source_records import SourceRecord, source_records

__all__ = ["ScheduleChange", "change_source", "change_sources", "changed_settings"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """The fields to change; None leaves a field as it is. A cron of "" returns to the interval."""

    interval_seconds: int | None = None
    min_seconds: int | None = None
    max_seconds: int | None = None
    cron: str | None = None
    timezone: str | None = None
    daily_pages: int | None = None
    enabled: bool | None = None


def change_sources(store: Store, names: Sequence[str], change: ScheduleChange) -> list[SourceRecord]:
    """Change the sources named by id, URL, host or outlet: all or none. Raises BadInput."""
    with store.read() as connection:
        now, ids = database_time(connection), find_sources(connection, names)
        for source_id in ids:
            changed_settings(get_source_settings(connection, source_id), change, now=now)
    # One at a time: crawlers lock several of these rows in another order.
    for source_id in ids:
        with store.write() as connection:
            save_source_settings(
                connection,
                source_id,
                changed_settings(source_settings_for_update(connection, source_id), change, now=now),
            )
    with store.read() as connection:
        return [record for record in source_records(connection) if record.id in set(ids)]


def change_source(store: Store, source_id: int, change: ScheduleChange) -> None:
    """Change one source. Raises NotFound or BadInput."""
    with store.write() as connection:
        held = source_settings_for_update(connection, source_id)
        save_source_settings(connection, source_id, changed_settings(held, change, now=database_time(connection)))


def changed_settings(settings: SourceSettings, change: ScheduleChange, *, now: datetime) -> SourceSettings:
    """The changed settings. A changed schedule determines the next poll."""
    was = settings.schedule
    cron = was.cron if change.cron is None else change.cron.strip() or None
    wanted = replace(
        was,
        interval_seconds=_given(change.interval_seconds, was.interval_seconds),
        min_seconds=_given(change.min_seconds, was.min_seconds),
        max_seconds=_given(change.max_seconds, was.max_seconds),
        cron=cron,
        timezone=_given(change.timezone, was.timezone if cron else None),
    )
    schedule = checked_schedule(wanted, now=now)
    if change.interval_seconds is not None and schedule.interval_seconds != change.interval_seconds:
        between = f"{schedule.shortest} to {schedule.longest}"
        raise BadInput(f"an interval of {change.interval_seconds} s is not within {between} s: set --min or --max, too")
    due = min(settings.next_poll, now + timedelta(seconds=schedule.interval_seconds))
    if schedule.cron:
        due = next_tick(schedule.cron, schedule.timezone, after=now)
    is_other = schedule != was or change.enabled is True
    return SourceSettings(
        schedule,
        _given(change.daily_pages, settings.daily_pages),
        _given(change.enabled, settings.enabled),
        due if is_other else settings.next_poll,
    )


def _given(new: T | None, old: T) -> T:
    return old if new is None else new
