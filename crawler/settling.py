"""The end of a page that the stages have read, for the first time or again."""

from datetime import datetime

from sqlalchemy import Connection

from crawler import looking, revisiting
from store.frontier import PageDue, PageResult, settle_page
from store.identity import article_id
from store.moves import settle_move
from store.revisits import LookDue, begin_looks, known_since

__all__ = ["settle_read"]


def settle_read(connection: Connection, page: PageDue, result: PageResult, *, kind: str, now: datetime) -> bool:
    """Records what came of a capture, and when the page is looked at next; whether its article is now withdrawn.

    `kind` is the outcome's.
    """
    is_withdrawn = False
    if isinstance(page, LookDue):
        is_withdrawn = looking.record(connection, page, looking.sight_of_reading(page, result, kind), now=now)
    else:
        settle_page(connection, page.id, result, now=now)
        since = known_since(connection, page.id)
        if since is not None:
            due = revisiting.next_look(known_since=since, changed=now, now=now)
            begin_looks(connection, page.id, revisit=due, now=now)
    if result.article_id is not None and result.article_id != article_id(page.url):
        settle_move(connection, page.url, result.article_id, now=now)
    return is_withdrawn
