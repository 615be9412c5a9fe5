"""The event log. Its numbers only rise: a reader of event N never misses a later event with a lower number.

Events are collected during a transaction and written as its last act, so an event is stored exactly if its change is.
SQLite has a single writer. On PostgreSQL a transaction could draw a number and commit after another one with a higher
number, so numbers are drawn under a lock that is held until the commit. A transaction takes that lock last, so its
holder waits for nothing but the disk.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, text

from onestory.store.queries import AdvisoryLock, columns_of, hold_advisory_lock
from onestory.store.schema import events
from onestory.store.settings import EVENTS_DELETED, read_setting, write_setting

__all__ = [
    "EVENT_KINDS",
    "EventLogBounds",
    "EventRecord",
    "add_event",
    "delete_events",
    "delete_events_of_stories",
    "event_log_bounds",
    "events_after",
    "flush_events",
]

STORY_EVENT_KINDS = ("created", "grew", "corrected", "withdrawn", "merged", "split")
COVERAGE_EVENT_KINDS = ("started", "grew", "crossed_language")
EVENT_KINDS = (
    *(f"story.{kind}" for kind in STORY_EVENT_KINDS),
    *(f"coverage.{kind}" for kind in COVERAGE_EVENT_KINDS),
    "watch.matched",
    "source.blocked",
    "source.silent",
    "source.failed",
    "sources.failing",
    "webhook.disabled",
)
NO_DATA: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event. `story_id` is the story's id at that time; the story may have been absorbed since."""

    id: int
    kind: str
    at: datetime
    story_id: str | None
    source_id: int | None
    watch_id: int | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventLogBounds:
    """The range of the log: all events after `forgotten`, up to `last`. `drawn` is the highest number ever drawn."""

    deleted_up_to: int
    last: int
    last_assigned: int

    def is_cursor_expired(self, after: int) -> bool:
        """Whether a reader at `after` cannot continue: the next events were deleted, or the number never existed."""
        return after < self.deleted_up_to or after > self.last_assigned


def add_event(
    connection: Connection,
    kind: str,
    *,
    now: datetime,
    story_id: str | None = None,
    source_id: int | None = None,
    watch_id: int | None = None,
    data: Mapping[str, object] = NO_DATA,
) -> None:
    """Add an event to the current write transaction (`Store.write`). It gets its number on commit."""
    connection.get_execution_options()["gathered_events"].append(
        {
            "kind": kind,
            "at": now,
            "story_id": story_id,
            "source_id": source_id,
            "watch_id": watch_id,
            "data": dict(data),
        }
    )


def flush_events(connection: Connection) -> bool:
    """Write the collected events as the last act of the transaction, and return whether there were any."""
    gathered = connection.get_execution_options()["gathered_events"]
    if not gathered:
        return False
    hold_advisory_lock(connection, AdvisoryLock.EVENTS)
    connection.execute(insert(events), list(gathered))
    gathered.clear()
    return True


def events_after(
    connection: Connection,
    after: int,
    *,
    limit: int,
    kinds: Collection[str] = (),
    story_id: str | None = None,
) -> list[EventRecord]:
    """The next events after a number, in order, optionally of some kinds or of one story."""
    query: Select[Any] = select(*columns_of(events, EventRecord)).where(events.c.id > after)
    if kinds:
        query = query.where(events.c.kind.in_(sorted(kinds)))
    if story_id is not None:
        query = query.where(events.c.story_id == story_id)
    return [EventRecord(*row) for row in connection.execute(query.order_by(events.c.id).limit(limit))]


def event_log_bounds(connection: Connection) -> EventLogBounds:
    forgotten = int(read_setting(connection, EVENTS_DELETED) or 0)
    last = connection.execute(select(func.max(events.c.id))).scalar() or forgotten
    return EventLogBounds(forgotten, last, max(_drawn(connection), last))


def _drawn(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        query = text("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM events_id_seq")
    else:
        query = text("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
    return connection.execute(query).scalar() or 0


def delete_events(connection: Connection, *, before: datetime) -> int:
    """Delete older events, and return how many. `EventLogBounds.is_cursor_expired` informs readers that missed them."""
    newest = connection.execute(select(func.max(events.c.id)).where(events.c.at < before)).scalar()
    if newest is None:
        return 0
    gone = connection.execute(delete(events).where(events.c.id <= newest)).rowcount
    write_setting(connection, EVENTS_DELETED, str(newest))
    return gone


def delete_events_of_stories(connection: Connection, story_ids: Collection[str]) -> None:
    """Delete all events of these stories, for a takedown."""
    connection.execute(delete(events).where(events.c.story_id.in_(sorted(story_ids))))
