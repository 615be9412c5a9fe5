"""Pages that are never visited again are dropped after a time. Their articles stay.

A page is the crawl's memory of a URL: while there is one, no source that lists the URL makes another. So a page stays
while its source still lists it. If another source lists a dropped one later, it is fetched once more, and its article
is known.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from onestory.store.queries import chunks
from onestory.store.schema import pages, sources, watch_pages

__all__ = ["LISTED_FOR", "drop_unvisited_pages", "note_listed_pages"]

DROP_BATCH = 500
# A listed page is noted once in this time, so that a poll that brings nothing new writes almost nothing.
LISTED_FOR = timedelta(days=1)
# What a watch was given, and the links that count towards its limit.
BOUND = ("seed", "link")
_SIBLINGS = pages.alias("siblings")


def note_listed_pages(connection: Connection, urls: set[str], *, now: datetime) -> None:
    """Note that a listing has these URLs."""
    for part in chunks(sorted(urls)):
        stale = or_(pages.c.listed_until.is_(None), pages.c.listed_until <= now)
        listed = update(pages).where(pages.c.url.in_(part), stale)
        connection.execute(listed.values(listed_until=now + LISTED_FOR))


def drop_unvisited_pages(connection: Connection, *, before: datetime) -> int:
    """Drop a batch of pages without a fetch or a revisit to come, and return how many.

    They were found, fetched and listed before a time. Those in the newest listing of their source stay, as do seeds and
    links of watches, and pages of an article that has another page to be revisited.
    """
    listed = func.coalesce(pages.c.listed_until, pages.c.discovered)
    is_settled = and_(pages.c.state != "due", pages.c.revisit.is_(None), pages.c.discovered < before)
    # A listing that never differed from the first one has no such time.
    is_unlisted = or_(pages.c.source_id.is_(None), listed < sources.c.last_new)
    siblings = select(_SIBLINGS.c.id).where(
        _SIBLINGS.c.article_id == pages.c.article_id, _SIBLINGS.c.revisit.is_not(None)
    )
    bound = select(watch_pages.c.page_id).where(watch_pages.c.page_id == pages.c.id, watch_pages.c.how.in_(BOUND))
    query = (
        select(pages.c.id)
        .select_from(pages.outerjoin(sources, sources.c.id == pages.c.source_id))
        .where(is_settled, func.coalesce(pages.c.fetched, pages.c.discovered) < before, listed < before)
        .where(is_unlisted, ~siblings.exists(), ~bound.exists())
        .order_by(pages.c.discovered)
        .limit(DROP_BATCH)
    )
    ids = list(connection.execute(query).scalars())
    if not ids:
        return 0
    # Again, as a crawler or a person may have asked for one meanwhile.
    return connection.execute(delete(pages).where(pages.c.id.in_(ids), is_settled)).rowcount
