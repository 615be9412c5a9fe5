"""Groups stored stories into news events, a batch at a time, and writes what changed.

The grouping follows the stories: it reads those that changed since it last saw them, compares each with the stories of
the days around it, and partitions the stories that are connected with them again. A crash between two batches loses
nothing, as a story counts as seen in the transaction that writes its event.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from onestory.news_events.features import FEATURES_VERSION, StoryFeatures
from onestory.news_events.partition import Ruling, partition
from onestory.pipelines.news_events.assembly import event_state, similarity_sums
from onestory.pipelines.news_events.coverage_events import emit_coverage_events
from onestory.pipelines.news_events.story_features import features_of_story, row_of_features
from onestory.pipelines.news_events.window import StoryWindow
from onestory.store.database import Store
from onestory.store.news_events.decisions import NewsEventDecision, effective_decisions
from onestory.store.news_events.members import (
    ChangedStory,
    changed_stories,
    delete_members,
    owners_of_stories,
    save_members,
    stories_to_look_at_again,
    story_rows,
)
from onestory.store.news_events.records import (
    NewsEventState,
    assign_stories,
    delete_news_events,
    events_of_stories,
    save_news_events,
    states_of_events,
    stories_of_events,
)
from onestory.store.queries import AdvisoryLock, hold_advisory_lock
from onestory.store.settings import NEWS_EVENTS_WRITER, read_setting, write_setting

__all__ = ["NewsEventGrouper"]

STORIES_AT_ONCE = 200
# A transaction that began earlier may commit later, so changes of the last moments are read again.
OVERLAP = timedelta(seconds=60)


class NewsEventGrouper:
    """Groups the stories of a store. Several may run: each notices the writes of another one and reads again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._token = uuid.uuid4().hex
        self._window = StoryWindow()
        self._seen_until: datetime | None = None

    def step(self, *, now: datetime) -> int:
        """Group the next stories that changed, and return how many; 0 if none is waiting.

        Raises Unavailable. After any error the memory is cleared, and the next step begins anew.
        """
        try:
            return self._step(now)
        except BaseException:
            self._window.clear()
            raise

    def _step(self, now: datetime) -> int:
        with self._store.read() as connection:
            changed = self._changed(connection)
        if not changed:
            self._seen_until = now
            return 0
        computed = [(story, features_of_story(story)) for story in changed if story.is_grouped]
        with self._store.write() as connection:
            hold_advisory_lock(connection, AdvisoryLock.NEWS_EVENTS)
            if read_setting(connection, NEWS_EVENTS_WRITER) != self._token:
                self._window.clear()
                write_setting(connection, NEWS_EVENTS_WRITER, self._token)
            delete_members(connection, self._leave([story.id for story in changed if not story.is_grouped]))
            touched = self._enter(connection, computed)
            self._regroup(connection, touched, now=now)
        return len(changed)

    def _changed(self, connection: Connection) -> list[ChangedStory]:
        again = stories_to_look_at_again(connection, limit=STORIES_AT_ONCE)
        if again:
            return changed_stories(connection, features=FEATURES_VERSION, among=again, limit=STORIES_AT_ONCE)
        since = None if self._seen_until is None else self._seen_until - OVERLAP
        return changed_stories(connection, features=FEATURES_VERSION, since=since, limit=STORIES_AT_ONCE)

    def _leave(self, story_ids: Sequence[str]) -> Sequence[str]:
        for story in story_ids:
            self._window.live.remove(story)
        return story_ids

    def _enter(self, connection: Connection, computed: Sequence[tuple[ChangedStory, StoryFeatures]]) -> set[str]:
        """Compare these stories with those around them, and keep what was found. Returns all that may regroup."""
        self._window.load_around(connection, [features for _, features in computed])
        links = {features.story: self._window.live.add(features) for _, features in computed}
        rows = [row_of_features(features, story) for story, features in computed]
        save_members(connection, rows, links)
        return {story for story, others in links.items() for story in (story, *others)}

    def _regroup(self, connection: Connection, touched: Collection[str], *, now: datetime) -> None:
        """Partition what is connected with these stories again, and write the events that changed."""
        decisions = effective_decisions(connection)
        former = events_of_stories(connection, touched)
        mates = {story for members in stories_of_events(connection, set(former.values())).values() for story in members}
        together = [{*one.stories, *one.against} for one in decisions if one.kind != "label"]
        connected = self._window.live.connected({*touched, *mates}, together)
        rows = story_rows(connection, connected)
        for gone in set(connected) - rows.keys():
            self._window.live.remove(gone)
        stories, edges = self._window.live.edges_among(rows.keys())
        groups = partition(stories, edges, _rulings(decisions))
        typical = similarity_sums(stories, edges, groups)
        outlets = owners_of_stories(connection, stories)
        pinned = [story for one in decisions if one.kind == "label" for story in one.stories]
        states = [
            event_state([rows[story] for story in group], typical=typical, outlets=outlets, pinned=pinned)
            for group in groups
        ]
        homes = {story: state.id for state, group in zip(states, groups, strict=True) for story in group}
        self._write(connection, _Regrouping({story: row.event_id for story, row in rows.items()}, homes, states), now)

    def _write(self, connection: Connection, made: "_Regrouping", now: datetime) -> None:
        before = states_of_events(connection, {*made.former_events, *(state.id for state in made.states)})
        fresh = [state for state in made.states if before.get(state.id) != state]
        assign_stories(connection, {story: home for story, home in made.homes.items() if made.former[story] != home})
        save_news_events(connection, fresh, now=now)
        held = {state.id for state in made.states}
        left = stories_of_events(connection, made.former_events - held)
        delete_news_events(connection, made.former_events - held - left.keys())
        emit_coverage_events(connection, fresh, before, now=now)


@dataclass(frozen=True, slots=True)
class _Regrouping:
    """The stories' former events, their new ones, and the new events."""

    former: dict[str, str | None]
    homes: dict[str, str]
    states: Sequence[NewsEventState]

    @property
    def former_events(self) -> set[str]:
        return {event for event in self.former.values() if event is not None}


def _rulings(decisions: Sequence[NewsEventDecision]) -> list[Ruling]:
    return [
        Ruling(frozenset(one.stories), frozenset(one.against)) for one in decisions if one.kind in ("together", "apart")
    ]
