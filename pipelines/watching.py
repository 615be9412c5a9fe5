"""Articles that a watch looks for: noted with the version that says so, looked for among what was there before."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipelines.wanted import Wanted, phrase_of, watched_in
from store.articles import Saved
from store.database import Store
from store.gathered import Gathered, gather
from store.readings import Reading
from store.versions import newest_texts
from store.watches import WatchRecord, active_watches

__all__ = ["LOOKED_BACK", "Noticed", "look_back", "note_wanted", "noticed", "wanted_now", "wanted_of"]

# The newest of the stored texts, whenever their news was: what a new watch finds at once.
LOOKED_BACK = 20_000
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Noticed:
    """A version as it was stored."""

    article_id: str
    title: str | None
    text: str


def noticed(readings: Iterable[Reading], saved: Iterable[Saved]) -> Iterator[Noticed]:
    """What became a version, of the readings and what `store.articles.save` says of each."""
    for reading, kept in zip(readings, saved, strict=True):
        if kept.number is not None:
            yield Noticed(kept.article_id, reading.extracted.title, reading.extracted.text)


def wanted_now(connection: Connection, *, now: datetime) -> list[Wanted]:
    """What the watches that go on look for."""
    return [wanted_of(record) for record in active_watches(connection, now=now)]


def wanted_of(record: WatchRecord) -> Wanted:
    return Wanted(record.id, tuple(phrase_of(typed) for typed in record.phrases))


def note_wanted(connection: Connection, stored: Iterable[Noticed], *, now: datetime) -> int:
    """Notes which of these versions a watch looks for, in the transaction that stores them; how many are new to one."""
    wanted = wanted_now(connection, now=now)
    if not wanted:
        return 0
    found = [
        Gathered(watch_id, one.article_id, "text")
        for one in stored
        for watch_id in watched_in(wanted, (one.title, one.text))
    ]
    return gather(connection, found, now=now)


def look_back(
    store: Store, record: WatchRecord, *, now: datetime, progress: Callable[[int], None] = lambda seen: None
) -> int:
    """Gathers for a new watch what is stored already, among the newest 20,000 articles; how many. No event says so."""
    wanted = [wanted_of(record)]
    before, seen, gathered = None, 0, 0
    while seen < LOOKED_BACK and record.phrases:
        with store.read() as connection:
            rows = newest_texts(connection, before=before, limit=min(CHUNK, LOOKED_BACK - seen))
        if not rows:
            break
        found = [
            Gathered(record.id, row.article_id, "text") for row in rows if watched_in(wanted, (row.title, row.text))
        ]
        if found:
            with store.write() as connection:
                gathered += gather(connection, found, now=now, is_known=True)
        seen, before = seen + len(rows), rows[-1].number
        progress(seen)
    return gathered
