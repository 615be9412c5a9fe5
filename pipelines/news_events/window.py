"""The stories in memory that new ones are compared with: those of the days around them, and their events."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from onestory.news_events.features import FEATURES_VERSION, StoryFeatures
from onestory.news_events.live_stories import LiveStories
from onestory.news_events.similarity import MAX_GAP
from onestory.pipelines.news_events.story_features import features_of_row
from onestory.store.news_events.members import MemberRow, links_of_stories, members_of_days, members_of_same_events

__all__ = ["StoryWindow"]

LEAST_ROOM = 50_000


class StoryWindow:
    """Loads stories by day as they are needed, and starts over when it holds twice what it began with."""

    def __init__(self) -> None:
        self.live = LiveStories()
        self._days: set[date] = set()
        self._room = LEAST_ROOM

    def load_around(self, connection: Connection, times: Collection[datetime]) -> None:
        """Have all stories in memory that stories of these times may be linked with."""
        if len(self.live) > self._room:
            self.clear()
        missing = sorted({day for time in times for day in _days_around(time)} - self._days)
        if not missing:
            return
        is_new = not self._days
        self._days |= set(missing)
        self._add(connection, members_of_days(connection, missing))
        self._add(connection, members_of_same_events(connection, missing))
        if is_new:
            self._room = max(LEAST_ROOM, 2 * len(self.live))

    def _add(self, connection: Connection, rows: Iterable[MemberRow]) -> None:
        # Rows with features of another version are out of date: their stories are due anyway.
        wanted = [row for row in rows if row.story_id not in self.live and row.features == FEATURES_VERSION]
        links = links_of_stories(connection, [row.story_id for row in wanted])
        for row in wanted:
            self.live.add(features_of_row(row), links.get(row.story_id, {}))

    def add(self, features: StoryFeatures) -> dict[str, int]:
        """Add or replace a story, and return its links."""
        return self.live.add(features)

    def clear(self) -> None:
        """Forget everything; the next load reads it from the database."""
        self.live = LiveStories()
        self._days = set()


def _days_around(time: datetime) -> list[date]:
    first, last = (time - MAX_GAP).date(), (time + MAX_GAP).date()
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]
