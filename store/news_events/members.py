"""What is stored of each story for the grouping into news events."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, func, select, update

from onestory.store.queries import chunks, columns_of, dialect_insert, existing_values, rows_in
from onestory.store.schema import (
    articles,
    news_event_links,
    news_event_stories,
    news_events,
    outlets,
    stories,
)

__all__ = [
    "MemberRow",
    "StoryRow",
    "delete_members",
    "existing_stories",
    "links_of_stories",
    "members_of_days",
    "members_of_events",
    "owners_of_stories",
    "save_members",
    "story_rows",
]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A row of `news_event_stories`. `vector` is a `TermVector` as bytes."""

    story_id: str
    event_id: str | None
    representative: str
    time: datetime | None
    seen: datetime
    is_observed: bool
    language: str
    outlet: str
    series: str
    vector: bytes
    features: str
    story_updated: datetime | None


@dataclass(frozen=True, slots=True)
class StoryRow:
    """What an event shows of one of its stories."""

    id: str
    event_id: str | None
    language: str
    first_seen: datetime
    last_seen: datetime
    copies: int
    arrival: int


_MEMBER_COLUMNS = columns_of(news_event_stories, MemberRow)


def members_of_days(
    connection: Connection,
    days: Collection[date],
    *,
    by: Literal["time", "seen"] = "time",
    only: Literal["imported", "timeless"] | None = None,
) -> list[MemberRow]:
    """The rows of stories whose time, or whose `seen`, lies on these days (UTC); on request only some kind of them."""
    column = news_event_stories.c[by]
    kinds = {"imported": ~news_event_stories.c.is_observed, "timeless": news_event_stories.c.time.is_(None)}
    found: list[MemberRow] = []
    for begin, end in _spans(days):
        query = select(*_MEMBER_COLUMNS).where(column >= begin, column < end)
        if only is not None:
            query = query.where(kinds[only])
        rows = connection.execute(query.order_by(column, news_event_stories.c.story_id))
        found += [MemberRow(*row) for row in rows]
    return found


def members_of_events(connection: Connection, event_ids: Collection[str]) -> list[MemberRow]:
    """The rows of all stories of these events."""
    query = select(*_MEMBER_COLUMNS).order_by(news_event_stories.c.story_id)
    return [MemberRow(*row) for row in rows_in(connection, query, news_event_stories.c.event_id, event_ids)]


def _spans(days: Collection[date]) -> Iterator[tuple[datetime, datetime]]:
    """The days as spans of time; adjacent days are one span."""
    ordered = sorted(days)
    begin = 0
    for at in range(1, len(ordered) + 1):
        if at == len(ordered) or ordered[at] - ordered[at - 1] > timedelta(days=1):
            first, last = (datetime.combine(day, time(), UTC) for day in (ordered[begin], ordered[at - 1]))
            yield first, last + timedelta(days=1)
            begin = at


def links_of_stories(connection: Connection, story_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """The links of these stories: by story, the similarity of each that it is linked with."""
    found: dict[str, dict[str, int]] = {}
    for own, other in ((news_event_links.c.a, news_event_links.c.b), (news_event_links.c.b, news_event_links.c.a)):
        query = select(own, other, news_event_links.c.similarity)
        for story, linked, similarity in rows_in(connection, query, own, story_ids):
            found.setdefault(story, {})[linked] = similarity
    return found


def save_members(connection: Connection, rows: Sequence[MemberRow], links: Mapping[str, Mapping[str, int]]) -> None:
    """Insert or replace rows, and replace all links of their stories. Stories deleted meanwhile are skipped."""
    there = existing_stories(connection, [row.story_id for row in rows])
    rows = [row for row in rows if row.story_id in there]
    if not rows:
        return
    columns = [column.name for column in _MEMBER_COLUMNS]
    statement = dialect_insert(connection, news_event_stories)
    kept = {name: statement.excluded[name] for name in columns if name not in ("story_id", "event_id")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["story_id"], set_=kept),
        [{name: getattr(row, name) for name in columns} for row in rows],
    )
    _delete_links(connection, [row.story_id for row in rows])
    ends = {end for story in there for end in (story, *links.get(story, ()))}
    held = existing_values(connection, news_event_stories.c.story_id, ends)
    new = [
        {"a": min(story, other), "b": max(story, other), "similarity": similarity}
        for story in there
        for other, similarity in links.get(story, {}).items()
        if other in held
    ]
    if new:
        connection.execute(dialect_insert(connection, news_event_links).on_conflict_do_nothing(), new)


def _delete_links(connection: Connection, story_ids: Collection[str]) -> None:
    for part in chunks(story_ids):
        for end in (news_event_links.c.a, news_event_links.c.b):
            connection.execute(delete(news_event_links).where(end.in_(part)))


def delete_members(connection: Connection, story_ids: Collection[str]) -> None:
    """Take stories out of their events. The rest is looked at again; an event without stories is deleted."""
    touched: set[str] = set()
    for part in chunks(story_ids):
        of_part = news_event_stories.c.story_id.in_(part)
        touched |= set(connection.execute(select(news_event_stories.c.event_id).where(of_part)).scalars()) - {None}
        _delete_links(connection, part)
        connection.execute(delete(news_event_stories).where(of_part))
    for part in chunks(touched):
        left = news_event_stories.c.event_id.in_(part)
        connection.execute(update(news_event_stories).where(left).values(story_updated=None))
        has_stories = select(news_event_stories.c.event_id).where(left)
        gone = news_events.c.id.in_(part) & news_events.c.id.not_in(has_stories)
        connection.execute(delete(news_events).where(gone))


def existing_stories(connection: Connection, story_ids: Collection[str]) -> set[str]:
    """Those of these stories that were not deleted."""
    return existing_values(connection, stories.c.id, story_ids)


def story_rows(connection: Connection, story_ids: Collection[str]) -> dict[str, StoryRow]:
    """The rows of these stories that still exist, grouped before or not."""
    query = (
        select(
            stories.c.id,
            news_event_stories.c.event_id,
            func.coalesce(stories.c.language, ""),
            stories.c.first_seen,
            stories.c.last_seen,
            stories.c.copies,
            articles.c.arrival,
        )
        .outerjoin(news_event_stories, news_event_stories.c.story_id == stories.c.id)
        .join(articles, articles.c.id == stories.c.id)
        .where(stories.c.absorbed_into.is_(None))
    )
    return {row[0]: StoryRow(*row) for row in rows_in(connection, query, stories.c.id, story_ids)}


def owners_of_stories(connection: Connection, story_ids: Collection[str]) -> dict[str, set[tuple[str, str]]]:
    """By story, the outlets that run it, each with its owner (or itself)."""
    query = (
        select(articles.c.story_id, articles.c.outlet, func.coalesce(outlets.c.owner, articles.c.outlet))
        .outerjoin(outlets, outlets.c.name == articles.c.outlet)
        .distinct()
    )
    found: dict[str, set[tuple[str, str]]] = {}
    for story, outlet, owner in rows_in(connection, query, articles.c.story_id, story_ids):
        found.setdefault(story, set()).add((outlet, owner))
    return found
