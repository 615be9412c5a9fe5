"""How much a store holds, how fast it grows, and what waits in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, text

from onestory.store.frontier.hosts import database_time
from onestory.store.schema import articles, events, matches, pages, search_due, stories, versions, webhook_messages
from onestory.store.settings import LAST_BACKUP, read_setting
from onestory.times import parse_iso_time

__all__ = ["RECENT_DAYS", "StoreSizes", "recent_days", "store_sizes"]

RECENT_DAYS = 7
COUNTED = (stories, articles, versions, matches, pages, events)


@dataclass(frozen=True, slots=True)
class StoreSizes:
    """`rows` by table; `size` of the database in bytes; `articles_a_day` fetched in the last week, or since the first.

    `waiting` has the lengths of the queues: articles to attach and to index for search, due pages, webhook messages.
    """

    rows: Mapping[str, int]
    size: int
    articles_a_day: float
    waiting: Mapping[str, int]
    last_backup: datetime | None

    @property
    def growth(self) -> float:
        """Bytes a day: each new article needs as much as those stored need on average."""
        return self.size / max(self.rows["articles"], 1) * self.articles_a_day


def store_sizes(connection: Connection) -> StoreSizes:
    """Count the rows of the large tables, which takes a second for a million articles."""
    now = database_time(connection)
    backup = read_setting(connection, LAST_BACKUP)
    return StoreSizes(
        rows={str(table.name): _count(connection, select(func.count()).select_from(table)) for table in COUNTED},
        size=_size(connection),
        articles_a_day=_articles_a_day(connection, now),
        waiting={
            "articles": _count(connection, select(func.count()).where(versions.c.attached.is_(None))),
            "search": _count(connection, select(func.count()).select_from(search_due)),
            "pages": _count(connection, select(func.count()).where(pages.c.state == "due", pages.c.due <= now)),
            "webhooks": _count(connection, select(func.count()).where(webhook_messages.c.due.is_not(None))),
        },
        last_backup=None if backup is None else parse_iso_time(backup),
    )


def recent_days(first: datetime, now: datetime) -> float:
    """The days that a sum over the last week covers, if the first entry is younger than that. At least one."""
    return min(max((now - first) / timedelta(days=1), 1.0), float(RECENT_DAYS))


def _count(connection: Connection, query: object) -> int:
    return int(connection.execute(query).scalar_one())  # type: ignore[call-overload]


def _size(connection: Connection) -> int:
    if connection.dialect.name == "sqlite":
        return _count(connection, text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"))
    return _count(connection, text("SELECT pg_database_size(current_database())"))


def _articles_a_day(connection: Connection, now: datetime) -> float:
    """Only fetched articles: an import does not go on."""
    seen = articles.c.first_seen
    fetched = select(func.min(seen), func.count().filter(seen > now - timedelta(days=RECENT_DAYS)))
    first, recent = connection.execute(fetched.where(articles.c.is_observed)).one()
    return 0.0 if first is None else recent / recent_days(first, now)
