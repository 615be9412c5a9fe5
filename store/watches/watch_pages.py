"""Pages and sources of watches: their priority, and how they were found."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from onestory.store.frontier.hosts import add_hosts, authority_of
from onestory.store.frontier.pages import PRIORITIES, DiscoveryMethod
from onestory.store.queries import chunks, insert_new, rows_in
from onestory.store.schema import pages, sources, watch_pages, watch_sources, watches
from onestory.store.watches.watches import is_watch_active

__all__ = [
    "KnownPage",
    "SearchFeed",
    "UnfetchedPage",
    "WatchedUrl",
    "add_search_feeds",
    "add_watch_pages",
    "copy_watches_to_target",
    "count_watch_links",
    "is_watched_only",
    "known_pages",
    "reset_watched_sources",
    "set_watched_only",
    "unfetched_pages",
    "watches_of_page",
    "watches_of_source",
]


# Limits for searches, which are expensive for the server and return pages of many outlets.
SEARCH_INTERVAL_SECONDS = 1_800
SEARCH_DAILY_PAGES = 500


@dataclass(frozen=True, slots=True)
class WatchedUrl:
    """A URL that a watch wants. `found_in` is the article that contains the link."""

    watch_id: int
    url: str
    how: DiscoveryMethod
    found_in: str | None = None


@dataclass(frozen=True, slots=True)
class SearchFeed:
    """A search feed made for one phrase. `name` is that of its template."""

    url: str
    name: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class KnownPage:
    """An existing page and its article."""

    id: int
    article_id: str | None


@dataclass(frozen=True, slots=True)
class UnfetchedPage:
    """A page not fetched yet, with the claims of its source."""

    id: int
    url: str
    title: str | None
    summary: str | None


def add_watch_pages(connection: Connection, bounds: Iterable[WatchedUrl], *, now: datetime) -> int:
    """Link existing pages of these URLs to watches, and raise their priority. Returns the number of new links."""
    wanted = list(bounds)
    found = {url: page.id for url, page in known_pages(connection, {bound.url for bound in wanted}).items()}
    rows = [
        {
            "watch_id": bound.watch_id,
            "page_id": found[bound.url],
            "how": bound.how,
            "found_in": bound.found_in,
            "at": now,
        }
        for bound in wanted
        if bound.url in found
    ]
    added = 0
    for how, priority in PRIORITIES.items():
        here = [row for row in rows if row["how"] == how]
        _raise(connection, {found[bound.url] for bound in wanted if bound.how == how and bound.url in found}, priority)
        added += sum(
            len(insert_new(connection, watch_pages, part, returning=watch_pages.c.page_id))
            for part in chunks(sorted(here, key=_key))
        )
    return added


def _key(row: Mapping[str, object]) -> tuple[int, int]:
    return int(str(row["watch_id"])), int(str(row["page_id"]))


def known_pages(connection: Connection, urls: Iterable[str]) -> dict[str, KnownPage]:
    """Those of these URLs that are pages."""
    return {
        row.url: KnownPage(row.id, row.article_id)
        for row in rows_in(
            connection, select(pages.c.id, pages.c.url, pages.c.article_id), pages.c.url, sorted(set(urls))
        )
    }


def _raise(connection: Connection, ids: Collection[int], priority: int) -> None:
    for part in chunks(sorted(ids)):
        later = update(pages).where(pages.c.id.in_(part), pages.c.priority > priority)
        connection.execute(later.values(priority=priority))


def copy_watches_to_target(connection: Connection, page_id: int, url: str, *, now: datetime) -> None:
    """Link the target of a redirect to the watches of the page."""
    bonds = select(watch_pages.c.watch_id, watch_pages.c.how, watch_pages.c.found_in)
    rows = connection.execute(bonds.where(watch_pages.c.page_id == page_id))
    add_watch_pages(connection, [WatchedUrl(row.watch_id, url, row.how, row.found_in) for row in rows], now=now)


def watches_of_page(connection: Connection, page_id: int, *, now: datetime) -> dict[int, DiscoveryMethod]:
    """The active watches that want this page, and how it was found for each."""
    query = select(watch_pages.c.watch_id, watch_pages.c.how).join(watches, watches.c.id == watch_pages.c.watch_id)
    return {
        row.watch_id: row.how
        for row in connection.execute(query.where(watch_pages.c.page_id == page_id, is_watch_active(now)))
    }


def count_watch_links(connection: Connection, watch_id: int, *, found_in: str | None = None) -> int:
    """The number of links followed for a watch, optionally those in one article."""
    query = select(func.count()).where(watch_pages.c.watch_id == watch_id, watch_pages.c.how == "link")
    if found_in is not None:
        query = query.where(watch_pages.c.found_in == found_in)
    return connection.execute(query).scalar_one()


def unfetched_pages(connection: Connection, *, after: int, limit: int) -> list[UnfetchedPage]:
    """The next pages after an id that were not fetched yet."""
    query = select(pages.c.id, pages.c.url, pages.c.title, pages.c.summary)
    query = query.where(pages.c.state == "due", pages.c.id > after).order_by(pages.c.id).limit(limit)
    return [UnfetchedPage(*row) for row in connection.execute(query)]


def add_search_feeds(connection: Connection, watch_id: int, entries: Sequence[SearchFeed], *, now: datetime) -> int:
    """Poll search feeds while the watch is active, and return how many. Feeds of other watches are shared."""
    if not entries:
        return 0
    rows = [_source_row(entry, now=now) for entry in sorted({one.url: one for one in entries}.values(), key=_url)]
    insert_new(connection, sources, rows)
    add_hosts(connection, {str(row["host"]) for row in rows}, now=now)
    ours = select(sources.c.id).where(sources.c.url.in_([entry.url for entry in entries]), sources.c.kind == "search")
    ids = connection.execute(ours.order_by(sources.c.id)).scalars().all()
    if ids:
        insert_new(connection, watch_sources, [{"watch_id": watch_id, "source_id": one} for one in ids])
        again = update(sources).where(sources.c.id.in_(ids), ~sources.c.enabled)
        connection.execute(again.values(enabled=True, next_poll=now, why=None, body_digest=None, etag=None))
    return len(ids)


def _url(entry: SearchFeed) -> str:
    return entry.url


def _source_row(entry: SearchFeed, *, now: datetime) -> dict[str, object]:
    return {
        "url": entry.url,
        "outlet": entry.name,
        "kind": "search",
        "host": authority_of(entry.url),
        "language": entry.language,
        "interval_seconds": SEARCH_INTERVAL_SECONDS,
        "min_seconds": SEARCH_INTERVAL_SECONDS,
        "daily_pages": SEARCH_DAILY_PAGES,
        "next_poll": now,
        "status_since": now,
    }


def watches_of_source(connection: Connection, source_id: int, *, now: datetime) -> list[int]:
    """The active watches that this search feed is polled for."""
    query = select(watch_sources.c.watch_id).join(watches, watches.c.id == watch_sources.c.watch_id)
    query = query.where(watch_sources.c.source_id == source_id, is_watch_active(now))
    return list(connection.execute(query.order_by(watch_sources.c.watch_id)).scalars())


def is_watched_only(connection: Connection, source_id: int) -> bool:
    """Whether only pages that a watch wants are fetched from this source."""
    return bool(
        connection.execute(select(sources.c.watched_only).where(sources.c.id == source_id)).scalar_one_or_none()
    )


def set_watched_only(connection: Connection, source_ids: Collection[int], *, only: bool) -> None:
    """Set whether only pages that a watch wants are fetched from these sources. Rereads their listings."""
    changed = update(sources).where(sources.c.id.in_(source_ids), sources.c.watched_only != only)
    connection.execute(changed.values(watched_only=only, body_digest=None, etag=None, last_modified=None))


def reset_watched_sources(connection: Connection) -> None:
    """Have the next polls of watched-only sources read their whole listing: a new watch may want earlier entries."""
    reset = update(sources).where(sources.c.watched_only)
    connection.execute(reset.values(body_digest=None, etag=None, last_modified=None))
