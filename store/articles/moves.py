"""Articles that moved to another URL of their site.

When the page of an article redirects within its site, the target becomes a page of that article: a *move*. Once the
target is fetched, its text is compared with the article (`onestory.pipelines.versions.moved_articles`). Only the same
article keeps its identity.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, select, update

from onestory.store.frontier.hosts import add_hosts, authority_of
from onestory.store.frontier.revisits import DueRevisit
from onestory.store.queries import chunks, insert_new
from onestory.store.schema import articles, moves, pages, versions
from onestory.store.tombstones import without_tombstones
from onestory.urls import article_id_of_url

__all__ = [
    "MoveRecord",
    "MovedArticle",
    "article_moved_to",
    "confirm_move",
    "moved_articles",
    "moves_of",
    "record_move",
]

# Reasons for dropping a page that replaces many articles.
NO_ARTICLE_REASONS = ("section_front", "not_found", "removal_notice")
RedirectTarget = Literal["article", "other", "nothing"]


@dataclass(frozen=True, slots=True)
class MovedArticle:
    """The article that moved to an address, with its headline and the signature of its current version."""

    article_id: str
    url: str
    title: str | None
    signature: bytes


@dataclass(frozen=True, slots=True)
class MoveRecord:
    """A move of an article. `confirmed` is the time the article was found at the new URL."""

    url: str
    moved: datetime
    http_status: int | None
    confirmed: datetime | None


def record_move(
    connection: Connection, page: DueRevisit, target: str, *, http_status: int | None, now: datetime
) -> RedirectTarget:
    """Record a redirect, and report where it leads: to a page of this article, to another article, or to no article."""
    row = connection.execute(
        select(pages.c.article_id, pages.c.state, pages.c.reason).where(pages.c.url == target)
    ).one_or_none()
    if row is not None and row.article_id is not None:
        return "article" if row.article_id == page.article_id else "other"
    if row is not None and row.state != "due":
        return "nothing" if row.reason in NO_ARTICLE_REASONS or row.state == "gone" else "other"
    taken = select(articles.c.id).where(articles.c.id == article_id_of_url(target))
    if connection.execute(taken).first() is not None or not without_tombstones(connection, {target: None}):
        return "other"
    _add_move(connection, page, target, http_status=http_status, now=now)
    if row is None:
        _add_page(connection, page, target, now=now)
    return "article"


def _add_move(connection: Connection, page: DueRevisit, target: str, *, http_status: int | None, now: datetime) -> None:
    row = {"id": article_id_of_url(target), "url": target, "article_id": page.article_id}
    insert_new(connection, moves, [{**row, "moved": now, "http_status": http_status}])


def _add_page(connection: Connection, page: DueRevisit, target: str, *, now: datetime) -> None:
    """Add a page of the known article, to be revisited when its host allows."""
    host = authority_of(target)
    add_hosts(connection, [host], now=now)
    row = {
        "url": target,
        "host": host,
        "source_id": page.source_id,
        "state": "done",
        "discovered": page.known_since,
        "title": page.title,
        "published": page.published,
        "hops": page.hops + 1,
        "article_id": page.article_id,
        "changed": page.changed,
        "revisit": page.revisit,
    }
    insert_new(connection, pages, [row])


def confirm_move(connection: Connection, url: str, found: str | None, *, now: datetime) -> None:
    """Confirm the move if the target was read as the same article, or delete it."""
    row = connection.execute(select(moves).where(moves.c.id == article_id_of_url(url))).one_or_none()
    if row is None or row.confirmed is not None or found is None:
        return
    if found != row.article_id:
        connection.execute(delete(moves).where(moves.c.id == row.id))
        return
    connection.execute(update(moves).where(moves.c.id == row.id).values(confirmed=now))
    # The article is revisited at its new address only.
    left = (pages.c.article_id == found, pages.c.state == "moved", pages.c.url != url)
    connection.execute(update(pages).where(*left).values(revisit=None))


def moved_articles(connection: Connection, ids: Collection[str]) -> dict[str, MovedArticle]:
    """The moved articles by the ids that their new URLs would have."""
    found: dict[str, MovedArticle] = {}
    columns = (moves.c.id, articles.c.id.label("home"), articles.c.url, articles.c.title, versions.c.signature)
    query = select(*columns).join(articles, articles.c.id == moves.c.article_id)
    query = query.join(versions, versions.c.number == articles.c.version)
    for part in chunks(ids):
        for row in connection.execute(query.where(moves.c.id.in_(part))):
            found[row.id] = MovedArticle(row.home, row.url, row.title, row.signature)
    return found


def article_moved_to(connection: Connection, url: str) -> str | None:
    """The article with a confirmed move to this normal URL."""
    query = select(moves.c.article_id).where(moves.c.id == article_id_of_url(url), moves.c.confirmed.is_not(None))
    return connection.execute(query).scalar_one_or_none()


def moves_of(connection: Connection, identity: str) -> list[MoveRecord]:
    """The moves of an article, oldest first."""
    columns = (moves.c.url, moves.c.moved, moves.c.http_status, moves.c.confirmed)
    query = select(*columns).where(moves.c.article_id == identity).order_by(moves.c.moved, moves.c.id)
    return [MoveRecord(*row) for row in connection.execute(query)]
