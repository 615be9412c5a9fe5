"""What watches ask of a crawl: which entries go first, whose links are followed, and what a page has to do with them.

Everything here runs inside of the desk's transactions, in which polls and pages are recorded.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipelines.wanted import watched_in
from pipelines.watching import wanted_now
from store.frontier import Entry, add_pages
from store.gathered import Gathered, gather, tell_matches, watches_of_article
from store.watch_pages import (
    Bound,
    bind_pages,
    bonds_of,
    is_watched_only,
    known_pages,
    links_kept,
    pass_on,
    watches_of_source,
)
from store.watches import any_active, end_expired

__all__ = ["MAX_LINKS_OF_COPY", "Sifted", "arrived", "follow", "redirected", "sift"]

# One answer of a search gives more than anybody wants fetched at once.
MAX_SEARCHED = 50
MAX_LINKS_OF_COPY = 10
MAX_LINKS_OF_WATCH = 300


@dataclass(frozen=True, slots=True)
class Sifted:
    """The entries that are to become pages, what a watch wants first; `keep` them, then `bind` what watches want."""

    entries: tuple[Entry, ...]
    bounds: tuple[Bound, ...] = ()

    def bind(self, connection: Connection, *, now: datetime) -> None:
        """Also pages that are known and still wait: an entry may have changed its title since."""
        bind_pages(connection, self.bounds, now=now)


def sift(connection: Connection, source_id: int, kind: str, entries: Sequence[Entry], *, now: datetime) -> Sifted:
    """What watches make of a poll. Of a source for watched matters nothing else is kept."""
    end_expired(connection, now=now)
    if kind == "search":
        return _searched(watches_of_source(connection, source_id, now=now), entries)
    wanted = wanted_now(connection, now=now)
    bounds = tuple(
        Bound(watch_id, entry.url, "entry")
        for entry in (entries if wanted else ())
        for watch_id in watched_in(wanted, (entry.title, entry.summary))
    )
    first = {bound.url for bound in bounds}
    kept = [entry for entry in entries if entry.url in first]
    if not is_watched_only(connection, source_id):
        kept += [entry for entry in entries if entry.url not in first]
    return Sifted(tuple(kept), bounds)


def _searched(watches: Collection[int], entries: Sequence[Entry]) -> Sifted:
    """The search says that they are wanted. Once its watches are over nobody wants them."""
    kept = tuple(entries[:MAX_SEARCHED]) if watches else ()
    return Sifted(kept, tuple(Bound(one, entry.url, "search") for entry in kept for one in watches))


def arrived(connection: Connection, page_id: int, article_id: str | None, *, now: datetime) -> list[int]:
    """A page has become an article: gathers it where it was a seed. The watches that want its links, as it is a copy
    of theirs; none for a page that was itself found by a link."""
    if article_id is None or not any_active(connection, now=now):
        return []
    bonds = bonds_of(connection, page_id, now=now)
    seeds = [Gathered(watch_id, article_id, "seed") for watch_id, how in bonds.items() if how == "seed"]
    if seeds:
        gather(connection, seeds, now=now)
        tell_matches(connection, now=now)
    if "link" in bonds.values():
        return []
    return watches_of_article(connection, article_id, now=now)


def follow(
    connection: Connection,
    links: Sequence[str],
    *,
    watches: Collection[int],
    found_in: str,
    attempts: int,
    now: datetime,
) -> int:
    """Pages of those links that nobody knew; how many. `attempts` is what leaves a page a single try."""
    known = known_pages(connection, links)
    new = [link for link in links if link not in known]
    found = 0
    for watch_id in watches:
        room = min(
            MAX_LINKS_OF_COPY - links_kept(connection, watch_id, found_in=found_in),
            MAX_LINKS_OF_WATCH - links_kept(connection, watch_id),
        )
        taken = new[: max(room, 0)]
        found += add_pages(connection, [Entry(link) for link in taken], source_id=None, now=now, attempts=attempts)
        bind_pages(connection, [Bound(watch_id, link, "link", found_in) for link in taken], now=now)
    return found


def redirected(connection: Connection, page_id: int, url: str, *, now: datetime) -> None:
    """A page leads elsewhere: what was wanted of it is wanted there, also where that was read long ago."""
    if not any_active(connection, now=now):
        return
    pass_on(connection, page_id, url, now=now)
    target = known_pages(connection, [url]).get(url)
    if target is not None and target.article_id is not None:
        arrived(connection, target.id, target.article_id, now=now)
