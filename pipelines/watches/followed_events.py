"""Watches that follow a news event: stories that join it are hits."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection

from onestory.store.news_events.records import event_of_story, stories_of_events
from onestory.store.watches.hits import WatchHit, emit_watch_events, followed_story, record_watch_hits
from onestory.store.watches.watches import WatchRecord, active_watches

__all__ = ["record_event_hits", "record_stories_of_followed_event"]


def record_event_hits(connection: Connection, events: Collection[str], *, now: datetime) -> int:
    """Record the newcomers to these events for the watches that follow them, and emit their events of the log.

    In the transaction that groups them. The caller holds the lock of watches. Returns the number of new hits.
    """
    following = [record for record in active_watches(connection, now=now) if record.news_event is not None]
    homes = {record.id: _followed_event(connection, record) for record in following}
    found = [
        hit
        for record in following
        if (event := homes[record.id]) is not None and event in events
        for hit in _hits(connection, record, event)
    ]
    added = record_watch_hits(connection, found, now=now)
    if added:
        emit_watch_events(connection, now=now)
    return added


def record_stories_of_followed_event(connection: Connection, record: WatchRecord, *, now: datetime) -> int:
    """Record what a followed event has already, without events of the log; return the number."""
    event = _followed_event(connection, record)
    if event is None:
        return 0
    return record_watch_hits(connection, _hits(connection, record, event), now=now, is_known=True)


def _followed_event(connection: Connection, record: WatchRecord) -> str | None:
    """The event that holds the story that began it. If that was taken down, an earlier hit stands for it."""
    story = followed_story(connection, record.id, record.news_event)
    return None if story is None else event_of_story(connection, story)


def _hits(connection: Connection, record: WatchRecord, event: str) -> Iterable[WatchHit]:
    # The id of a story is that of its first article.
    return [WatchHit(record.id, story, "event") for story in stories_of_events(connection, [event]).get(event, ())]
