"""What an editor decides about news events: kept, and obeyed in every grouping to come."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from onestory.errors import BadInput
from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.pipelines.stories.decisions import DecisionNote
from onestory.store.database import Store
from onestory.store.news_events.decisions import (
    NewsEventDecisionKind,
    mark_event_decision_undone,
    news_event_decision,
    record_event_decision,
)
from onestory.store.news_events.records import event_of_story, events_of_stories, resolve_news_event, stories_of_events
from onestory.store.stories.references import story_named

__all__ = [
    "EventDecisionResult",
    "event_of_named_story",
    "merge_events",
    "move_story",
    "pin_event_label",
    "split_event",
    "undo_event_decision",
]


@dataclass(frozen=True, slots=True)
class EventDecisionResult:
    """The number of the decision, and the events that the named stories are in now."""

    number: int
    events: tuple[str, ...]


def merge_events(store: Store, names: Sequence[str], note: DecisionNote) -> EventDecisionResult:
    """These events (ids of events, or of stories in them) are one. Raises NotFound, BadInput."""
    with store.read() as connection:
        events = {resolve_news_event(connection, name) for name in names}
        members = {story for held in stories_of_events(connection, events).values() for story in held}
    if len(events) < 2:
        raise BadInput("these are one news event already: name another one")
    return _decided(store, "together", members, set(), note)


def split_event(store: Store, names: Sequence[str], note: DecisionNote) -> EventDecisionResult:
    """These stories (ids, or URLs of articles) leave their event, as one event of their own.

    Raises NotFound, BadInput.
    """
    leaving, staying = _leaving_and_staying(store, names)
    return _decided(store, "apart", leaving, staying, note)


def move_story(store: Store, name: str, event: str, note: DecisionNote) -> EventDecisionResult:
    """This story leaves its event for another one. Raises NotFound, BadInput."""
    leaving, staying = _leaving_and_staying(store, [name], may_be_all=True)
    with store.read() as connection:
        target = resolve_news_event(connection, event)
        joined = set(stories_of_events(connection, [target])[target])
    if joined & (leaving | staying):
        raise BadInput("the story is in that news event already")
    return _decided(store, "apart", leaving | joined, staying, note)


def pin_event_label(store: Store, name: str, note: DecisionNote) -> EventDecisionResult:
    """The headline of this story names its event. Raises NotFound."""
    with store.read() as connection:
        story = story_named(connection, name)
    return _decided(store, "label", {story}, set(), note)


def undo_event_decision(store: Store, number: int, note: DecisionNote) -> EventDecisionResult:
    """Raises NotFound, BadInput."""
    with store.write() as connection:
        decision = news_event_decision(connection, number)
        mark_event_decision_undone(connection, number, who=note.who, now=note.now)
    return _regrouped(store, number, {*decision.stories, *decision.against}, note)


def event_of_named_story(connection: Connection, name: str) -> str | None:
    """The event of a story, given by its id or by the URL of a copy. Raises NotFound."""
    return event_of_story(connection, story_named(connection, name))


def _leaving_and_staying(store: Store, names: Sequence[str], *, may_be_all: bool = False) -> tuple[set[str], set[str]]:
    with store.read() as connection:
        leaving = {story_named(connection, name) for name in names}
        events = set(events_of_stories(connection, leaving).values())
        held = stories_of_events(connection, events)
    if len(events) != 1:
        raise BadInput("these stories are in different news events, or in none: split one event at a time")
    staying = set(held[events.pop()]) - leaving
    if not staying and not may_be_all:
        raise BadInput("these are all the stories of their news event: name those that are to leave it")
    return leaving, staying


def _decided(
    store: Store, kind: NewsEventDecisionKind, stories: set[str], against: set[str], note: DecisionNote
) -> EventDecisionResult:
    with store.write() as connection:
        number = record_event_decision(
            connection, kind, stories, against=against, who=note.who, why=note.why, now=note.now
        )
    return _regrouped(store, number, stories, note)


def _regrouped(store: Store, number: int, stories: set[str], note: DecisionNote) -> EventDecisionResult:
    grouper = NewsEventGrouper(store)
    while grouper.step(now=note.now):
        pass
    with store.read() as connection:
        events = events_of_stories(connection, stories)
    return EventDecisionResult(number, tuple(sorted(set(events.values()))))
