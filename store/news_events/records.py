"""Records of news events: lists, single events, and the stories of one."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, delete, func, select, tuple_, update

from onestory.errors import NotFound
from onestory.store.queries import chunks, columns_of, dialect_insert, rows_in
from onestory.store.schema import articles, news_event_stories, news_events, stories
from onestory.store.stories.records import StoryRecord, stories_by_id

__all__ = [
    "NewsEventCursor",
    "NewsEventFilter",
    "NewsEventRecord",
    "NewsEventSort",
    "NewsEventState",
    "assign_stories",
    "delete_news_events",
    "event_of_story",
    "event_with_other_stories",
    "events_of_stories",
    "list_news_events",
    "load_news_event",
    "news_events_by_id",
    "news_events_in_order",
    "resolve_news_event",
    "save_news_events",
    "states_of_events",
    "stories_of_event",
    "stories_of_events",
]

EVENTS_AT_ONCE = 500
NewsEventSort = Literal["newest", "stories", "outlets", "owners", "copies"]


@dataclass(frozen=True, slots=True)
class NewsEventState:
    """What is stored of an event. `languages` are by the number of stories, most first."""

    id: str
    label_story: str
    is_label_pinned: bool
    languages: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    stories: int
    copies: int
    outlets: int
    owners: int


@dataclass(frozen=True, slots=True)
class NewsEventRecord:
    """A news event. `label` is the headline of the story `label_story`, None if it has none.

    `first_seen` and `last_seen` are observed: its first copy, and its newest.
    """

    id: str
    label: str | None
    label_story: str
    is_label_pinned: bool
    language: str
    languages: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    stories: int
    copies: int
    outlets: int
    owners: int
    updated: datetime


@dataclass(frozen=True, slots=True)
class NewsEventFilter:
    """Which events to list. `since` and `until` bound the observed time of a copy."""

    since: datetime | None = None
    until: datetime | None = None
    min_stories: int = 1
    min_outlets: int = 1
    language: str | None = None


@dataclass(frozen=True, slots=True)
class NewsEventCursor:
    """The position in a list: after this event, with this value of what the list is sorted by."""

    place: datetime | int
    id: str


_SORT_COLUMNS = {
    "newest": news_events.c.last_seen,
    "stories": news_events.c.stories,
    "outlets": news_events.c.outlets,
    "owners": news_events.c.owners,
    "copies": news_events.c.copies,
}


def _query() -> Select[Any]:
    columns = [
        news_events.c.id,
        stories.c.title,
        news_events.c.label_story,
        news_events.c.is_label_pinned,
        func.coalesce(stories.c.language, ""),
        news_events.c.languages,
        *(news_events.c[name] for name in ("first_seen", "last_seen", "stories", "copies", "outlets", "owners")),
        news_events.c.updated,
    ]
    return select(*columns).outerjoin(stories, stories.c.id == news_events.c.label_story)


def _record(row: Any) -> NewsEventRecord:
    values = list(row)
    values[5] = tuple(values[5])
    return NewsEventRecord(*values)


def list_news_events(
    connection: Connection,
    wanted: NewsEventFilter,
    *,
    limit: int,
    sort: NewsEventSort = "newest",
    after: NewsEventCursor | None = None,
) -> tuple[list[NewsEventRecord], NewsEventCursor | None]:
    """One page of events, and the position of the next page, None at the end."""
    place = _SORT_COLUMNS[sort]
    query = _query()
    if wanted.since is not None:
        query = query.where(news_events.c.last_seen >= wanted.since)
    if wanted.until is not None:
        query = query.where(news_events.c.first_seen < wanted.until)
    if wanted.min_stories > 1:
        query = query.where(news_events.c.stories >= wanted.min_stories)
    if wanted.min_outlets > 1:
        query = query.where(news_events.c.outlets >= wanted.min_outlets)
    if wanted.language is not None:
        members = news_event_stories.c
        query = query.where(
            select(members.story_id)
            .where(members.event_id == news_events.c.id, members.language == wanted.language)
            .correlate(news_events)
            .exists()
        )
    if after is not None:
        query = query.where(tuple_(place, news_events.c.id) < (after.place, after.id))
    rows = connection.execute(query.order_by(place.desc(), news_events.c.id.desc()).limit(limit + 1)).all()
    found = [_record(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    last = found[-1]
    return found, NewsEventCursor(last.last_seen if sort == "newest" else getattr(last, sort), last.id)


def news_events_in_order(connection: Connection) -> Iterator[list[NewsEventRecord]]:
    """All events in the order of their ids, by the page."""
    after = ""
    while rows := connection.execute(
        _query().where(news_events.c.id > after).order_by(news_events.c.id).limit(EVENTS_AT_ONCE)
    ).all():
        page = [_record(row) for row in rows]
        yield page
        after = page[-1].id


def load_news_event(connection: Connection, event_id: str) -> NewsEventRecord:
    """Raises NotFound."""
    row = connection.execute(_query().where(news_events.c.id == event_id)).first()
    if row is None:
        raise NotFound(f"there is no news event {event_id}")
    return _record(row)


def news_events_by_id(connection: Connection, event_ids: Collection[str]) -> dict[str, NewsEventRecord]:
    return {row[0]: _record(row) for row in rows_in(connection, _query(), news_events.c.id, event_ids)}


def resolve_news_event(connection: Connection, name: str) -> str:
    """The id of the event that this id leads to: of an event, or of a story or article in one. Raises NotFound."""
    if connection.execute(select(news_events.c.id).where(news_events.c.id == name)).first() is not None:
        return name
    home = connection.execute(select(articles.c.story_id).where(articles.c.id == name)).scalar()
    found = event_of_story(connection, home or name)
    if found is None:
        raise NotFound(f"there is no news event {name}; a new story is grouped within seconds while the server runs")
    return found


def event_of_story(connection: Connection, story_id: str) -> str | None:
    """The event of a story, None if it is in none: not grouped yet, or a round-up."""
    query = select(news_event_stories.c.event_id).where(news_event_stories.c.story_id == story_id)
    found: str | None = connection.execute(query).scalar()
    return found


def event_with_other_stories(connection: Connection, story_id: str) -> NewsEventRecord | None:
    """The event of a story, if it has other stories."""
    event = event_of_story(connection, story_id)
    found = None if event is None else news_events_by_id(connection, [event]).get(event)
    return found if found is not None and found.stories > 1 else None


def events_of_stories(connection: Connection, story_ids: Collection[str]) -> dict[str, str]:
    """The events of these stories; those in none are left out."""
    query = select(news_event_stories.c.story_id, news_event_stories.c.event_id)
    rows = rows_in(connection, query, news_event_stories.c.story_id, story_ids)
    return {story: event for story, event in rows if event is not None}


def stories_of_event(connection: Connection, event_id: str) -> list[StoryRecord]:
    """The stories of an event, the first seen first."""
    query = select(news_event_stories.c.story_id).where(news_event_stories.c.event_id == event_id)
    found = stories_by_id(connection, connection.execute(query).scalars().all())
    return sorted(found.values(), key=lambda story: (story.first_seen, story.id))


def stories_of_events(connection: Connection, event_ids: Collection[str]) -> dict[str, list[str]]:
    """The ids of the stories of each event, in order."""
    query = select(news_event_stories.c.event_id, news_event_stories.c.story_id)
    query = query.order_by(news_event_stories.c.story_id)
    found: dict[str, list[str]] = {}
    for event, story in rows_in(connection, query, news_event_stories.c.event_id, event_ids):
        found.setdefault(event, []).append(story)
    return found


def save_news_events(connection: Connection, states: Sequence[NewsEventState], *, now: datetime) -> None:
    """Insert or replace events."""
    if not states:
        return
    rows = [
        {**{field.name: getattr(state, field.name) for field in fields(state)}, "languages": list(state.languages)}
        for state in states
    ]
    statement = dialect_insert(connection, news_events)
    kept = {name: statement.excluded[name] for name in (*rows[0], "updated") if name != "id"}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_=kept), [{**row, "updated": now} for row in rows]
    )


def delete_news_events(connection: Connection, event_ids: Collection[str]) -> None:
    for part in chunks(event_ids):
        connection.execute(delete(news_events).where(news_events.c.id.in_(part)))


def states_of_events(connection: Connection, event_ids: Collection[str]) -> dict[str, NewsEventState]:
    """What is stored of these events, by id."""
    columns = columns_of(news_events, NewsEventState)
    found: dict[str, NewsEventState] = {}
    for row in rows_in(connection, select(*columns), news_events.c.id, event_ids):
        values = dict(zip((column.name for column in columns), row, strict=True))
        found[row.id] = NewsEventState(**{**values, "languages": tuple(row.languages)})
    return found


def assign_stories(connection: Connection, homes: dict[str, str]) -> None:
    """Write the event (value) of stories (key)."""
    by_event: dict[str, list[str]] = {}
    for story, event in homes.items():
        by_event.setdefault(event, []).append(story)
    for event, members in by_event.items():
        for part in chunks(members):
            these = news_event_stories.c.story_id.in_(part)
            connection.execute(update(news_event_stories).where(these).values(event_id=event))
