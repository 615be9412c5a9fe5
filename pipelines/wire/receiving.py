"""Dispatches into the store, by commands and by the API; a crawler's intake does the same with its captures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from onestory.dispatch_urls import is_dispatch_host
from onestory.pipelines.runtime.saving import new_versions, save_batch
from onestory.pipelines.stories.attach import attach
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.wire.reading import Furniture, ReadFile
from onestory.store.articles.captures import Filing
from onestory.store.boilerplate import active_fingerprints
from onestory.store.database import Store
from onestory.store.watches.hits import emit_watch_events
from onestory.store.wire.dispatches import apply_statuses, dispatch_id, record_filings

__all__ = ["Receipt", "ReceiptResult", "dispatch_furniture", "receive"]

ReceiptResult = Literal["stored", "known", "withdrawn", "taken_down"]
RESULTS: Mapping[str, ReceiptResult] = {"stored": "stored", "known": "known", "removed": "taken_down"}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a dispatch: `stored` as a new version, `known`, `withdrawn` by its provider, or kept out because
    it was `taken_down`.
    """

    filing: Filing
    article_id: str
    result: ReceiptResult


def dispatch_furniture(store: Store) -> Furniture:
    """The boilerplate in force of dispatches, by host."""
    with store.read() as connection:
        found = active_fingerprints(connection)
    return {host: lines for host, lines in found.items() if is_dispatch_host(host)}


def receive(store: Store, index_client: IndexClient, file: ReadFile, *, now: datetime) -> list[Receipt]:
    """Store and attach the dispatches of a file, and withdraw those that it takes back. Doing it again changes nothing.

    Raises Unavailable when a server is gone; the same call then completes it.
    """
    readings = file.readings
    receipts: list[Receipt] = []
    if readings:
        saved, wanted, _ = save_batch(store, readings, now=now)
        if versions := new_versions(readings, saved):
            attach(store, index_client, versions, now=now)
        if wanted:
            with store.write() as connection:
                emit_watch_events(connection, now=now)
        for reading, result in zip(readings, saved, strict=True):
            if reading.capture.filing is not None:
                kind: Literal["stored", "known", "taken_down"] = (
                    "taken_down" if result.kind == "removed" else result.kind
                )
                receipts.append(Receipt(reading.capture.filing, result.article_id, kind))
    receipts += [Receipt(filing, dispatch_id(filing), "withdrawn") for filing in file.notices]
    _settle_statuses(store, file.notices, [receipt.article_id for receipt in receipts], now=now)
    return receipts


def _settle_statuses(store: Store, notices: Sequence[Filing], ids: Sequence[str], *, now: datetime) -> None:
    with store.write() as connection:
        record_filings(connection, notices, now=now)
    with store.write() as connection:
        apply_statuses(connection, ids, now=now)
