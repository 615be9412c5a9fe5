"""Groups stored stories into news events, a batch at a time, and writes what changed.

The grouping follows the stories: it reads those that changed since it last saw them, compares each with the stories of
the days around it, and partitions the stories that are connected with them again. A crash between two batches loses
nothing, as a story counts as seen in the transaction that writes its event.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from onestory.news_events.features import FEATURES_VERSION
from onestory.news_events.partition import Ruling, partition
from onestory.pipelines.news_events.assembly import event_state, similarity_sums
from onestory.pipelines.news_events.coverage_events import emit_coverage_events
from onestory.pipelines.news_events.embedding import stored_semantics
from onestory.pipelines.news_events.story_features import features_of_story, row_of_features
from onestory.pipelines.news_events.window import StoryWindow
from onestory.pipelines.watches.followed_events import record_event_hits
from onestory.store.database import Store
from onestory.store.news_events.changed_stories import (
    ChangedStory,
    changed_stories,
    count_changed_stories,
    look_at_again,
    stories_to_look_at_again,
)
from onestory.store.news_events.decisions import NewsEventDecision, effective_decisions
from onestory.store.news_events.members import (
    MemberRow,
    delete_members,
    existing_stories,
    owners_of_stories,
    save_members,
    story_rows,
)
from onestory.store.news_events.records import (
    NewsEventState,
    assign_stories,
    delete_news_events,
    save_news_events,
    states_of_events,
    stories_of_events,
)
from onestory.store.queries import AdvisoryLock, hold_advisory_lock, lock_stories
from onestory.store.settings import NEWS_EVENTS_WRITER, read_setting, write_setting
from onestory.store.watches.watches import lock_watches

__all__ = ["NewsEventGrouper"]

STORIES_AT_ONCE = 200
# A transaction that began earlier may commit later, so changes of the last moments are read again.
OVERLAP = timedelta(seconds=60)


class NewsEventGrouper:
    """Groups the stories of a store. Several may run: each notices the writes of another one and reads again.

    A batch is compared and partitioned in a read transaction; only its result is written, so that writers of articles
    wait for no computation.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._token = uuid.uuid4().hex
        self._window = StoryWindow()
        self._seen_until: datetime | None = None

    def step(self, *, now: datetime, limit: int = STORIES_AT_ONCE) -> int:
        """Group the next stories that changed, at most `limit`, and return how many; 0 if none is waiting.

        Raises Unavailable. After any error the memory is cleared, and the next step begins anew.
        """
        try:
            while True:
                batch = self._read(limit)
                if batch is None:
                    self._seen_until = now
                    return 0
                with self._store.write() as connection:
                    is_written = self._write(connection, batch, now=now)
                if is_written:
                    self._window.homes |= batch.regrouping.homes
                    return batch.size
                self._window.clear()
        except BaseException:
            self._window.clear()
            raise

    def waiting(self) -> int:
        """How many stories have changed and wait to be grouped."""
        with self._store.read() as connection:
            return count_changed_stories(connection, features=FEATURES_VERSION)

    def _read(self, limit: int) -> "_Batch | None":
        with self._store.read() as connection:
            return self._batch(connection, limit)

    def _batch(self, connection: Connection, limit: int) -> "_Batch | None":
        writer = read_setting(connection, NEWS_EVENTS_WRITER)
        if writer != self._token:
            self._window.clear()
        changed = self._changed(connection, limit)
        if not changed:
            return None
        leaving = [story.id for story in changed if not story.is_grouped]
        former = {self._window.homes.get(story) for story in leaving}
        for story in leaving:
            self._window.remove(story)
        semantic = stored_semantics(connection, [story.id for story in changed])
        computed = [(story, features_of_story(story, semantic.get(story.id))) for story in changed if story.is_grouped]
        self._window.load_around(connection, [features for _, features in computed])
        for _, features in computed:
            # So that none is linked with what another of them was before.
            self._window.live.remove(features.story)
        links = {features.story: self._window.live.add(features) for _, features in computed}
        rows = [row_of_features(features, story) for story, features in computed]
        linked = {story for story, others in links.items() for story in (story, *others)} | self._window.live.settle()
        former |= {self._window.homes.get(story) for story in linked}
        mates = {story for story, home in self._window.homes.items() if home in former and home is not None}
        worn = self._window.live.worn()
        return _Batch(writer, leaving, rows, links, worn, self._regrouped(connection, set(links), linked | mates))

    def _changed(self, connection: Connection, limit: int) -> list[ChangedStory]:
        again = stories_to_look_at_again(connection, limit=limit)
        if again:
            return changed_stories(connection, features=FEATURES_VERSION, among=again, limit=limit)
        since = None if self._seen_until is None else self._seen_until - OVERLAP
        return changed_stories(connection, features=FEATURES_VERSION, since=since, limit=limit)

    def _regrouped(self, connection: Connection, changed: Collection[str], near: Collection[str]) -> "_Regrouping":
        """Partition again what is connected with these stories. Only events that differ from before are read.

        `changed` are stories whose event is written in any case, `near` those that may have another event now.
        """
        decisions = effective_decisions(connection)
        together = [{*one.stories, *one.against} for one in decisions if one.kind != "label"]
        connected = self._window.live.connected({*changed, *near}, together)
        stories, edges = self._window.live.edges_among(connected)
        groups = self._window.differing(partition(stories, edges, _rulings(decisions)), changed)
        wanted = [story for group in groups for story in group]
        rows = story_rows(connection, wanted)
        if len(rows) < len(wanted):
            # Some stories were deleted after they were loaded.
            for gone in set(wanted) - rows.keys():
                self._window.remove(gone)
            return self._regrouped(connection, {*changed} & rows.keys(), {*near} - (set(wanted) - rows.keys()))
        typical = similarity_sums(stories, edges, groups)
        outlets = owners_of_stories(connection, wanted)
        pinned = [story for one in decisions if one.kind == "label" for story in one.stories]
        states = [
            event_state([rows[story] for story in group], typical=typical, outlets=outlets, pinned=pinned)
            for group in groups
        ]
        homes = {story: state.id for state, group in zip(states, groups, strict=True) for story in group}
        return _Regrouping({story: row.event_id for story, row in rows.items()}, homes, states)

    def _write(self, connection: Connection, batch: "_Batch", *, now: datetime) -> bool:
        """Write a batch, unless another process grouped meanwhile, or a story of its events was taken down."""
        lock_watches(connection, alone=False)
        hold_advisory_lock(connection, AdvisoryLock.NEWS_EVENTS)
        # First, so that a takedown that holds one of them finds all rows of events free.
        lock_stories(connection, [row.story_id for row in batch.rows])
        if read_setting(connection, NEWS_EVENTS_WRITER) != batch.writer:
            return False
        made = batch.regrouping
        before = states_of_events(connection, {*made.former_events, *(state.id for state in made.states)})
        fresh = [state for state in made.states if before.get(state.id) != state]
        shown = made.stories_of({state.id for state in fresh})
        if len(existing_stories(connection, shown)) < len(shown):
            return False
        if batch.writer != self._token:
            write_setting(connection, NEWS_EVENTS_WRITER, self._token)
        delete_members(connection, batch.leaving)
        save_members(connection, batch.rows, batch.links)
        look_at_again(connection, batch.worn)
        assign_stories(connection, {story: home for story, home in made.homes.items() if made.former[story] != home})
        save_news_events(connection, fresh, now=now)
        # Events that lost their last story to others.
        touched = {*made.former_events, *(state.id for state in fresh)}
        delete_news_events(connection, touched - stories_of_events(connection, touched).keys())
        emit_coverage_events(connection, fresh, before, now=now)
        record_event_hits(connection, {state.id for state in fresh}, now=now)
        return True


@dataclass(frozen=True, slots=True)
class _Regrouping:
    """The stories' former events, their new ones, and the new events."""

    former: Mapping[str, str | None]
    homes: Mapping[str, str]
    states: Sequence[NewsEventState]

    @property
    def former_events(self) -> set[str]:
        return {event for event in self.former.values() if event is not None}

    def stories_of(self, events: Collection[str]) -> list[str]:
        return [story for story, home in self.homes.items() if home in events]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What a step writes: stories that leave, rows and links of those that are new or have changed, and the events.

    `worn` are stories that are to be compared with all others again; `writer` is the process that had grouped last when
    the batch was computed.
    """

    writer: str | None
    leaving: Sequence[str]
    rows: Sequence[MemberRow]
    links: Mapping[str, Mapping[str, int]]
    worn: Sequence[str]
    regrouping: _Regrouping

    @property
    def size(self) -> int:
        return len(self.leaving) + len(self.rows)


def _rulings(decisions: Sequence[NewsEventDecision]) -> list[Ruling]:
    return [
        Ruling(frozenset(one.stories), frozenset(one.against)) for one in decisions if one.kind in ("together", "apart")
    ]
