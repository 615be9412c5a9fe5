"""News events as rows of a dump."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection

from onestory.store.news_events.records import NewsEventRecord, news_events_in_order, stories_of_events
from onestory.times import iso_utc

__all__ = ["news_event_rows"]


def news_event_rows(connection: Connection, *, among: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
    """One row a news event, in the order of their ids, with the ids of its stories.

    With `among` only the events of these stories: their rows name no other story, nor its headline. The numbers are
    those of the whole event.
    """
    for page in news_events_in_order(connection):
        members = stories_of_events(connection, [event.id for event in page])
        for event in page:
            row = _row(event, members.get(event.id, []))
            if among is None:
                yield row
            elif shown := [story for story in row["stories"] if story in among]:
                label = {} if event.label_story in among else {"label": None, "label_story": None}
                yield row | {"stories": shown} | label


def _row(event: NewsEventRecord, stories: list[str]) -> dict[str, Any]:
    return {
        "id": event.id,
        "label": event.label,
        "label_story": event.label_story,
        "languages": list(event.languages),
        "first_seen": iso_utc(event.first_seen),
        "last_seen": iso_utc(event.last_seen),
        "stories": stories,
        "copies": event.copies,
        "outlets": event.outlets,
        "owners": event.owners,
    }
