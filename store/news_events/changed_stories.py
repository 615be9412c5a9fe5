"""Stories that changed since they were grouped into news events."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, update

from onestory.store.queries import chunks, one_of
from onestory.store.schema import articles, news_event_stories, stories, versions

__all__ = [
    "ChangedStory",
    "changed_stories",
    "count_changed_stories",
    "look_at_again",
    "stories_to_look_at_again",
]

MAX_TEXT = 20_000  # characters; the features read a thousand words
_TAKES_PART = stories.c.absorbed_into.is_(None) & ~stories.c.solitary & stories.c.representative.is_not(None)


@dataclass(frozen=True, slots=True)
class ChangedStory:
    """A story that is new to the grouping, or has changed, with its representative: the fullest copy, which is the same
    in whatever order the copies arrived. `first_seen` is the story's.

    `is_grouped` is False for stories that take no part: absorbed ones, and round-ups.
    """

    id: str
    is_grouped: bool
    representative: str
    title: str | None
    text: str | None
    language: str
    outlet: str
    is_observed: bool
    first_seen: datetime
    published: datetime | None
    updated: datetime


def stories_to_look_at_again(connection: Connection, *, limit: int) -> list[str]:
    """Stories whose event may have changed although they did not: by a decision, or by a takedown."""
    query = select(news_event_stories.c.story_id).where(news_event_stories.c.story_updated.is_(None))
    return list(connection.execute(query.order_by(news_event_stories.c.story_id).limit(limit)).scalars())


def look_at_again(connection: Connection, story_ids: Collection[str]) -> None:
    """Let these stories be grouped once more although they did not change."""
    for part in chunks(story_ids):
        these = news_event_stories.c.story_id.in_(part)
        connection.execute(update(news_event_stories).where(these).values(story_updated=None))


def changed_stories(
    connection: Connection,
    *,
    features: str,
    since: datetime | None = None,
    among: Collection[str] | None = None,
    limit: int,
) -> list[ChangedStory]:
    """Stories that changed since they were grouped, the first to change first.

    `since` bounds the search by the time of the change, `among` to these stories; without both it looks at all.
    `features` is the version of the features in use: rows of another one are out of date.
    """
    query = (
        select(
            stories.c.id,
            _TAKES_PART,
            func.coalesce(stories.c.representative, ""),
            versions.c.title,
            func.substr(versions.c.text, 1, MAX_TEXT),
            func.coalesce(articles.c.language, ""),
            func.coalesce(articles.c.outlet, ""),
            func.coalesce(articles.c.is_observed, literal(True)),
            stories.c.first_seen,
            articles.c.published,
            stories.c.updated,
        )
        .select_from(stories)
        .outerjoin(articles, articles.c.id == stories.c.representative)
        .outerjoin(versions, versions.c.number == articles.c.version)
        .outerjoin(news_event_stories, news_event_stories.c.story_id == stories.c.id)
        .where(_has_changed(features))
        .order_by(stories.c.updated, stories.c.id)
        .limit(limit)
    )
    if since is not None:
        query = query.where(stories.c.updated >= since)
    if among is not None:
        query = query.where(one_of(connection, stories.c.id, among))
    return [ChangedStory(row[0], bool(row[1]), *row[2:]) for row in connection.execute(query)]


def count_changed_stories(connection: Connection, *, features: str) -> int:
    """How many stories `changed_stories` has to give."""
    query = select(func.count()).select_from(stories)
    query = query.outerjoin(news_event_stories, news_event_stories.c.story_id == stories.c.id)
    return connection.scalar(query.where(_has_changed(features))) or 0


def _has_changed(features: str) -> ColumnElement[bool]:
    known = news_event_stories
    is_current = known.c.story_updated.is_not_distinct_from(stories.c.updated) & (known.c.features == features)
    is_member = known.c.story_id.is_not(None)
    # A story that takes no part has no row.
    return or_(_TAKES_PART & or_(~is_member, ~is_current), ~_TAKES_PART & is_member)
