"""Metrics of the store: sizes, and how far behind the crawl is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, case, func, select

from onestory.store.frontier.hosts import database_time
from onestory.store.frontier.pages import count_pages_by_state
from onestory.store.schema import articles, hosts, pages, sources, stories, versions
from onestory.store.sources.coverage import count_open_gaps

__all__ = ["StoreMetrics", "store_metrics"]


@dataclass(frozen=True, slots=True)
class StoreMetrics:
    """`articles_waiting` are stored and not yet attached; `sources_unseen` failed when last polled.

    Only enabled sources count. A host is leased, resting (not to be fetched from yet, for a reason) or free.
    """

    stories: int
    articles: int
    articles_waiting: int
    sources: Mapping[str, int]
    sources_alarmed: Mapping[str, int]
    sources_unseen: int
    source_overdue_seconds: float
    pages: Mapping[str, int]
    page_overdue_seconds: float
    hosts: Mapping[str, int]


def store_metrics(connection: Connection) -> StoreMetrics:
    now = database_time(connection)
    on = sources.c.enabled
    by_word = select(sources.c.status, func.count(), func.count(sources.c.alarmed)).where(on).group_by(sources.c.status)
    words = [tuple(row) for row in connection.execute(by_word)]
    first_poll = select(func.min(sources.c.next_poll)).where(on)
    first_page = select(func.min(pages.c.due)).where(pages.c.state == "due")
    return StoreMetrics(
        stories=connection.execute(select(func.count()).where(stories.c.absorbed_into.is_(None))).scalar_one(),
        articles=connection.execute(select(func.count(articles.c.id))).scalar_one(),
        articles_waiting=connection.execute(select(func.count()).where(versions.c.attached.is_(None))).scalar_one(),
        sources={word: number for word, number, _ in words},
        sources_alarmed={word: alarms for word, _, alarms in words if alarms},
        sources_unseen=count_open_gaps(connection),
        source_overdue_seconds=_late(connection.execute(first_poll).scalar_one(), now),
        pages=count_pages_by_state(connection),
        page_overdue_seconds=_late(connection.execute(first_page).scalar_one(), now),
        hosts=_hosts(connection, now),
    )


def _late(first: datetime | None, now: datetime) -> float:
    return max((now - first).total_seconds(), 0.0) if first else 0.0


def _hosts(connection: Connection, now: datetime) -> dict[str, int]:
    is_resting = and_(hosts.c.next_fetch > now, hosts.c.why.is_not(None))
    state = case((hosts.c.lease_until > now, "leased"), (is_resting, "resting"), else_="free").label("state")
    return {row[0]: row[1] for row in connection.execute(select(state, func.count()).group_by(state))}
