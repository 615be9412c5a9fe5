"""The stories in memory that new ones are compared with: those of the days around them, and their events."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from onestory.news_events.features import FEATURES_VERSION, StoryFeatures
from onestory.news_events.live_stories import LiveStories
from onestory.news_events.similarity import ARCHIVED, OBSERVED
from onestory.pipelines.news_events.embedding import stored_semantics
from onestory.pipelines.news_events.story_features import features_of_row
from onestory.store.news_events.members import MemberRow, links_of_stories, members_of_days, members_of_events

__all__ = ["StoryWindow"]

LEAST_ROOM = 50_000


class _Kind(NamedTuple):
    """Stories by their time or by when they were stored, all of them or only some."""

    by: Literal["time", "seen"]
    only: Literal["imported", "timeless"] | None = None


BY_TIME, IMPORTED = _Kind("time"), _Kind("time", "imported")
STORED, TIMELESS = _Kind("seen"), _Kind("seen", "timeless")


class StoryWindow:
    """Loads stories by day as they are needed, and starts over when it holds twice what it began with."""

    def __init__(self) -> None:
        self.live = LiveStories()
        self.homes: dict[str, str] = {}  # the event of each story, as stored
        self._loaded: dict[_Kind, set[date]] = {}
        self._room = LEAST_ROOM

    def load_around(self, connection: Connection, entering: Sequence[StoryFeatures]) -> None:
        """Have all stories in memory that these may be linked with, and the other stories of their events."""
        if len(self.live) > self._room:
            self.clear()
        is_new = not len(self.live)
        rows: list[MemberRow] = []
        for kind, days in _wanted_days(entering).items():
            loaded = self._loaded.setdefault(kind, set())
            rows += members_of_days(connection, days - loaded, by=kind.by, only=kind.only)
            loaded |= days
        if rows:
            events = {row.event_id for row in rows if row.event_id is not None}
            self._add(connection, [*rows, *members_of_events(connection, events)])
        if is_new:
            self._room = max(LEAST_ROOM, 2 * len(self.live))

    def _add(self, connection: Connection, rows: Iterable[MemberRow]) -> None:
        # Rows with features of another version are out of date: their stories are due anyway.
        wanted = {
            row.story_id: row for row in rows if row.story_id not in self.live and row.features == FEATURES_VERSION
        }
        links = links_of_stories(connection, list(wanted))
        semantic = stored_semantics(connection, wanted)
        for row in wanted.values():
            self.live.add(features_of_row(row, semantic.get(row.story_id)), links.get(row.story_id, {}))
            if row.event_id is not None:
                self.homes[row.story_id] = row.event_id

    def remove(self, story: str) -> None:
        self.live.remove(story)
        self.homes.pop(story, None)

    def differing(self, groups: Iterable[Sequence[str]], changed: Collection[str]) -> list[Sequence[str]]:
        """The groups that are not whole events already, or hold a story that changed."""
        sizes = Counter(self.homes.values())
        return [
            group for group in groups if not self._is_event(group, sizes) or any(story in changed for story in group)
        ]

    def _is_event(self, group: Sequence[str], sizes: Mapping[str, int]) -> bool:
        homes = {self.homes.get(story) for story in group}
        home = homes.pop()
        return not homes and home is not None and sizes[home] == len(group)

    def clear(self) -> None:
        """Forget everything; the next load reads it from the database."""
        self.live = LiveStories()
        self.homes = {}
        self._loaded = {}


def _wanted_days(entering: Iterable[StoryFeatures]) -> dict[_Kind, set[date]]:
    """The days that these stories are compared with, by the kind of stories there."""
    wanted: dict[_Kind, set[date]] = {kind: set() for kind in (BY_TIME, IMPORTED, STORED, TIMELESS)}
    for story in entering:
        stored = _days_around(story.seen, ARCHIVED.max_gap)
        if story.time is None:
            wanted[STORED] |= stored
            continue
        near, far = (_days_around(story.time, loss.max_gap) for loss in (OBSERVED, ARCHIVED))
        wanted[BY_TIME] |= near if story.is_observed else far
        wanted[IMPORTED] |= far
        wanted[TIMELESS] |= stored
    return wanted


def _days_around(time: datetime, gap: timedelta) -> set[date]:
    first, last = (time - gap).date(), (time + gap).date()
    return {first + timedelta(days=count) for count in range((last - first).days + 1)}
