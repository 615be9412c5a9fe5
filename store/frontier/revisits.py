"""Revisits of pages with known articles: which are due, and what they found.

An article is `withdrawn` when its page no longer shows it: at once if the page says so, else when a second revisit,
hours later, does not find it either. Its texts are kept. If the article reappears, that is recorded as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from onestory.store.events.withdrawals import mark_article_returned, mark_article_withdrawn
from onestory.store.frontier.pages import SOURCE_COLUMNS, DuePage
from onestory.store.frontier.scope import CrawlScope, due_revisits_where
from onestory.store.queries import lock_stories
from onestory.store.schema import articles, pages, sources

__all__ = [
    "DueRevisit",
    "RevisitResult",
    "RevisitState",
    "due_revisits",
    "postpone_revisits",
    "revisit_state",
    "save_revisit_result",
]


@dataclass(frozen=True, slots=True)
class DueRevisit(DuePage):
    """A page to revisit, with the state left by the last revisit.

    `known_since` is the time the page was found, or an earlier time claimed by the article. `http_status` is that of
    the last response. `missing_since` is set while revisits do not find the article, `withdrawn` once that is settled.
    """

    article_id: str
    revisit: datetime
    known_since: datetime
    changed: datetime
    http_status: int | None
    missing_since: datetime | None
    withdrawn: datetime | None
    etag: str | None
    last_modified: str | None
    body_digest: str | None
    validators_lie: bool


@dataclass(frozen=True, slots=True)
class RevisitResult:
    """The result of one revisit.

    The article is `unchanged`, `changed`, or `absent`; or the response is `unclear` and reveals nothing about it.
    `is_settled`: the article is absent, and no second revisit is needed. `revisit` is the time of the next revisit.
    """

    kind: Literal["unchanged", "changed", "absent", "unclear"]
    revisit: datetime | None
    http_status: int | None
    reason: str | None = None
    is_confirmed: bool = False
    article_id: str | None = None
    location: str | None = None
    robots: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_digest: str | None = None
    validators_lie: bool = False


def due_revisits(
    connection: Connection, host: str, scope: CrawlScope, *, now: datetime, limit: int, but: Sequence[int] = ()
) -> list[DueRevisit]:
    """The pages of a host that are due for a revisit, the longest waiting first, without those in progress."""
    query = (
        select(pages, *SOURCE_COLUMNS, articles.c.published.label("claims"))
        .add_columns(articles.c.withdrawn)
        .select_from(pages.outerjoin(sources, sources.c.id == pages.c.source_id))
        .join(articles, articles.c.id == pages.c.article_id)
        .where(pages.c.host == host, due_revisits_where(scope, now=now), pages.c.id.not_in(but))
        .order_by(pages.c.revisit, pages.c.id)
        .limit(limit)
    )
    return [
        DueRevisit(
            id=row.id,
            url=row.url,
            attempts=row.attempts,
            hops=row.hops,
            title=row.title,
            published=row.published,
            source=row.source,
            outlet=row.outlet,
            source_id=row.source_id,
            unlisted=row.unlisted,
            article_id=row.article_id,
            revisit=row.revisit,
            known_since=min(row.discovered, row.claims or row.discovered),
            changed=row.changed or row.discovered,
            http_status=row.http_status,
            missing_since=row.missing_since,
            withdrawn=row.withdrawn,
            etag=row.etag,
            last_modified=row.last_modified,
            body_digest=row.body_digest,
            validators_lie=row.validators_lie,
        )
        for row in connection.execute(query)
    ]


class RevisitState(NamedTuple):
    """The article of a page: since when it is known, and whether it is withdrawn."""

    since: datetime
    is_withdrawn: bool


REVISIT_STATE_QUERY = (
    select(pages.c.discovered, articles.c.published, articles.c.withdrawn)
    .join_from(pages, articles, articles.c.id == bindparam("article"))
    .where(pages.c.id == bindparam("page"))
)


def revisit_state(connection: Connection, page_id: int, article_id: str | None) -> RevisitState | None:
    """The article that a page was read as. None without one, or after a takedown of the page.

    `known_since` is the time the page was found, or an earlier time claimed by the article.
    """
    row = connection.execute(REVISIT_STATE_QUERY, {"page": page_id, "article": article_id}).one_or_none()
    if row is None:
        return None
    return RevisitState(min(row.discovered, row.published or row.discovered), row.withdrawn is not None)


def postpone_revisits(connection: Connection, host: str, *, until: datetime) -> int:
    """Postpone the revisits of a host that are due earlier, and return how many."""
    waiting = update(pages).where(pages.c.host == host, pages.c.revisit < until)
    return connection.execute(waiting.values(revisit=until)).rowcount


def save_revisit_result(connection: Connection, page: DueRevisit, result: RevisitResult, *, now: datetime) -> bool:
    """Record a revisit, and return whether it settled a withdrawal. The caller has checked the lease."""
    _hold_story(connection, page, result)
    values: dict[str, object] = {"revisit": result.revisit, "fetched": now, "http_status": result.http_status}
    values |= {"robots": result.robots or pages.c.robots, "reason": result.reason, "attempts": 0}
    if result.kind in ("unchanged", "changed"):
        values |= {"state": "done", "missing_since": None, "location": None, "validators_lie": result.validators_lie}
        values |= {"article_id": result.article_id or page.article_id}
    if result.kind == "changed":
        values["changed"] = now
    if result.body_digest is not None:
        values |= {name: getattr(result, name) for name in ("etag", "last_modified", "body_digest")}
    if result.location is not None:
        values |= {"state": "moved", "location": result.location}
    if result.kind == "absent":
        values |= {"missing_since": page.missing_since or now}
    connection.execute(update(pages).where(pages.c.id == page.id).values(values))
    if result.kind in ("unchanged", "changed"):
        mark_article_returned(connection, result.article_id or page.article_id, now=now)
    if result.kind == "absent" and result.is_confirmed and page.withdrawn is None:
        return _withdraw(connection, page, result, now=now)
    return False


def _hold_story(connection: Connection, page: DueRevisit, result: RevisitResult) -> None:
    """Lock the story row, which comes before all others, if the revisit may change the story."""
    if result.is_confirmed or page.withdrawn is not None:
        story = select(articles.c.story_id).where(articles.c.id == (result.article_id or page.article_id))
        lock_stories(connection, list(connection.execute(story).scalars()))


def _withdraw(connection: Connection, page: DueRevisit, result: RevisitResult, *, now: datetime) -> bool:
    """Mark the article as withdrawn, unless another page still shows it."""
    others = select(pages.c.id).where(
        pages.c.article_id == page.article_id,
        pages.c.id != page.id,
        pages.c.state == "done",
        pages.c.missing_since.is_(None),
    )
    if connection.execute(others.limit(1)).first() is not None:
        return False
    is_known = mark_article_withdrawn(
        connection,
        page.article_id,
        since=page.missing_since or now,
        reason=result.reason,
        now=now,
        http_status=result.http_status,
        location=result.location,
    )
    if not is_known:
        return False  # taken down since the fetch
    connection.execute(update(pages).where(pages.c.id == page.id).values(state="gone"))
    return True
