"""Drop what is older than the retention: events, removed lines, texts of earlier versions, WARC files, old pages."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from onestory.config import Config
from onestory.pipelines.archive.redaction import warc_files
from onestory.store.articles.dropped_texts import drop_earlier_texts
from onestory.store.articles.warc_places import forget_warc_file
from onestory.store.boilerplate import prune_removed_lines
from onestory.store.database import Store
from onestory.store.events.event_log import delete_events
from onestory.store.frontier.dropped_pages import drop_unvisited_pages
from onestory.store.frontier.hosts import database_time
from onestory.store.settings import read_retention, write_retention
from onestory.store.webhooks.outbox import delete_old_messages

__all__ = ["Dropped", "enforce_retention", "prune_events_and_messages"]


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was dropped, as numbers."""

    earlier_texts: int
    removed_lines: int
    warcs: int
    pages: int


def enforce_retention(store: Store, config: Config) -> Dropped:
    """Take over the retention of the configuration, and drop what is older. It may be ended and run again anywhere."""
    with store.write() as connection:
        retention = read_retention(connection)
        if config.retention:
            retention = replace(retention, **config.retention)
            write_retention(connection, retention)
        now = database_time(connection)
        lines = prune_removed_lines(connection, now=now)
    prune_events_and_messages(store)
    texts = warcs = 0
    if retention.earlier_texts_days is not None:
        before = now - timedelta(days=retention.earlier_texts_days)
        texts = _drop_in_batches(store, partial(drop_earlier_texts, before=before, now=now))
    if retention.warcs_days is not None and config.warc_dir is not None:
        warcs = _drop_warcs(store, config.warc_dir, before=now - timedelta(days=retention.warcs_days))
    before = now - timedelta(days=retention.pages_days)
    pages = _drop_in_batches(store, partial(drop_unvisited_pages, before=before))
    return Dropped(texts, lines, warcs, pages)


def prune_events_and_messages(store: Store) -> None:
    """Delete events, and settled messages of webhooks, past their retention."""
    with store.write() as connection:
        before = database_time(connection) - timedelta(days=read_retention(connection).events_days)
        delete_events(connection, before=before)
        delete_old_messages(connection, before=before)


def _drop_in_batches(store: Store, drop: Callable[[Connection], int]) -> int:
    """Drop a batch in each transaction until there is none."""
    dropped = 0
    while True:
        with store.write() as connection:
            found = drop(connection)
        if not found:
            return dropped
        dropped += found


def _drop_warcs(store: Store, folder: Path, *, before: datetime) -> int:
    """Delete the files that were last written before a time. Versions forget their place in one first."""
    dropped = 0
    for path in warc_files(folder):
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
            with store.write() as connection:
                forget_warc_file(connection, path.name)
            path.unlink(missing_ok=True)
            dropped += 1
    return dropped
