"""Lists of articles, the last to arrive first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from onestory.store.queries import rows_in
from onestory.store.schema import articles
from onestory.store.stories.records import ArticleRecord, CopyRecord, article_of_row, article_query, copies_by_id

__all__ = ["ArticleFilter", "ArticlePage", "article_texts", "list_articles"]


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """Which articles to list. `since` is an observed time."""

    since: datetime | None = None
    outlet: str | None = None
    language: str | None = None
    story: str | None = None


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """One page. `next` is the arrival after which the list continues, None at its end."""

    articles: list[CopyRecord]
    next: int | None


def list_articles(connection: Connection, wanted: ArticleFilter, *, before: int | None, limit: int) -> ArticlePage:
    """A page of articles that arrived before this arrival. New articles do not move the pages."""
    query = select(articles.c.id, articles.c.arrival).where(*_conditions(wanted))
    if before is not None:
        query = query.where(articles.c.arrival < before)
    found = connection.execute(query.order_by(articles.c.arrival.desc()).limit(limit + 1)).all()
    by_id = {copy.id: copy for copy in copies_by_id(connection, [row.id for row in found[:limit]])}
    page = [by_id[row.id] for row in found[:limit] if row.id in by_id]
    return ArticlePage(page, found[limit - 1].arrival if len(found) > limit else None)


def _conditions(wanted: ArticleFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield articles.c.first_seen >= wanted.since
    if wanted.outlet is not None:
        yield articles.c.outlet == wanted.outlet
    if wanted.language is not None:
        yield articles.c.language == wanted.language
    if wanted.story is not None:
        yield articles.c.story_id == wanted.story


def article_texts(connection: Connection, copies: list[CopyRecord]) -> list[ArticleRecord]:
    """These copies with their current texts, in the same order."""
    rows = rows_in(connection, article_query(), articles.c.id, [copy.id for copy in copies])
    found = {record.copy.id: record for record in map(article_of_row, rows)}
    return [found[copy.id] for copy in copies if copy.id in found]
