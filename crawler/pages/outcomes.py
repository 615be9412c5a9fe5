"""Record the outcome of a page that the stages have read, for the first time or again."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from onestory.crawler.pages import revisit, revisit_policy
from onestory.store.articles.moves import confirm_move
from onestory.store.events.withdrawals import mark_article_returned
from onestory.store.frontier.pages import DuePage, PageFetchResult, record_page_fetch
from onestory.store.frontier.revisits import DueRevisit, revisit_state
from onestory.urls import article_id_of_url

__all__ = ["record_outcome"]


def record_outcome(connection: Connection, page: DuePage, result: PageFetchResult, *, kind: str, now: datetime) -> bool:
    """Record the outcome of a capture and the next revisit; return whether the article is now withdrawn.

    `kind` is that of the Outcome.
    """
    is_withdrawn = False
    if isinstance(page, DueRevisit):
        is_withdrawn = revisit.record_revisit(connection, page, revisit.result_of_reading(page, result, kind), now=now)
    else:
        _settle_first(connection, page, result, now=now)
    if result.article_id is not None and result.article_id != article_id_of_url(page.url):
        confirm_move(connection, page.url, result.article_id, now=now)
    return is_withdrawn


def _settle_first(connection: Connection, page: DuePage, result: PageFetchResult, *, now: datetime) -> None:
    """Record a first read; an article is scheduled for a revisit."""
    known = revisit_state(connection, page.id, result.article_id)
    if known is not None:
        due = revisit_policy.next_revisit(known_since=known.since, changed=now, now=now)
        result = replace(result, changed=now, revisit=due)
    record_page_fetch(connection, page.id, result, now=now)
    if known is not None and known.is_withdrawn and result.article_id is not None:
        mark_article_returned(connection, result.article_id, now=now)
