"""Match articles to watches, when they are stored and when a watch is created."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from onestory.pipelines.watches.phrase_matching import WatchPhrases, matching_watches, parse_phrase
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.articles.save import SaveResult
from onestory.store.articles.versions import newest_texts
from onestory.store.database import Store
from onestory.store.watches.hits import WatchHit, record_watch_hits
from onestory.store.watches.watches import WatchRecord, active_watches

__all__ = [
    "LOOKED_BACK",
    "StoredVersion",
    "active_watch_phrases",
    "match_stored_articles",
    "record_watch_matches",
    "stored_versions",
    "watch_phrases",
]

# The newest of the stored texts, whenever their news was: what a new watch finds at once.
LOOKED_BACK = 20_000
CHUNK = 500


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version that was stored."""

    article_id: str
    title: str | None
    text: str


def stored_versions(readings: Iterable[ProcessedCapture], saved: Iterable[SaveResult]) -> Iterator[StoredVersion]:
    """The captures that became a version, by what `onestory.store.articles.save.save_articles` returned for each."""
    for reading, kept in zip(readings, saved, strict=True):
        if kept.number is not None:
            yield StoredVersion(kept.article_id, reading.extracted.title, reading.extracted.text)


def active_watch_phrases(connection: Connection, *, now: datetime) -> list[WatchPhrases]:
    """The phrases of the active watches."""
    return [watch_phrases(record) for record in active_watches(connection, now=now)]


def watch_phrases(record: WatchRecord) -> WatchPhrases:
    return WatchPhrases(record.id, tuple(parse_phrase(typed) for typed in record.phrases))


def record_watch_matches(connection: Connection, stored: Iterable[StoredVersion], *, now: datetime) -> int:
    """Record which versions match a watch, in the transaction that stores them; return the number of new hits."""
    wanted = active_watch_phrases(connection, now=now)
    if not wanted:
        return 0
    found = [
        WatchHit(watch_id, one.article_id, "text")
        for one in stored
        for watch_id in matching_watches(wanted, (one.title, one.text))
    ]
    return record_watch_hits(connection, found, now=now)


def match_stored_articles(
    store: Store, record: WatchRecord, *, now: datetime, progress: Callable[[int], None] = lambda seen: None
) -> int:
    """Match the newest 20,000 stored articles to a new watch, without events; return the number of hits."""
    wanted = [watch_phrases(record)]
    before, seen, gathered = None, 0, 0
    while seen < LOOKED_BACK and record.phrases:
        with store.read() as connection:
            rows = newest_texts(connection, before=before, limit=min(CHUNK, LOOKED_BACK - seen))
        if not rows:
            break
        found = [
            WatchHit(record.id, row.article_id, "text")
            for row in rows
            if matching_watches(wanted, (row.title, row.text))
        ]
        if found:
            with store.write() as connection:
                gathered += record_watch_hits(connection, found, now=now, is_known=True)
        seen, before = seen + len(rows), rows[-1].number
        progress(seen)
    return gathered
