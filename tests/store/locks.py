"""Locks of PostgreSQL, as other transactions wait for them."""

from sqlalchemy import Connection, text

__all__ = ["lock_waiters"]

WAITERS = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def lock_waiters(connection: Connection) -> int:
    """How many transactions of this database wait for an advisory lock."""
    return int(connection.execute(text(WAITERS)).scalar_one())
