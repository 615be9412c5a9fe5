"""Single values by key that outlive a process."""

from sqlalchemy import Connection, delete, select

from onestory.store.queries import dialect_insert
from onestory.store.schema import settings

__all__ = [
    "BOILERPLATE_APPLIED",
    "BOILERPLATE_COUNTED",
    "BOILERPLATE_LEARNED",
    "EVENTS_DELETED",
    "INDEX_GENERATION",
    "SOURCES_FAILING",
    "WEBHOOK_SENDER",
    "delete_setting",
    "read_setting",
    "write_setting",
]

INDEX_GENERATION = "index_generation"
EVENTS_DELETED = "events_forgotten"  # the highest number deleted because of its age
BOILERPLATE_LEARNED = "furniture_learned"  # the start of the latest run
BOILERPLATE_COUNTED = "boilerplate_counted"  # the newest version that was counted
BOILERPLATE_APPLIED = "furniture_applied"  # the start of the latest complete run
SOURCES_FAILING = "sources_failing"  # since when most sources fail; empty while they do not

WEBHOOK_SENDER = "webhook_sender"  # the process that sends, and until when


def read_setting(connection: Connection, key: str) -> str | None:
    return connection.execute(select(settings.c.value).where(settings.c.key == key)).scalar_one_or_none()


def delete_setting(connection: Connection, key: str) -> None:
    connection.execute(delete(settings).where(settings.c.key == key))


def write_setting(connection: Connection, key: str, value: str) -> None:
    statement = dialect_insert(connection, settings).values(key=key, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
