"""Exports and mirrors: changes since a time, articles page by page, and all stories and articles as streams."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Connection, select, tuple_

from onestory.store.queries import rows_in
from onestory.store.schema import articles, stories, tombstones
from onestory.store.stories.records import (
    STORY_COLUMNS,
    ArticleRecord,
    CopyRecord,
    StoryRecord,
    article_of_row,
    article_query,
    copies_by_id,
)

__all__ = [
    "ArticleFilter",
    "ArticlePage",
    "ChangeCursor",
    "ChangeRecord",
    "article_texts",
    "changes_after",
    "iter_articles",
    "iter_stories",
    "list_articles",
]


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """The latest change of a story. `key` is its id, or the digest that a takedown left.

    A story comes with its record, an absorbed id with the story it leads to. `removed` is the SHA-256 of `article:` and
    an article id; a story has the id of its first article.
    """

    kind: Literal["story", "absorbed", "removed"]
    at: datetime
    key: str
    story: StoryRecord | None = None
    into: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeCursor:
    """The position after a change. An empty key stands for the beginning of that time."""

    at: datetime
    key: str = ""


def changes_after(connection: Connection, *, after: ChangeCursor, before: datetime, limit: int) -> list[ChangeRecord]:
    """The latest change of each story, oldest first, without changes at or after `before`."""
    found = _stories(connection, after, before, limit) + _removed(connection, after, before, limit)
    return sorted(found, key=lambda change: (change.at, change.key))[:limit]


def _stories(connection: Connection, after: ChangeCursor, before: datetime, limit: int) -> list[ChangeRecord]:
    query = (
        select(*STORY_COLUMNS, stories.c.absorbed_into)
        .where(tuple_(stories.c.updated, stories.c.id) > (after.at, after.key), stories.c.updated < before)
        .order_by(stories.c.updated, stories.c.id)
        .limit(limit)
    )
    return [_of_story(*row) for row in connection.execute(query)]


def _of_story(*row: object) -> ChangeRecord:
    *values, into = row
    record = StoryRecord(*values)  # type: ignore[arg-type]
    if isinstance(into, str):
        return ChangeRecord("absorbed", record.updated, record.id, into=into)
    return ChangeRecord("story", record.updated, record.id, story=record)


def _removed(connection: Connection, after: ChangeCursor, before: datetime, limit: int) -> list[ChangeRecord]:
    query = (
        select(tombstones.c.at, tombstones.c.digest)
        .where(
            tuple_(tombstones.c.at, tombstones.c.digest) > (after.at, after.key),
            tombstones.c.at < before,
            tombstones.c.kind == "article",
        )
        .order_by(tombstones.c.at, tombstones.c.digest)
        .limit(limit)
    )
    return [ChangeRecord("removed", at, digest) for at, digest in connection.execute(query)]


STREAM = {"yield_per": 200}


def iter_stories(connection: Connection) -> Iterator[tuple[StoryRecord, list[ArticleRecord]]]:
    """Stream all stories with their articles, in id order; articles as first seen."""
    query = select(*STORY_COLUMNS).where(stories.c.absorbed_into.is_(None)).order_by(stories.c.id)
    members = groupby(
        _stream(connection, articles.c.story_id, articles.c.first_seen, articles.c.id),
        key=lambda record: record.copy.story_id,
    )
    for row, (story_id, held) in zip(connection.execute(query, execution_options=STREAM), members, strict=True):
        record = StoryRecord(*row)
        if record.id != story_id:
            raise RuntimeError(f"story {record.id} and the articles of {story_id} do not meet")
        yield record, list(held)


def iter_articles(connection: Connection) -> Iterator[ArticleRecord]:
    """Stream all articles with their current versions, in id order."""
    return _stream(connection, articles.c.id)


def _stream(connection: Connection, *order: Column[Any]) -> Iterator[ArticleRecord]:
    for row in connection.execute(article_query().order_by(*order), execution_options=STREAM):
        yield article_of_row(row)


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
    """A page of articles that arrived before this arrival, newest first. New articles do not move the pages."""
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
