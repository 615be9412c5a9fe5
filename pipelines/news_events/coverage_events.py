"""Entries of the event log about news events: coverage that started, grew, or crossed into another language."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from onestory.store.events.event_log import add_event
from onestory.store.events.story_events import MAX_NEWS_AGE
from onestory.store.news_events.records import NewsEventState

__all__ = ["emit_coverage_events"]


def emit_coverage_events(
    connection: Connection, states: Sequence[NewsEventState], before: Mapping[str, NewsEventState], *, now: datetime
) -> None:
    """Add an entry for each kind of change. `before` has the former states by id. Old news from archives is left out.

    Coverage starts with the second outlet: before, an event is a story of one outlet.
    """
    for state in states:
        if state.last_seen < now - MAX_NEWS_AGE:
            continue
        former = before.get(state.id)
        for kind in _kinds(state, former):
            add_event(connection, kind, now=now, story_id=state.label_story, data=_data(state, former))


def _kinds(state: NewsEventState, former: NewsEventState | None) -> list[str]:
    was_covered = former is not None and former.stories > 1 and former.outlets > 1
    if state.stories < 2 or state.outlets < 2:
        return []
    found = []
    if not was_covered:
        found.append("coverage.started")
    elif former is not None and state.stories > former.stories:
        found.append("coverage.grew")
    if len(state.languages) > 1 and (former is None or len(former.languages) < len(state.languages)):
        found.append("coverage.crossed_language")
    return found


def _data(state: NewsEventState, former: NewsEventState | None) -> dict[str, object]:
    return {
        "news_event": state.id,
        "stories": state.stories,
        "added": state.stories - (former.stories if former else 0),
        "outlets": state.outlets,
        "owners": state.owners,
        "languages": list(state.languages),
    }
