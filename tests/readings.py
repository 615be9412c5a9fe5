"""Readings without their pages, and an engine to attach them with."""

from collections.abc import Sequence
from datetime import UTC, datetime

from onestory.dedupe.index import BandIndex
from onestory.dedupe.signature import PARAMETERS, sign
from onestory.pipelines.runtime.engine import redis_client
from onestory.pipelines.stories.attach import attach
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.articles.captures import Capture, ExtractedArticle, ProcessedCapture
from onestory.store.articles.save import SaveResult, save_articles
from onestory.store.articles.versions import unattached_versions
from onestory.store.database import Store
from onestory.store.search.full_text_index import index_all_due
from onestory.store.stories.export import iter_stories
from onestory.store.stories.listing import StoryFilter, list_stories
from onestory.store.stories.records import StoryRecord
from onestory.urls import normalize_url

__all__ = ["NOON", "fresh_registry", "partition_by_url", "reading", "save_all", "stories_of", "take"]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def reading(
    url: str, text: str, *, observed: datetime | None = NOON, title: str | None = None, outlet: str | None = None
) -> ProcessedCapture:
    """What the workers make of a plain text."""
    signature = sign(text)
    url = normalize_url(url)
    return ProcessedCapture(
        capture=Capture(url=url, observed=observed, outlet=outlet),
        extracted=ExtractedArticle(
            url=url, fetched_url=url, text=text, language="en", words=signature.words, title=title
        ),
        signature=signature.to_bytes(),
        signature_params=PARAMETERS.encode(),
        text_digest=signature.digest,
        extractor="test",
    )


def fresh_registry(store: Store, redis_url: str, prefix: str) -> IndexClient:
    """An index of its own under the prefix."""
    return IndexClient(
        store, BandIndex(redis_client(redis_url), prefix=prefix.strip("{}:")), ensure_server=lambda: None
    )


def save_all(store: Store, readings: Sequence[ProcessedCapture], *, now: datetime = NOON) -> list[SaveResult]:
    with store.write() as connection:
        return save_articles(connection, readings, now=now)


def take(
    store: Store, index_client: IndexClient, readings: Sequence[ProcessedCapture], *, now: datetime = NOON
) -> list[SaveResult]:
    """Stores and attaches, as the intake does."""
    saved = save_all(store, readings, now=now)
    with store.read() as connection:
        waiting = unattached_versions(connection, limit=10_000)
    attach(store, index_client, waiting, now=now)
    index_all_due(store)
    return saved


def stories_of(store: Store, **wanted: object) -> list[StoryRecord]:
    with store.read() as connection:
        return list_stories(connection, StoryFilter(**wanted), limit=10_000)  # type: ignore[arg-type]


def partition_by_url(store: Store) -> set[frozenset[str]]:
    """The stories as sets of URLs, whatever their ids."""
    with store.read() as connection:
        return {frozenset(member.copy.url for member in members) for _, members in iter_stories(connection)}
