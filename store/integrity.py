"""Checks of a store as it is: whether it can be read whole, and what its times and leases say."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, func, select, text

from onestory.errors import HomeUnusable
from onestory.store.database_errors import translate_errors
from onestory.store.frontier.hosts import database_time
from onestory.store.schema import events, hosts, metadata, sources, versions

__all__ = ["attached_ahead_of", "damage_of", "future_time", "leases_beyond", "probe_tables", "unreadable_tables"]

MAX_MESSAGES = 5
ROWS_AT_ONCE = 500


def damage_of(connection: Connection) -> list[str]:
    """What SQLite finds wrong with its file, at most MAX_MESSAGES lines. PostgreSQL checks its pages as it reads."""
    if connection.dialect.name != "sqlite":
        return []
    found = connection.execute(text(f"PRAGMA integrity_check({MAX_MESSAGES})")).scalars().all()
    broken = [str(line) for line in found if line != "ok"]
    links = connection.execute(text("PRAGMA foreign_key_check")).all()
    return (
        broken
        + [f"{table} row {row} refers to a missing row of {other}" for table, row, other, _ in links][:MAX_MESSAGES]
    )


def probe_tables(connection: Connection) -> None:
    """Read a row of each table, at little cost. Raises HomeUnusable if one is missing or its beginning is damaged."""
    with translate_errors():
        for table in metadata.sorted_tables:
            connection.execute(table.select().limit(1)).first()


def unreadable_tables(connection: Connection) -> list[str]:
    """The tables with a text, time or structured value that cannot be decoded. Reads every row."""
    return [table.name for table in metadata.sorted_tables if not _is_readable(connection, table)]


def _is_readable(connection: Connection, table: Table) -> bool:
    try:
        with translate_errors():
            for rows in connection.execute(table.select()).yield_per(ROWS_AT_ONCE).partitions():
                del rows
    except HomeUnusable:
        return False
    return True


def future_time(connection: Connection, *, margin: timedelta) -> datetime | None:
    """The latest time that was recorded, if it is later than the database clock by more than the margin."""
    latest = [
        connection.execute(select(func.max(column))).scalar_one() for column in (events.c.at, sources.c.last_poll)
    ]
    times = [time for time in latest if time is not None and time > database_time(connection) + margin]
    return max(times, default=None)


def leases_beyond(connection: Connection, *, longest: timedelta) -> list[str]:
    """The hosts that are leased for longer than any crawler leases them: the clock was ahead when that was written."""
    until = database_time(connection) + longest
    return list(connection.scalars(select(hosts.c.name).where(hosts.c.lease_until > until).order_by(hosts.c.name)))


def attached_ahead_of(connection: Connection, sequence: int) -> int:
    """The number of versions that the index has taken according to the store, and not according to the index."""
    return connection.execute(select(func.count()).where(versions.c.attached > sequence)).scalar_one()
