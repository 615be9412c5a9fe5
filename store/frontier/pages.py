"""Pages and their states: what is known, what is due, what became of it.

A page is `due` until it is `done` (its capture was stored, known or dropped), `moved` (it redirects: the target is a
page of its own), `barred` (robots.txt), `refused` (an address we do not fetch), `gone` or `failed`. A crash changes
nothing, so what was under way is still due.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from sqlalchemy import Connection, Update, bindparam, case, func, select, update

from onestory.store.frontier.hosts import add_hosts, authority_of
from onestory.store.frontier.scope import CrawlScope, due_pages_where, has_due_work
from onestory.store.queries import chunks, existing_values, insert_new
from onestory.store.schema import hosts, pages, sources
from onestory.store.tombstones import without_tombstones

__all__ = [
    "PRIORITIES",
    "SOURCE_COLUMNS",
    "AdmittedPages",
    "DiscoveryMethod",
    "DuePage",
    "PageEntry",
    "PageFetchResult",
    "abandon_due_pages",
    "add_pages",
    "admit_pages",
    "count_pages_by_state",
    "due_pages",
    "has_pending_work",
    "record_page_fetch",
    "reopen_pages",
]


DiscoveryMethod = Literal["seed", "entry", "search", "link"]


# Of a host's due pages the lowest goes first; 5 is what no watch wants.
PRIORITIES: Mapping[DiscoveryMethod, int] = {"seed": 1, "entry": 2, "search": 3, "link": 4}


def reopen_pages(connection: Connection, urls: Collection[str], *, now: datetime) -> None:
    """Pages that brought no article, or were given up, are due again: an editor asks for them."""
    for part in chunks(sorted(urls)):
        ended = update(pages).where(pages.c.url.in_(part), pages.c.state != "due", pages.c.article_id.is_(None))
        connection.execute(ended.values(state="due", due=now, attempts=0, hops=0))
        waiting = update(pages).where(pages.c.url.in_(part), pages.c.state == "due", pages.c.due > now)
        connection.execute(waiting.values(due=now))


INSERT_ROWS = 200

# Columns of a page that every result sets.
RESULT_COLUMNS = (
    "state", "due", "attempts", "http_status", "reason", "robots", "location", "etag", "last_modified", "body_digest",
    "article_id",
)  # fmt: skip

# What a search finds is of many outlets, and what was searched for is the editor's own affair.
IS_SEARCH = sources.c.kind == "search"

SOURCE_COLUMNS = (
    case((IS_SEARCH, "search"), else_=sources.c.url).label("source"),
    case((IS_SEARCH, None), else_=sources.c.outlet).label("outlet"),
)


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A URL found in a source, in its normal form, with what the source claims of it.

    `summary` is plain text: watches look for their words in it until the page is read.
    """

    url: str
    title: str | None = None
    published: str | None = None
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page to be fetched, with the claims of the source that it was found in."""

    id: int
    url: str
    attempts: int
    hops: int
    title: str | None
    published: str | None
    source: str | None
    outlet: str | None
    source_id: int | None


@dataclass(frozen=True, slots=True)
class PageFetchResult:
    """What became of one fetch. `due` is set when it is to be tried again.

    `changed` is set where it brought an article, and `revisit` when that is to be looked at again.
    """

    state: str
    attempts: int
    due: datetime | None = None
    http_status: int | None = None
    reason: str | None = None
    robots: str | None = None
    location: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_digest: str | None = None
    article_id: str | None = None
    changed: datetime | None = None
    revisit: datetime | None = None


def has_pending_work(connection: Connection, scope: CrawlScope, *, until: datetime) -> bool:
    """Whether anything of the scope can be fetched by then, whoever holds its host."""
    query = select(hosts.c.name).where(hosts.c.next_fetch <= until, has_due_work(scope, now=until))
    return connection.execute(query.limit(1)).first() is not None


def add_pages(
    connection: Connection,
    entries: Iterable[PageEntry],
    *,
    source_id: int | None,
    now: datetime,
    due: datetime | None = None,
    hops: int = 0,
    attempts: int = 0,
) -> int:
    """Makes pages of the URLs that are not known yet; how many. Their hosts are made with them.

    A URL that was taken down makes no page: its title would be kept with it.
    """
    unique = list(without_tombstones(connection, {entry.url: entry for entry in reversed(list(entries))}).values())
    # The order of the entries, in which they are to be fetched, is kept in microseconds.
    first_due = (due or now) - timedelta(microseconds=len(unique))
    rows: list[dict[str, object]] = [
        {
            "url": entry.url,
            "host": authority_of(entry.url),
            "source_id": source_id,
            "state": "due",
            "due": first_due + timedelta(microseconds=len(unique) - 1 - place),
            "discovered": now,
            "title": entry.title,
            "published": entry.published,
            "summary": entry.summary,
            "attempts": attempts,
            "hops": hops,
        }
        for place, entry in enumerate(unique)
    ]
    # Sorted, so that two crawlers that find the same URLs never wait for each other.
    rows.sort(key=lambda row: str(row["url"]))
    add_hosts(connection, {str(row["host"]) for row in rows}, now=now)
    parts = (rows[start : start + INSERT_ROWS] for start in range(0, len(rows), INSERT_ROWS))
    return sum(len(insert_new(connection, pages, part, returning=pages.c.id)) for part in parts)


def due_pages(
    connection: Connection, host: str, scope: CrawlScope, *, now: datetime, limit: int, but: Sequence[int] = ()
) -> list[DuePage]:
    """The host's due pages, what watches want and then the longest waiting first; without those under way."""
    query = (
        select(
            pages.c.id,
            pages.c.url,
            pages.c.attempts,
            pages.c.hops,
            pages.c.title,
            pages.c.published,
            *SOURCE_COLUMNS,
            pages.c.source_id,
        )
        .select_from(pages.outerjoin(sources, sources.c.id == pages.c.source_id))
        .where(pages.c.host == host, due_pages_where(scope, now=now), pages.c.id.not_in(but))
        .order_by(pages.c.priority, pages.c.due, pages.c.id)
        .limit(limit)
    )
    return [DuePage(*row) for row in connection.execute(query)]


def record_page_fetch(connection: Connection, page_id: int, result: PageFetchResult, *, now: datetime) -> None:
    """Records what became of a fetch. The caller has checked the lease in the same transaction."""
    values: dict[str, object] = {name: getattr(result, name) for name in RESULT_COLUMNS} | {"fetched": now}
    if result.state != "due":
        values["summary"] = None
    if result.changed is not None:
        values |= {"changed": result.changed, "revisit": result.revisit}
    connection.execute(_settling(tuple(values)), {"page": page_id, **values})


@cache
def _settling(columns: tuple[str, ...]) -> Update:
    """Made once for all pages: making it anew costs more than it does."""
    return update(pages).where(pages.c.id == bindparam("page")).values({name: bindparam(name) for name in columns})


def abandon_due_pages(connection: Connection, host: str, *, state: str, reason: str) -> int:
    """Gives up on all that is due at a host that its robots.txt, unread, closes; how many pages."""
    due = update(pages).where(pages.c.host == host, pages.c.state == "due")
    return connection.execute(due.values(state=state, reason=reason, robots="closed", due=None)).rowcount


def count_pages_by_state(connection: Connection) -> dict[str, int]:
    """How many pages there are in each state."""
    return {row[0]: row[1] for row in connection.execute(select(pages.c.state, func.count()).group_by(pages.c.state))}


@dataclass(frozen=True, slots=True)
class AdmittedPages:
    """`found` became pages; `left_out` were as new, and there was no room."""

    found: int = 0
    left_out: int = 0


def admit_pages(
    connection: Connection, entries: Sequence[PageEntry], *, source_id: int, room: int, now: datetime
) -> AdmittedPages:
    """Makes pages of the first so many new entries; a source that lists without end fills no store."""
    known = existing_values(connection, pages.c.url, {entry.url for entry in entries})
    new = list({entry.url: entry for entry in entries if entry.url not in known}.values())
    found = add_pages(connection, new[: max(room, 0)], source_id=source_id, now=now)
    return AdmittedPages(found, len(new[max(room, 0) :]))
