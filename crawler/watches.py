"""Watches in a crawl: which entries go first, whose links are followed, and which pages belong to a watch.

All functions run inside the transactions that record polls and pages.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from onestory.pipelines.watches.matching import active_watch_phrases
from onestory.pipelines.watches.phrase_matching import matching_watches
from onestory.store.frontier.pages import PageEntry, add_pages
from onestory.store.watches.hits import WatchHit, emit_watch_events, record_watch_hits, watches_of_article
from onestory.store.watches.watch_pages import (
    WatchedUrl,
    add_watch_pages,
    copy_watches_to_target,
    count_watch_links,
    is_watched_only,
    known_pages,
    watches_of_page,
    watches_of_source,
)
from onestory.store.watches.watches import end_expired_watches, has_active_watch

__all__ = ["MAX_LINKS_OF_COPY", "WatchedEntries", "follow_links", "record_arrival", "record_redirect", "sort_entries"]

# A search feed lists more than should be fetched at once.
MAX_SEARCHED = 50
MAX_LINKS_OF_COPY = 10
MAX_LINKS_OF_WATCH = 300


@dataclass(frozen=True, slots=True)
class WatchedEntries:
    """The entries that become pages, watched ones first. Add the pages, then call `bind`."""

    entries: tuple[PageEntry, ...]
    bounds: tuple[WatchedUrl, ...] = ()

    def bind(self, connection: Connection, *, now: datetime) -> None:
        """Bind watches to pages, including known ones that still wait: an entry's title may have changed."""
        add_watch_pages(connection, self.bounds, now=now)


def sort_entries(
    connection: Connection, source_id: int, kind: str, entries: Sequence[PageEntry], *, now: datetime
) -> WatchedEntries:
    """Sort the entries of a poll by what watches want. A source with `watched_only` keeps nothing else."""
    end_expired_watches(connection, now=now)
    if kind == "search":
        return _searched(watches_of_source(connection, source_id, now=now), entries)
    wanted = active_watch_phrases(connection, now=now)
    bounds = tuple(
        WatchedUrl(watch_id, entry.url, "entry")
        for entry in (entries if wanted else ())
        for watch_id in matching_watches(wanted, (entry.title, entry.summary))
    )
    first = {bound.url for bound in bounds}
    kept = [entry for entry in entries if entry.url in first]
    if not is_watched_only(connection, source_id):
        kept += [entry for entry in entries if entry.url not in first]
    return WatchedEntries(tuple(kept), bounds)


def _searched(watches: Collection[int], entries: Sequence[PageEntry]) -> WatchedEntries:
    """Entries of a search feed belong to its active watches."""
    kept = tuple(entries[:MAX_SEARCHED]) if watches else ()
    return WatchedEntries(kept, tuple(WatchedUrl(one, entry.url, "search") for entry in kept for one in watches))


def record_arrival(connection: Connection, page_id: int, article_id: str | None, *, now: datetime) -> list[int]:
    """Record that a page has become an article, and return the watches that want its links.

    None want the links of a page that was itself found by a link."""
    if article_id is None or not has_active_watch(connection, now=now):
        return []
    bonds = watches_of_page(connection, page_id, now=now)
    seeds = [WatchHit(watch_id, article_id, "seed") for watch_id, how in bonds.items() if how == "seed"]
    if seeds:
        record_watch_hits(connection, seeds, now=now)
        emit_watch_events(connection, now=now)
    if "link" in bonds.values():
        return []
    return watches_of_article(connection, article_id, now=now)


def follow_links(
    connection: Connection,
    links: Sequence[str],
    *,
    watches: Collection[int],
    found_in: str,
    attempts: int,
    now: datetime,
) -> int:
    """Add pages for the unknown links; return how many. `attempts` leaves each page a single try."""
    known = known_pages(connection, links)
    new = [link for link in links if link not in known]
    found = 0
    for watch_id in watches:
        room = min(
            MAX_LINKS_OF_COPY - count_watch_links(connection, watch_id, found_in=found_in),
            MAX_LINKS_OF_WATCH - count_watch_links(connection, watch_id),
        )
        taken = new[: max(room, 0)]
        found += add_pages(connection, [PageEntry(link) for link in taken], source_id=None, now=now, attempts=attempts)
        add_watch_pages(connection, [WatchedUrl(watch_id, link, "link", found_in) for link in taken], now=now)
    return found


def record_redirect(connection: Connection, page_id: int, url: str, *, now: datetime) -> None:
    """Transfer a page's watches to the target of its redirect, even if the target was read before."""
    if not has_active_watch(connection, now=now):
        return
    copy_watches_to_target(connection, page_id, url, now=now)
    target = known_pages(connection, [url]).get(url)
    if target is not None and target.article_id is not None:
        record_arrival(connection, target.id, target.article_id, now=now)
