"""Data of the front page besides the list: recent activity, and the spread of each story.

The page is open all day, so every query is bounded and uses an index.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, distinct, func, select

from onestory.store.queries import rows_in
from onestory.store.schema import events, sources, stories
from onestory.store.sources.failing import FailingSources, failing_sources
from onestory.store.stories.records import STORY_COLUMNS, StoryRecord

__all__ = [
    "CHANGE_EVENTS",
    "ActivitySummary",
    "StoryChange",
    "activity_since",
    "changed_stories",
    "has_sources",
    "has_stories",
    "resolve_stories",
    "story_languages",
]


CHANGE_EVENTS = ("story.corrected", "story.withdrawn")

WIDESPREAD_OUTLETS = 3

MAX_COUNTED = 10_000

MAX_READ = 500


@dataclass(frozen=True, slots=True)
class ActivitySummary:
    """Activity since a time: widespread stories with a new copy, corrected and withdrawn stories, and the sources that
    fail now.
    """

    widespread: int
    corrected: int
    withdrawn: int
    sources: FailingSources


@dataclass(frozen=True, slots=True)
class StoryChange:
    """A correction or withdrawal of a copy: the newest event of its kind.

    `is_original`: it concerns the story's original. `is_back`: the copy was withdrawn and has returned.
    """

    story_id: str
    kind: str
    at: datetime
    is_original: bool
    is_back: bool = False


def activity_since(connection: Connection, since: datetime) -> ActivitySummary:
    widespread = select(stories.c.outlets).where(
        stories.c.absorbed_into.is_(None), stories.c.last_seen >= since, stories.c.outlets >= WIDESPREAD_OUTLETS
    )
    changed = {kind: _stories_with(connection, kind, since) for kind in CHANGE_EVENTS}
    return ActivitySummary(
        widespread=connection.execute(
            select(func.count()).select_from(widespread.limit(MAX_COUNTED).subquery())
        ).scalar_one(),
        corrected=changed["story.corrected"],
        withdrawn=changed["story.withdrawn"],
        sources=failing_sources(connection),
    )


def _stories_with(connection: Connection, kind: str, since: datetime) -> int:
    query = select(func.count(distinct(events.c.story_id))).where(events.c.kind == kind, events.c.at >= since)
    return connection.execute(query).scalar_one()


def changed_stories(
    connection: Connection, *, kinds: Collection[str] = CHANGE_EVENTS, since: datetime, limit: int
) -> list[StoryChange]:
    """The latest changes first, one per story and kind, among the newest 500 events of each kind."""
    found: dict[tuple[str, str], StoryChange] = {}
    for kind in kinds:
        query = select(events.c.story_id, events.c.kind, events.c.at, events.c.data)
        query = query.where(events.c.kind == kind, events.c.at >= since, events.c.story_id.is_not(None))
        for row in connection.execute(query.order_by(events.c.at.desc()).limit(MAX_READ)):
            held = found.get((row.story_id, kind))
            is_original = bool(row.data.get("is_original")) or (held is not None and held.is_original)
            at, is_back = (row.at, bool(row.data.get("returned"))) if held is None else (held.at, held.is_back)
            found[row.story_id, kind] = StoryChange(row.story_id, kind, at, is_original, is_back)
    return sorted(found.values(), key=lambda change: (change.at, change.story_id), reverse=True)[:limit]


def resolve_stories(connection: Connection, ids: Collection[str]) -> dict[str, StoryRecord]:
    """The stories that these ids are or were absorbed into. Ids that lead nowhere are left out."""
    found: dict[str, StoryRecord] = {}
    wanted = {one: one for one in ids}
    # An id leads to its story in one step, except after a takedown.
    for _ in range(3):
        rows = _rows(connection, set(wanted.values()))
        found |= {asked: rows[now][0] for asked, now in wanted.items() if now in rows and rows[now][1] is None}
        wanted = {asked: into for asked, now in wanted.items() if now in rows and (into := rows[now][1]) is not None}
        if not wanted:
            break
    return found


def _rows(connection: Connection, ids: Collection[str]) -> dict[str, tuple[StoryRecord, str | None]]:
    query = select(*STORY_COLUMNS, stories.c.absorbed_into)
    return {row[0]: (StoryRecord(*row[:-1]), row[-1]) for row in rows_in(connection, query, stories.c.id, ids)}


def story_languages(connection: Connection) -> list[str]:
    """The languages of all stories. Reads the whole table, so cache the result."""
    query = select(stories.c.language).where(stories.c.absorbed_into.is_(None)).distinct()
    return sorted(code for code in connection.execute(query).scalars() if code)


def has_stories(connection: Connection) -> bool:
    return connection.execute(select(stories.c.id).limit(1)).first() is not None


def has_sources(connection: Connection) -> bool:
    return connection.execute(select(sources.c.id).limit(1)).first() is not None
