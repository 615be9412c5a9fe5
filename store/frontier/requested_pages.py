"""Pages that somebody asks for and waits for: they go first, and what became of them is told."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Update, select, update

from onestory.errors import TakenDown
from onestory.store.frontier.pages import PRIORITIES, PageEntry, add_pages, reopen_pages
from onestory.store.schema import articles, hosts, pages, versions
from onestory.urls import MAX_REDIRECTS

__all__ = ["RequestedPage", "prioritize_page", "request_page", "requested_page"]


@dataclass(frozen=True, slots=True)
class RequestedPage:
    """The page at the end of the redirects that are known by now, and how its host does.

    `state` and `reason` are as in `onestory.store.frontier.pages`; `attempts` failed since it was asked for.
    `article_id` is told
    once the article stands in the story that it belongs to; until then, and while there is no answer, the page
    `is_underway`. The host is asked no earlier than `not_before`; `why` is its trouble.
    """

    url: str
    state: str
    reason: str | None
    http_status: int | None
    attempts: int
    article_id: str | None
    article_url: str
    is_in_progress: bool
    not_before: datetime
    why: str | None


def request_page(connection: Connection, url: str, *, now: datetime) -> None:
    """Has a crawler fetch this normal URL before anything else of its host, with all its tries. Raises TakenDown."""
    add_pages(connection, [PageEntry(url)], source_id=None, now=now)
    reopen_pages(connection, [url], now=now)
    connection.execute(_waiting(url).values(attempts=0))
    prioritize_page(connection, url)
    if connection.execute(select(pages.c.id).where(pages.c.url == url)).first() is None:
        raise TakenDown(f"{url[:200]} was taken down, and is not fetched again")


def prioritize_page(connection: Connection, url: str) -> None:
    """The page goes before the others of its host, if it is still to be fetched."""
    connection.execute(_waiting(url).values(priority=PRIORITIES["seed"]))


def _waiting(url: str) -> Update:
    return update(pages).where(pages.c.url == url, pages.c.state == "due")


def requested_page(connection: Connection, url: str) -> RequestedPage | None:
    """What became of the page; None when it is gone meanwhile, or leads in a circle."""
    for _ in range(MAX_REDIRECTS + 1):
        found = _found(connection, url)
        if found is None or found[1] is None:
            return found and found[0]
        url = found[1]
    return None


def _found(connection: Connection, url: str) -> tuple[RequestedPage, str | None] | None:
    """With the address that it redirects to, if it does."""
    columns = (pages.c.url, pages.c.state, pages.c.reason, pages.c.http_status, pages.c.attempts, pages.c.article_id)
    also = (pages.c.location, hosts.c.next_fetch, hosts.c.why, versions.c.attached, articles.c.url.label("article_url"))
    joined = pages.join(hosts, hosts.c.name == pages.c.host).outerjoin(articles, articles.c.id == pages.c.article_id)
    query = select(*columns, *also)
    query = query.select_from(joined.outerjoin(versions, versions.c.number == articles.c.version))
    row = connection.execute(query.where(pages.c.url == url)).first()
    if row is None:
        return None
    is_attached = row.attached is not None
    found = RequestedPage(
        row.url,
        row.state,
        row.reason,
        row.http_status,
        row.attempts,
        row.article_id if is_attached else None,
        row.article_url or row.url,
        row.attempts == 0 if row.state == "due" else row.state == "done" and bool(row.article_id) and not is_attached,
        row.next_fetch,
        row.why,
    )
    return found, row.location if row.state == "moved" else None
