"""Withdrawals: when an article disappeared, and when it returned.

The caller holds the row of the article's story: see `onestory.store.queries.lock_stories`.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from onestory.store.events.event_log import add_event
from onestory.store.schema import articles, stories, withdrawals

__all__ = ["mark_article_returned", "mark_article_withdrawn"]


def mark_article_withdrawn(
    connection: Connection,
    article_id: str,
    *,
    since: datetime,
    reason: str | None,
    now: datetime,
    http_status: int | None = None,
    location: str | None = None,
) -> bool:
    """Record that an article is gone, and since when. False if it is not stored."""
    known = update(articles).where(articles.c.id == article_id)
    if not connection.execute(known.values(withdrawn=since, withdrawn_reason=reason)).rowcount:
        return False
    row = {"withdrawn": since, "confirmed": now, "reason": reason, "http_status": http_status, "location": location}
    connection.execute(insert(withdrawals).values(article_id=article_id, **row))
    more = {"reason": reason, "http_status": http_status, "withdrawn": since.isoformat()}
    _add_event(connection, "story.withdrawn", article_id, more, now=now)
    return True


def mark_article_returned(connection: Connection, article_id: str, *, now: datetime) -> None:
    """Record that the article was seen, and end its withdrawal."""
    gone = (articles.c.id == article_id, articles.c.withdrawn.is_not(None))
    if connection.execute(select(articles.c.id).where(*gone)).first() is None:
        return
    connection.execute(update(articles).where(*gone).values(withdrawn=None, withdrawn_reason=None))
    open_ = (withdrawals.c.article_id == article_id, withdrawals.c.returned.is_(None))
    connection.execute(update(withdrawals).where(*open_).values(returned=now))
    _add_event(connection, "story.corrected", article_id, {"returned": True}, now=now)


def _add_event(
    connection: Connection, kind: str, article_id: str, more: Mapping[str, object], *, now: datetime
) -> None:
    """Add the event and touch the story's record, so that mirrors and caches notice."""
    columns = (articles.c.story_id, articles.c.outlet, articles.c.url, stories.c.original)
    counts = (stories.c.copies, stories.c.outlets, stories.c.owners)
    joined = select(*columns, *counts).join(stories, stories.c.id == articles.c.story_id)
    row = connection.execute(joined.where(articles.c.id == article_id)).one()
    connection.execute(update(stories).where(stories.c.id == row.story_id).values(updated=now))
    data = {"article": article_id, "outlet": row.outlet, "url": row.url, "is_original": row.original == article_id}
    data |= {"copies": row.copies, "outlets": row.outlets, "owners": row.owners, **more}
    add_event(connection, kind, now=now, story_id=row.story_id, data=data)
