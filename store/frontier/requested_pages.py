"""Pages requested by a person who waits for the result. They are fetched first."""

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
    """The page at the end of the known redirects, and the state of its host.

    `state` and `reason` are those of `onestory.store.frontier.pages`; `attempts` counts failures since the request.
    `article_id` is set once the article is attached to its story. Until then, and while there is no response, the page
    `is_underway`. The host is fetched from no earlier than `not_before`; `why` is its current problem.
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
    """Have this normal URL fetched before anything else of its host, with all retries. Raises TakenDown."""
    add_pages(connection, [PageEntry(url)], source_id=None, now=now)
    reopen_pages(connection, [url], now=now)
    connection.execute(_waiting(url).values(attempts=0))
    prioritize_page(connection, url)
    if connection.execute(select(pages.c.id).where(pages.c.url == url)).first() is None:
        raise TakenDown(f"{url[:200]} was taken down and is not fetched again")


def prioritize_page(connection: Connection, url: str) -> None:
    """Move a page to the front of its host, if it is still to be fetched."""
    connection.execute(_waiting(url).values(priority=PRIORITIES["seed"]))


def _waiting(url: str) -> Update:
    return update(pages).where(pages.c.url == url, pages.c.state == "due")


def requested_page(connection: Connection, url: str) -> RequestedPage | None:
    """The state of the page. None if it was deleted meanwhile, or redirects in a circle."""
    for _ in range(MAX_REDIRECTS + 1):
        found = _found(connection, url)
        if found is None or found[1] is None:
            return found and found[0]
        url = found[1]
    return None


def _found(connection: Connection, url: str) -> tuple[RequestedPage, str | None] | None:
    """The page of a URL, with its redirect target, if any."""
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
