"""Sentence embeddings of stories: which are missing, and where they are kept."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from onestory.store.queries import (
    AdvisoryLock,
    chunks,
    columns_of,
    dialect_insert,
    existing_values,
    hold_advisory_lock,
    lock_stories,
    rows_in,
)
from onestory.store.schema import articles, news_event_embeddings, news_event_stories, stories, versions

__all__ = [
    "EmbeddingRow",
    "StoryLead",
    "count_stories_to_embed",
    "embeddings_of_stories",
    "save_embeddings",
    "stories_to_embed",
]

MAX_LEAD = 2000  # characters


@dataclass(frozen=True, slots=True)
class StoryLead:
    """A grouped story without an embedding of its present text. `version` is the number of that text."""

    story_id: str
    version: int
    title: str | None
    text: str | None
    language: str


@dataclass(frozen=True, slots=True)
class EmbeddingRow:
    """A row of `news_event_embeddings`."""

    story_id: str
    version: int
    model: str
    embedding: bytes
    names: bytes


_COLUMNS = columns_of(news_event_embeddings, EmbeddingRow)


def stories_to_embed(
    connection: Connection, *, model: str, since: datetime | None = None, limit: int
) -> list[StoryLead]:
    """Stories whose embedding is missing, of another model or of another text: the latest first.

    `since` bounds the search by the time of the story's last change; without it all are looked at.
    """
    query = _missing(
        model,
        news_event_stories.c.story_id,
        versions.c.number,
        versions.c.title,
        func.substr(versions.c.text, 1, MAX_LEAD),
        news_event_stories.c.language,
    )
    if since is not None:
        query = query.join(stories, stories.c.id == news_event_stories.c.story_id).where(stories.c.updated >= since)
    query = query.order_by(news_event_stories.c.seen.desc(), news_event_stories.c.story_id).limit(limit)
    return [StoryLead(*row) for row in connection.execute(query)]


def count_stories_to_embed(connection: Connection, *, model: str) -> int:
    """How many stories wait for an embedding. It looks at all of them."""
    return int(connection.execute(_missing(model, func.count())).scalar_one())


def _missing(model: str, *columns: ColumnElement[Any]) -> Select[Any]:
    known = news_event_embeddings
    has_one = (known.c.story_id == news_event_stories.c.story_id) & (known.c.model == model)
    return (
        select(*columns)
        .select_from(news_event_stories)
        .join(articles, articles.c.id == news_event_stories.c.representative)
        .join(versions, versions.c.number == articles.c.version)
        .outerjoin(known, has_one & (known.c.version == versions.c.number))
        .where(known.c.story_id.is_(None))
    )


def embeddings_of_stories(connection: Connection, story_ids: Collection[str], *, model: str) -> dict[str, EmbeddingRow]:
    """The embeddings by this model, by story. One of an earlier text stands until the next is computed."""
    query = select(*_COLUMNS).where(news_event_embeddings.c.model == model)
    return {
        row[0]: EmbeddingRow(*row) for row in rows_in(connection, query, news_event_embeddings.c.story_id, story_ids)
    }


def save_embeddings(connection: Connection, rows: Sequence[EmbeddingRow]) -> None:
    """Insert or replace embeddings, and have their stories grouped again. Stories deleted meanwhile are skipped."""
    hold_advisory_lock(connection, AdvisoryLock.NEWS_EVENTS)
    lock_stories(connection, [row.story_id for row in rows])
    there = existing_values(connection, news_event_stories.c.story_id, [row.story_id for row in rows])
    values = [asdict(row) for row in rows if row.story_id in there]
    if not values:
        return
    statement = dialect_insert(connection, news_event_embeddings)
    kept = {name: statement.excluded[name] for name in ("version", "model", "embedding", "names")}
    connection.execute(statement.on_conflict_do_update(index_elements=["story_id"], set_=kept), values)
    for part in chunks(there):
        these = news_event_stories.c.story_id.in_(part)
        connection.execute(update(news_event_stories).where(these).values(story_updated=None))
