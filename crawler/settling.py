"""The end of a page that the stages have read, for the first time or again."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from crawler import looking, revisiting
from store.frontier import PageDue, PageResult, settle_page
from store.identity import article_id
from store.moves import settle_move
from store.revisits import LookDue, known_article, return_article

__all__ = ["settle_read"]


def settle_read(connection: Connection, page: PageDue, result: PageResult, *, kind: str, now: datetime) -> bool:
    """Records what came of a capture, and when the page is looked at next; whether its article is now withdrawn.

    `kind` is the outcome's.
    """
    is_withdrawn = False
    if isinstance(page, LookDue):
        is_withdrawn = looking.record(connection, page, looking.sight_of_reading(page, result, kind), now=now)
    else:
        _settle_first(connection, page, result, now=now)
    if result.article_id is not None and result.article_id != article_id(page.url):
        settle_move(connection, page.url, result.article_id, now=now)
    return is_withdrawn


def _settle_first(connection: Connection, page: PageDue, result: PageResult, *, now: datetime) -> None:
    """The page was read for the first time; where it shows an article, that is looked at again."""
    known = known_article(connection, page.id, result.article_id)
    if known is not None:
        due = revisiting.next_look(known_since=known.since, changed=now, now=now)
        result = replace(result, changed=now, revisit=due)
    settle_page(connection, page.id, result, now=now)
    if known is not None and known.is_withdrawn and result.article_id is not None:
        return_article(connection, result.article_id, now=now)
