"""The frontier: pages and their states.

A page is `due` until it is `done` (its capture was stored, known or dropped), `moved` (it redirects to another page),
`barred` (by robots.txt), `refused` (an address that must not be fetched), `gone` or `failed`. A crash changes nothing:
unfinished pages are still due.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import Connection, Select, Update, bindparam, case, func, select, update

from onestory.store.frontier.dropped_pages import LISTED_FOR, note_listed_pages
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


# The lowest priority value of a host goes first; 5 is a page that no watch wants.
PRIORITIES: Mapping[DiscoveryMethod, int] = {"seed": 1, "entry": 2, "search": 3, "link": 4}


def reopen_pages(connection: Connection, urls: Collection[str], *, now: datetime) -> None:
    """Make pages due again that failed or brought no article, on an editor's request."""
    for part in chunks(sorted(urls)):
        ended = update(pages).where(pages.c.url.in_(part), pages.c.state != "due", pages.c.article_id.is_(None))
        connection.execute(ended.values(state="due", due=now, attempts=0, hops=0))
        waiting = update(pages).where(pages.c.url.in_(part), pages.c.state == "due", pages.c.due > now)
        connection.execute(waiting.values(due=now))


INSERT_ROWS = 200

# Columns that every result sets.
RESULT_COLUMNS = (
    "state", "due", "attempts", "http_status", "reason", "robots", "location", "etag", "last_modified", "body_digest",
    "article_id",
)  # fmt: skip

# Search results belong to many outlets, and the search terms are the editor's own affair.
IS_SEARCH = sources.c.kind == "search"

SOURCE_COLUMNS = (
    case((IS_SEARCH, "search"), else_=sources.c.url).label("source"),
    case((IS_SEARCH, None), else_=sources.c.outlet).label("outlet"),
)


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A URL found in a source, in normal form, with the claims of the source.

    `summary` is plain text, in which watches look for their phrases until the page is fetched. `unlisted`: when the
    source did not list it yet. `listed_until`: it counts as listed until then.
    """

    url: str
    title: str | None = None
    published: str | None = None
    summary: str | None = None
    unlisted: datetime | None = None
    listed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page to fetch, with the claims of its source. `unlisted`: when that did not list it yet."""

    id: int
    url: str
    attempts: int
    hops: int
    title: str | None
    published: str | None
    source: str | None
    outlet: str | None
    source_id: int | None
    unlisted: datetime | None


@dataclass(frozen=True, slots=True)
class PageFetchResult:
    """The result of one fetch. `due` is set if the fetch is retried.

    `changed` is set if it brought an article, and `revisit` if the article is revisited.
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
    """Whether the scope has anything to fetch by that time, whatever hosts are leased."""
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
    """Add pages for unknown URLs, with their hosts, and return how many.

    URLs that were taken down are skipped: a page would keep their titles.
    """
    unique = list(without_tombstones(connection, {entry.url: entry for entry in reversed(list(entries))}).values())
    # Microseconds keep the order of the entries, in which they are fetched.
    first_due = (due or now) - timedelta(microseconds=len(unique))
    rows: list[dict[str, object]] = [
        {
            "url": entry.url,
            "host": authority_of(entry.url),
            "source_id": source_id,
            "state": "due",
            "due": first_due + timedelta(microseconds=len(unique) - 1 - place),
            "discovered": now,
            "unlisted": entry.unlisted,
            "listed_until": entry.listed_until,
            "title": entry.title,
            "published": entry.published,
            "summary": entry.summary,
            "attempts": attempts,
            "hops": hops,
        }
        for place, entry in enumerate(unique)
    ]
    # In order, so that two crawlers that find the same URLs never wait for each other.
    rows.sort(key=lambda row: str(row["url"]))
    add_hosts(connection, {str(row["host"]) for row in rows}, now=now)
    parts = (rows[start : start + INSERT_ROWS] for start in range(0, len(rows), INSERT_ROWS))
    return sum(len(insert_new(connection, pages, part, returning=pages.c.id)) for part in parts)


def due_pages(
    connection: Connection, host: str, scope: CrawlScope, *, now: datetime, limit: int, but: Sequence[int] = ()
) -> list[DuePage]:
    """The due pages of a host, by priority and then the longest waiting first, without those in progress."""
    query: Select[Any] = (
        select(
            pages.c.id,
            pages.c.url,
            pages.c.attempts,
            pages.c.hops,
            pages.c.title,
            pages.c.published,
            *SOURCE_COLUMNS,
            pages.c.source_id,
            pages.c.unlisted,
        )
        .select_from(pages.outerjoin(sources, sources.c.id == pages.c.source_id))
        .where(pages.c.host == host, due_pages_where(scope, now=now), pages.c.id.not_in(but))
        .order_by(pages.c.priority, pages.c.due, pages.c.id)
        .limit(limit)
    )
    return [DuePage(*row) for row in connection.execute(query)]


def record_page_fetch(connection: Connection, page_id: int, result: PageFetchResult, *, now: datetime) -> None:
    """Record the result of a fetch. The caller has checked the lease in the same transaction."""
    values: dict[str, object] = {name: getattr(result, name) for name in RESULT_COLUMNS} | {"fetched": now}
    if result.state != "due":
        values["summary"] = None
    if result.changed is not None:
        values |= {"changed": result.changed, "revisit": result.revisit}
    connection.execute(_settling(tuple(values)), {"page": page_id, **values})


@cache
def _settling(columns: tuple[str, ...]) -> Update:
    """The statement, compiled once: compiling costs more than executing."""
    return update(pages).where(pages.c.id == bindparam("page")).values({name: bindparam(name) for name in columns})


def abandon_due_pages(connection: Connection, host: str, *, state: str, reason: str) -> int:
    """Give up the due pages of a host whose robots.txt is unreachable, and return how many."""
    due = update(pages).where(pages.c.host == host, pages.c.state == "due")
    return connection.execute(due.values(state=state, reason=reason, robots="closed", due=None)).rowcount


def count_pages_by_state(connection: Connection) -> dict[str, int]:
    """The number of pages in each state."""
    return {row[0]: row[1] for row in connection.execute(select(pages.c.state, func.count()).group_by(pages.c.state))}


@dataclass(frozen=True, slots=True)
class AdmittedPages:
    """`found` entries became pages; `left_out` new entries exceeded the limit."""

    found: int = 0
    left_out: int = 0


def admit_pages(
    connection: Connection,
    entries: Sequence[PageEntry],
    *,
    source_id: int,
    room: int,
    now: datetime,
    unlisted: datetime | None = None,
) -> AdmittedPages:
    """Add pages for the first new entries, up to a limit that protects the store from endless lists.

    `unlisted` is the last successful poll before this one.
    """
    known = existing_values(connection, pages.c.url, {entry.url for entry in entries})
    note_listed_pages(connection, known, now=now)
    until = now + LISTED_FOR
    fresh = (one for one in entries if one.url not in known)
    new = list({one.url: replace(one, unlisted=unlisted, listed_until=until) for one in fresh}.values())
    found = add_pages(connection, new[: max(room, 0)], source_id=source_id, now=now)
    return AdmittedPages(found, len(new[max(room, 0) :]))
