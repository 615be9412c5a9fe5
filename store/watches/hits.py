"""Hits of watches: matching articles, their stories, and one event per story."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from onestory.store.events.event_log import add_event
from onestory.store.queries import chunks, insert_new, rows_in
from onestory.store.schema import articles, stories, versions, watch_articles, watch_stories, watches
from onestory.store.stories.components import stories_of_articles
from onestory.store.stories.records import STORY_COLUMNS, CopyRecord, StoryRecord, copies_by_id
from onestory.store.watches.watches import is_watch_active

__all__ = [
    "WatchCopy",
    "WatchHit",
    "WatchStory",
    "count_watch_stories",
    "emit_watch_events",
    "followed_story",
    "record_watch_hits",
    "stories_of_watch",
    "watches_of_article",
]

EVENT_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class WatchHit:
    """An article that a watch wants: because of its text, because an editor gave its URL, or as the first article of a
    story in a news event that the watch follows.
    """

    watch_id: int
    article_id: str
    how: Literal["text", "seed", "event"]


@dataclass(frozen=True, slots=True)
class WatchCopy:
    """A copy of a matching story. `how` is `story` if only another copy of the story matches."""

    how: str
    copy: CopyRecord


@dataclass(frozen=True, slots=True)
class WatchStory:
    story: StoryRecord
    copies: tuple[WatchCopy, ...]


def record_watch_hits(
    connection: Connection, found: Iterable[WatchHit], *, now: datetime, is_known: bool = False
) -> int:
    """Store hits, and return the number of new ones. `emit_watch_events` reports them once the stories are known,
    except those stored with `is_known`.
    """
    announced = now if is_known else None
    unique = {(one.watch_id, one.article_id): one for one in found}
    stored = _held(connection, {article for _, article in unique})
    unique = {pair: one for pair, one in unique.items() if one.article_id in stored}
    rows = [
        {"watch_id": one.watch_id, "article_id": one.article_id, "how": one.how, "at": now, "told": announced}
        for _, one in sorted(unique.items())
    ]
    added = sum(
        len(insert_new(connection, watch_articles, part, returning=watch_articles.c.article_id))
        for part in chunks(rows)
    )
    if is_known:
        _note_stories(connection, unique, now=now)
    return added


def _held(connection: Connection, article_ids: Collection[str]) -> set[str]:
    """Those of the articles that exist. They are locked until the transaction ends, so no takedown removes them."""
    return {
        one
        for part in chunks(sorted(article_ids))
        for one in connection.execute(
            select(articles.c.id)
            .where(articles.c.id.in_(part))
            .order_by(articles.c.id)
            .with_for_update(read=True, key_share=True)
        ).scalars()
    }


def _note_stories(connection: Connection, pairs: Collection[tuple[int, str]], *, now: datetime) -> None:
    homes = stories_of_articles(connection, {article for _, article in pairs})
    for watch_id, article in sorted(pairs):
        if article in homes:
            _note_story(connection, watch_id, homes[article], now=now)


def _note_story(connection: Connection, watch_id: int, story_id: str, *, now: datetime) -> bool:
    """Note a story, and return False if it was noted before, under this id or one absorbed since."""
    # A story's id is that of an article, which belongs to the story that the id leads to.
    before = select(watch_stories.c.story_id).join(articles, articles.c.id == watch_stories.c.story_id)
    known = before.where(watch_stories.c.watch_id == watch_id, articles.c.story_id == story_id).limit(1)
    if connection.execute(known).first() is not None:
        return False
    row = {"watch_id": watch_id, "story_id": story_id, "at": now}
    return bool(insert_new(connection, watch_stories, [row], returning=watch_stories.c.story_id))


def emit_watch_events(connection: Connection, *, now: datetime) -> int:
    """Emit `watch.matched` for stories found since the last call, one event per watch and story. Returns the number."""
    emitted = 0
    while rows := connection.execute(_untold()).all():
        for row in rows:
            if _note_story(connection, row.watch_id, row.story_id, now=now) and row.ended is None:
                data = {"watch": row.name, "article": row.article_id, "how": row.how}
                to = {"story_id": row.story_id, "watch_id": row.watch_id}
                add_event(connection, "watch.matched", now=now, data=data, **to)
                emitted += 1
            mark = update(watch_articles).where(
                watch_articles.c.watch_id == row.watch_id, watch_articles.c.article_id == row.article_id
            )
            connection.execute(mark.values(told=now))
    return emitted


def _untold() -> Select[Any]:
    """Attached articles only: the story of others is not known yet."""
    return (
        select(
            watch_articles.c.watch_id,
            watch_articles.c.article_id,
            watch_articles.c.how,
            articles.c.story_id,
            watches.c.name,
            watches.c.ended,
        )
        .join(articles, articles.c.id == watch_articles.c.article_id)
        .join(versions, versions.c.number == articles.c.version)
        .join(watches, watches.c.id == watch_articles.c.watch_id)
        .where(watch_articles.c.told.is_(None), versions.c.attached.is_not(None))
        .order_by(watch_articles.c.watch_id, watch_articles.c.article_id)
        .limit(EVENT_BATCH)
        .with_for_update(of=watch_articles)
    )


def followed_story(connection: Connection, watch_id: int, news_event: str | None) -> str | None:
    """The present story that stands for a followed news event: that of the article whose id the event had.

    If that article is gone, the story of the first hit that came by the event; None if there is none either.
    """
    by_id = select(articles.c.story_id).where(articles.c.id == news_event)
    if (found := connection.execute(by_id).scalar()) is not None:
        return str(found)
    hits = select(articles.c.story_id).join(watch_articles, watch_articles.c.article_id == articles.c.id)
    hits = hits.where(watch_articles.c.watch_id == watch_id, watch_articles.c.how == "event")
    left = connection.execute(hits.order_by(watch_articles.c.at, watch_articles.c.article_id).limit(1)).scalar()
    return None if left is None else str(left)


def watches_of_article(connection: Connection, article_id: str, *, now: datetime) -> list[int]:
    """The active watches that have this article, or another copy of its story."""
    home = select(articles.c.story_id).where(articles.c.id == article_id).scalar_subquery()
    query = (
        select(watch_articles.c.watch_id)
        .distinct()
        .join(articles, articles.c.id == watch_articles.c.article_id)
        .join(watches, watches.c.id == watch_articles.c.watch_id)
        .where(articles.c.story_id == home, is_watch_active(now))
    )
    return list(connection.execute(query.order_by(watch_articles.c.watch_id)).scalars())


def count_watch_stories(connection: Connection, watch_id: int) -> tuple[int, int]:
    """The number of stories, and of their copies."""
    found = select(func.count(), func.coalesce(func.sum(stories.c.copies), 0)).where(_of(watch_id))
    stories_found, copies_found = connection.execute(found).one()
    return stories_found, copies_found


def _of(watch_id: int) -> ColumnElement[bool]:
    """The condition for stories with a matching article."""
    homes = select(articles.c.story_id).join(watch_articles, watch_articles.c.article_id == articles.c.id)
    return stories.c.id.in_(homes.where(watch_articles.c.watch_id == watch_id))


def stories_of_watch(connection: Connection, watch_id: int, *, limit: int) -> list[WatchStory]:
    """The stories of a watch with all their copies, the latest seen first."""
    query = (
        select(*STORY_COLUMNS)
        .where(_of(watch_id))
        .order_by(stories.c.last_seen.desc(), stories.c.id.desc())
        .limit(limit)
    )
    records = [StoryRecord(*row) for row in connection.execute(query)]
    by_story = _copies(connection, [record.id for record in records])
    how = _how(connection, watch_id)
    return [
        WatchStory(record, tuple(WatchCopy(how.get(copy.id, "story"), copy) for copy in by_story.get(record.id, ())))
        for record in records
    ]


def _how(connection: Connection, watch_id: int) -> dict[str, str]:
    query = select(watch_articles.c.article_id, watch_articles.c.how).where(watch_articles.c.watch_id == watch_id)
    return {row.article_id: row.how for row in connection.execute(query)}


def _copies(connection: Connection, story_ids: Sequence[str]) -> dict[str, list[CopyRecord]]:
    """The copies of each story, in the order they were seen."""
    members = [one for (one,) in rows_in(connection, select(articles.c.id), articles.c.story_id, story_ids)]
    found: dict[str, list[CopyRecord]] = {}
    for copy in sorted(copies_by_id(connection, members), key=lambda one: (one.first_seen, one.id)):
        found.setdefault(copy.story_id, []).append(copy)
    return found
