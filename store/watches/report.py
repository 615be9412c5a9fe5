"""The report of a watch: seeds, search feeds, pages queued, and stories found."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from onestory.store.schema import pages, sources, watch_pages, watch_sources
from onestory.store.watches.hits import WatchStory, count_watch_stories, stories_of_watch
from onestory.store.watches.watches import WatchRecord, load_watch

__all__ = ["SeedPage", "WatchReport", "WatchSearch", "watch_report"]


@dataclass(frozen=True, slots=True)
class SeedPage:
    """A URL that the watch began with. `state` is its page's, `due` until it is fetched."""

    url: str
    state: str
    reason: str | None
    article_id: str | None


@dataclass(frozen=True, slots=True)
class WatchSearch:
    """A search feed with the state of its source. `pages_found` counts for all watches that share it."""

    source_id: int
    name: str
    url: str
    status: str
    why: str | None
    last_poll: datetime | None
    pages_found: int


@dataclass(frozen=True, slots=True)
class WatchReport:
    """The state of a watch. `stories` are the newest of `story_count`, with `copy_count` copies in all. `found` counts
    its pages by how they were found (entry, search, link); `waiting` counts those of them, and seeds, that are still
    due.
    """

    watch: WatchRecord
    story_count: int
    copy_count: int
    waiting: int
    found: dict[str, int]
    seeds: tuple[SeedPage, ...]
    searches: tuple[WatchSearch, ...]
    stories: tuple[WatchStory, ...]


def watch_report(connection: Connection, watch_id: int, *, limit: int) -> WatchReport:
    """The report of a watch with its newest stories. Raises NotFound."""
    record = load_watch(connection, watch_id)
    story_count, copy_count = count_watch_stories(connection, watch_id)
    return WatchReport(
        record,
        story_count,
        copy_count,
        _waiting(connection, watch_id),
        _found(connection, watch_id),
        _seeds(connection, watch_id),
        _searches(connection, watch_id),
        tuple(stories_of_watch(connection, watch_id, limit=limit)),
    )


def _waiting(connection: Connection, watch_id: int) -> int:
    query = select(func.count()).select_from(watch_pages.join(pages, pages.c.id == watch_pages.c.page_id))
    query = query.where(watch_pages.c.watch_id == watch_id, pages.c.state == "due")
    return connection.execute(query).scalar_one()


def _found(connection: Connection, watch_id: int) -> dict[str, int]:
    query = select(watch_pages.c.how, func.count()).where(
        watch_pages.c.watch_id == watch_id, watch_pages.c.how != "seed"
    )
    rows = connection.execute(query.group_by(watch_pages.c.how)).all()
    return {"entry": 0, "search": 0, "link": 0} | {row[0]: row[1] for row in rows}


def _seeds(connection: Connection, watch_id: int) -> tuple[SeedPage, ...]:
    query = select(pages.c.url, pages.c.state, pages.c.reason, pages.c.article_id)
    query = query.join(watch_pages, watch_pages.c.page_id == pages.c.id)
    query = query.where(watch_pages.c.watch_id == watch_id, watch_pages.c.how == "seed").order_by(pages.c.id)
    return tuple(SeedPage(*row) for row in connection.execute(query))


def _searches(connection: Connection, watch_id: int) -> tuple[WatchSearch, ...]:
    columns = (sources.c.id, sources.c.outlet, sources.c.url, sources.c.status, sources.c.why)
    query = select(*columns, sources.c.last_poll, sources.c.pages_found)
    query = query.join(watch_sources, watch_sources.c.source_id == sources.c.id)
    return tuple(
        WatchSearch(*row)
        for row in connection.execute(query.where(watch_sources.c.watch_id == watch_id).order_by(sources.c.id))
    )
