"""Who sends the messages of webhooks: one process a store, by a lease on the database's own clock."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from store.hosts import database_time
from store.schema import settings
from store.settings import WEBHOOK_SENDER, write_setting

__all__ = ["hold_sending", "release_sending"]


def hold_sending(connection: Connection, holder: str, *, seconds: float) -> bool:
    """Takes the lease, or renews it, for so long; False while somebody else has it."""
    now = database_time(connection)
    held, until = _held(connection)
    if held not in ("", holder) and until is not None and until > now:
        return False
    write_setting(connection, WEBHOOK_SENDER, f"{holder} {(now + timedelta(seconds=seconds)).isoformat()}")
    return True


def release_sending(connection: Connection, holder: str) -> None:
    """Lets it go at once; nothing happens when it was lost already."""
    if _held(connection)[0] == holder:
        connection.execute(delete(settings).where(settings.c.key == WEBHOOK_SENDER))


def _held(connection: Connection) -> tuple[str, datetime | None]:
    """Locked until the transaction ends: of two who ask at once the second sees what the first wrote."""
    add = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(add(settings).values(key=WEBHOOK_SENDER, value="").on_conflict_do_nothing())
    query = select(settings.c.value).where(settings.c.key == WEBHOOK_SENDER).with_for_update()
    holder, _, until = connection.execute(query).scalar_one().partition(" ")
    return holder, datetime.fromisoformat(until) if until else None
