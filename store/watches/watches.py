"""Watches: what editors follow, and until when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from onestory.errors import BadInput, NotFound
from onestory.store.queries import AdvisoryLock, chunks, columns_of, hold_advisory_lock
from onestory.store.schema import hosts, pages, sources, watch_pages, watch_sources, watches
from onestory.store.schema.base import Time

__all__ = [
    "WatchRecord",
    "active_watches",
    "delete_unused_searches",
    "end_expired_watches",
    "end_watch",
    "has_active_watch",
    "insert_watch",
    "is_watch_active",
    "load_watch",
    "lock_watches",
    "remove_watch",
    "watch_records",
]

MAX_ID = 2**31 - 1
MAX_POLL_DURATION = timedelta(days=1)
# The schema's default, for pages that no watch wants.
DEFAULT_PRIORITY = 5


@dataclass(frozen=True, slots=True)
class WatchRecord:
    """A watch as an editor made it. `phrases` are as typed; `ended` is set once nothing more is added. `news_event` is
    the id of a followed news event, as it was when the watch began.
    """

    id: int
    name: str
    phrases: tuple[str, ...]
    created: datetime
    until: datetime | None
    ended: datetime | None
    news_event: str | None = None


WATCH_COLUMNS = columns_of(watches, WatchRecord)


def is_watch_active(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The condition that the watch of the current row is active."""
    return and_(watches.c.ended.is_(None), or_(watches.c.until.is_(None), watches.c.until > now))


# Executed for every page that is stored.
ACTIVE_WATCH_QUERY = select(watches.c.id).where(is_watch_active(bindparam("now", type_=Time))).limit(1)


def lock_watches(connection: Connection, *, alone: bool) -> None:
    """Keep watches unchanged until the transaction ends. `alone`: exclusive, for inserts.

    Transactions that store articles share the lock. An article stored while a watch is added is therefore seen by one
    of the two. It is taken first, before any row. SQLite has a single writer anyway.
    """
    hold_advisory_lock(connection, AdvisoryLock.WATCHES, shared=not alone)


def insert_watch(
    connection: Connection,
    *,
    name: str,
    phrases: Sequence[str],
    until: datetime | None,
    now: datetime,
    news_event: str | None = None,
) -> WatchRecord:
    """Insert a watch. Raises BadInput for an end in the past. The caller holds the exclusive lock."""
    if until is not None and until <= now:
        raise BadInput(f"--until {until:%Y-%m-%d %H:%M} UTC is in the past: choose a time in the future")
    row = {"name": name, "phrases": list(phrases), "created": now, "until": until, "news_event": news_event}
    added = connection.execute(insert(watches).values(**row).returning(watches.c.id)).scalar_one()
    return WatchRecord(added, name, tuple(phrases), now, until, None, news_event)


def active_watches(connection: Connection, *, now: datetime) -> list[WatchRecord]:
    return _records(connection, is_watch_active(now))


def has_active_watch(connection: Connection, *, now: datetime) -> bool:
    return connection.execute(ACTIVE_WATCH_QUERY, {"now": now}).first() is not None


def watch_records(connection: Connection) -> list[WatchRecord]:
    """All watches, newest first."""
    return sorted(_records(connection), key=lambda one: -one.id)


def load_watch(connection: Connection, watch_id: int) -> WatchRecord:
    """Load a watch. Raises NotFound."""
    found = _records(connection, watches.c.id == watch_id) if 0 < watch_id <= MAX_ID else []
    if not found:
        raise NotFound(f"there is no watch {watch_id}: `onestory watch list --all` lists them")
    return found[0]


def _records(connection: Connection, *conditions: ColumnElement[bool]) -> list[WatchRecord]:
    rows = connection.execute(select(*WATCH_COLUMNS).where(*conditions).order_by(watches.c.id))
    return [WatchRecord(row.id, row.name, tuple(row.phrases), *row[3:]) for row in rows]


def end_watch(connection: Connection, watch_id: int, *, now: datetime) -> WatchRecord:
    """End a watch. What was found stays. Ending it again changes nothing. Raises NotFound."""
    if load_watch(connection, watch_id).ended is None:
        _end(connection, [watch_id], now=now)
    return load_watch(connection, watch_id)


def end_expired_watches(connection: Connection, *, now: datetime) -> None:
    """End the watches whose time is over."""
    over = select(watches.c.id).where(watches.c.ended.is_(None), watches.c.until <= now)
    expired = connection.execute(over.order_by(watches.c.id)).scalars().all()
    if expired:
        _end(connection, expired, now=now)


def _end(connection: Connection, ids: Collection[int], *, now: datetime) -> None:
    connection.execute(update(watches).where(watches.c.id.in_(ids), watches.c.ended.is_(None)).values(ended=now))
    _stop_searches(connection, ids, now=now)
    _let_pages_go(connection, ids, now=now)


def _stop_searches(connection: Connection, ids: Collection[int], *, now: datetime) -> None:
    """Stop the search feeds of ended watches, except those shared with active ones."""
    theirs = select(watch_sources.c.source_id).where(watch_sources.c.watch_id.in_(ids))
    others = exists().where(
        watch_sources.c.source_id == sources.c.id, watches.c.id == watch_sources.c.watch_id, is_watch_active(now)
    )
    stopped = update(sources).where(sources.c.id.in_(theirs), sources.c.kind == "search", ~others)
    over = {"enabled": False, "why": "its watch has ended", "next_poll": now + MAX_POLL_DURATION}
    connection.execute(stopped.values(**over))


def _let_pages_go(connection: Connection, ids: Collection[int], *, now: datetime) -> None:
    """Reset the priority of pages due only for these watches, and delete pages that only they found and nothing
    fetched.
    """
    bound = select(watch_pages.c.page_id).where(watch_pages.c.watch_id.in_(ids))
    wanted = (
        select(watch_pages.c.page_id).join(watches, watches.c.id == watch_pages.c.watch_id).where(is_watch_active(now))
    )
    waits = and_(pages.c.state == "due", pages.c.id.in_(bound), pages.c.id.not_in(wanted))
    searched = select(sources.c.id).where(sources.c.kind == "search")
    strange = or_(pages.c.source_id.is_(None), pages.c.source_id.in_(searched))
    found = bound.where(watch_pages.c.how.in_(("search", "link")))
    forgotten = and_(waits, strange, pages.c.id.in_(found))
    for part in chunks(_held_hosts(connection, forgotten, now=now)):
        connection.execute(delete(pages).where(forgotten, pages.c.host.in_(part)))
    connection.execute(
        update(pages).where(waits, pages.c.priority < DEFAULT_PRIORITY).values(priority=DEFAULT_PRIORITY)
    )


def _held_hosts(connection: Connection, of: ColumnElement[bool], *, now: datetime) -> list[str]:
    """The hosts of these pages that no crawler holds or will lease before the transaction ends."""
    free = or_(hosts.c.lease_until.is_(None), hosts.c.lease_until <= now)
    query = select(hosts.c.name).where(hosts.c.name.in_(select(pages.c.host).where(of)), free)
    return list(connection.execute(query.order_by(hosts.c.name).with_for_update()).scalars())


def remove_watch(connection: Connection, watch_id: int, *, now: datetime) -> None:
    """End and delete a watch with its hits. The articles stay. Raises NotFound."""
    end_watch(connection, watch_id, now=now)
    connection.execute(delete(watches).where(watches.c.id == watch_id))
    delete_unused_searches(connection, now=now)


def delete_unused_searches(connection: Connection, *, now: datetime) -> None:
    """Delete search feeds without a watch, a day after they stopped, when no poll of them can be running."""
    unused = ~exists().where(watch_sources.c.source_id == sources.c.id)
    stopped = and_(~sources.c.enabled, sources.c.next_poll <= now)
    connection.execute(delete(sources).where(sources.c.kind == "search", stopped, unused))
