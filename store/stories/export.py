"""Exports and mirrors: changes since a time, and all stories and articles as streams."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import Column, Connection, select, tuple_

from onestory.store.schema import articles, stories, tombstones
from onestory.store.stories.records import STORY_COLUMNS, ArticleRecord, StoryRecord, article_of_row, article_query

__all__ = ["ChangeCursor", "ChangeRecord", "changes_after", "iter_articles", "iter_stories"]


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
