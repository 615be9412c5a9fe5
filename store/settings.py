"""Single values by key that outlive a process."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, select

from onestory.errors import BadInput
from onestory.store.queries import dialect_insert
from onestory.store.schema import settings

__all__ = [
    "ALERTS_SENT",
    "BOILERPLATE_APPLIED",
    "BOILERPLATE_COUNTED",
    "BOILERPLATE_LEARNED",
    "BULK_IMPORT",
    "COPIED_FROM",
    "COPY_PROGRESS",
    "DIGESTS_SENT",
    "EVENTS_DELETED",
    "INDEX_GENERATION",
    "LAST_AUDIT",
    "LAST_BACKUP",
    "MAX_RETENTION_DAYS",
    "NEWS_EVENTS_WRITER",
    "OPTIONAL_RETENTION",
    "SEARCH_LANGUAGES",
    "SOURCES_FAILING",
    "WEBHOOK_SENDER",
    "Retention",
    "delete_setting",
    "read_retention",
    "read_setting",
    "write_retention",
    "write_setting",
]

INDEX_GENERATION = "index_generation"
EVENTS_DELETED = "events_forgotten"  # the highest number deleted because of its age
BOILERPLATE_LEARNED = "furniture_learned"  # the start of the latest run
BOILERPLATE_COUNTED = "boilerplate_counted"  # the newest version that was counted
BOILERPLATE_APPLIED = "furniture_applied"  # the start of the latest complete run
BULK_IMPORT = "bulk_import"  # the result of a batch that the store was made of, and how far its import is
SOURCES_FAILING = "sources_failing"  # since when most sources fail; empty while they do not

# The process that grouped last. Another one reads again what it keeps in memory.
NEWS_EVENTS_WRITER = "news_events_writer"
SEARCH_LANGUAGES = "search_languages"  # of indexed articles, as codes separated by spaces
ALERTS_SENT = "alerts_sent"  # by cause, when its last alert was sent
DIGESTS_SENT = "digests_sent"  # by address, the day of its last digest
COPIED_FROM = "copied_from"  # in a store that was made by a copy: from where
COPY_PROGRESS = "copy_progress"  # in a store that is being copied into: from where, and how far each table is
LAST_AUDIT = "last_audit"  # when the latest audit ended and what it found, as JSON
LAST_BACKUP = "last_backup"  # when the latest complete backup began, in ISO 8601
WEBHOOK_SENDER = "webhook_sender"  # the process that sends, and until when


def read_setting(connection: Connection, key: str) -> str | None:
    return connection.execute(select(settings.c.value).where(settings.c.key == key)).scalar_one_or_none()


def delete_setting(connection: Connection, key: str) -> None:
    connection.execute(delete(settings).where(settings.c.key == key))


def write_setting(connection: Connection, key: str, value: str) -> None:
    statement = dialect_insert(connection, settings).values(key=key, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


MAX_RETENTION_DAYS = 3_650
# Kept for good unless a number of days is set.
OPTIONAL_RETENTION = ("earlier_texts_days", "warcs_days")


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days these are kept: events with their messages, removed lines, texts of earlier versions, WARC files,
    and pages that are never visited again.

    None keeps them for good.
    """

    events_days: int = 30
    removed_lines_days: int = 30
    earlier_texts_days: int | None = None
    warcs_days: int | None = None
    pages_days: int = 365

    def check(self) -> None:
        """Raise BadInput for a number of days that cannot be."""
        for name, days in asdict(self).items():
            if days is None and name in OPTIONAL_RETENTION:
                continue
            if days is None or not 1 <= days <= MAX_RETENTION_DAYS:
                raise BadInput(f"{name.replace('_', ' ')}: choose 1 to {MAX_RETENTION_DAYS:,}, not {days}")


def read_retention(connection: Connection) -> Retention:
    """The retention that was set, else the default."""
    found = {name: read_setting(connection, f"retention_{name}") for name in Retention.__slots__}
    return Retention(**{name: int(value) for name, value in found.items() if value is not None})


def write_retention(connection: Connection, retention: Retention) -> None:
    """Raises BadInput for a number of days that cannot be."""
    retention.check()
    for name, days in asdict(retention).items():
        if days is None:
            delete_setting(connection, f"retention_{name}")
        else:
            write_setting(connection, f"retention_{name}", str(days))
