"""Storing a batch of captures in one transaction, with all that belongs to them."""

from collections.abc import Sequence
from datetime import datetime

from onestory.pipelines.versions.corrections import record_corrections
from onestory.pipelines.versions.moved_articles import under_moved_urls
from onestory.pipelines.watches.matching import record_watch_matches, stored_versions
from onestory.store.articles.captures import ProcessedCapture, storable_text
from onestory.store.articles.earlier_captures import move_back
from onestory.store.articles.save import SaveResult, save_articles
from onestory.store.articles.text_replacement import keep_better_set
from onestory.store.articles.versions import VersionText
from onestory.store.database import Store
from onestory.store.watches.watches import lock_watches
from onestory.store.wire.dispatches import record_filings

__all__ = ["new_versions", "save_batch"]


def save_batch(
    store: Store, readings: Sequence[ProcessedCapture], *, now: datetime
) -> tuple[list[SaveResult], int, set[int]]:
    """Store a batch; return the result of each, how many match a watch, and the versions that changed."""
    with store.write() as connection:
        lock_watches(connection, alone=False)
        under = under_moved_urls(connection, readings)
        saved = save_articles(connection, under, now=now)
        reopened = keep_better_set(connection, under, saved, now=now)
        reopened |= move_back(connection, under, saved, now=now)
        record_corrections(connection, saved)
        record_filings(connection, [one.capture.filing for one in readings if one.capture.filing], now=now)
        wanted = record_watch_matches(connection, stored_versions(readings, saved), now=now)
        return saved, wanted, reopened


def new_versions(readings: Sequence[ProcessedCapture], saved: Sequence[SaveResult]) -> list[VersionText]:
    """The versions that a batch made, to be attached."""
    return [
        VersionText(
            result.number,
            result.article_id,
            storable_text(reading.extracted.text) or "",
            reading.signature,
            reading.signature_params,
        )
        for reading, result in zip(readings, saved, strict=True)
        if result.number is not None
    ]
