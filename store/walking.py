"""All records as streams, for whoever reads the whole store."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Column, Connection, select

from store.records import STORY, ArticleRecord, StoryRecord, article_record, article_records
from store.schema import articles, stories

__all__ = ["walk_articles", "walk_stories"]

STREAM = {"yield_per": 200}


def walk_stories(connection: Connection) -> Iterator[tuple[StoryRecord, list[ArticleRecord]]]:
    """Every story with its articles, the first seen first; in id order, as a stream."""
    query = select(*STORY).where(stories.c.absorbed_into.is_(None)).order_by(stories.c.id)
    members = groupby(
        _stream(connection, articles.c.story_id, articles.c.first_seen, articles.c.id),
        key=lambda record: record.copy.story_id,
    )
    for row, (story_id, held) in zip(connection.execute(query, execution_options=STREAM), members, strict=True):
        record = StoryRecord(*row)
        if record.id != story_id:
            raise RuntimeError(f"story {record.id} and the articles of {story_id} do not meet")
        yield record, list(held)


def walk_articles(connection: Connection) -> Iterator[ArticleRecord]:
    """Every article with its current version, in id order, as a stream."""
    return _stream(connection, articles.c.id)


def _stream(connection: Connection, *order: Column[Any]) -> Iterator[ArticleRecord]:
    for row in connection.execute(article_records().order_by(*order), execution_options=STREAM):
        yield article_record(row)
