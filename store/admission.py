"""What a poll may make of the URLs it found: pages of those that are new, as far as there is room for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from store.frontier import Entry, add_pages
from store.schema import pages
from store.stories import chunks

__all__ = ["Admitted", "admit"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """`found` became pages; `left_out` were as new, and there was no room."""

    found: int = 0
    left_out: int = 0


def admit(connection: Connection, entries: Sequence[Entry], *, source_id: int, room: int, now: datetime) -> Admitted:
    """Makes pages of the first so many new entries; a source that lists without end fills no store."""
    known = {
        url
        for part in chunks({entry.url for entry in entries})
        for url in connection.execute(select(pages.c.url).where(pages.c.url.in_(part))).scalars()
    }
    new = list({entry.url: entry for entry in entries if entry.url not in known}.values())
    found = add_pages(connection, new[: max(room, 0)], source_id=source_id, now=now)
    return Admitted(found, len(new[max(room, 0) :]))
