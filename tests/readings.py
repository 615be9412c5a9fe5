"""Readings without their pages, and an engine to attach them with."""

from collections.abc import Sequence
from datetime import UTC, datetime

from dedupe.index import BandIndex
from dedupe.signature import PARAMETERS, sign
from pipelines.attach import attach
from pipelines.engine import redis_client
from pipelines.registry import Registry
from store.articles import Saved, save
from store.database import Store
from store.identity import normal_url
from store.models import Capture, Extracted
from store.readings import Reading
from store.records import StoryRecord
from store.search_index import take_in_all
from store.story_list import StoryFilter, list_stories
from store.versions import unattached
from store.walking import walk_stories

__all__ = ["NOON", "fresh_registry", "partition_by_url", "reading", "save_all", "stories_of", "take"]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def reading(
    url: str, text: str, *, observed: datetime | None = NOON, title: str | None = None, outlet: str | None = None
) -> Reading:
    """What the workers make of a plain text."""
    signature = sign(text)
    url = normal_url(url)
    return Reading(
        capture=Capture(url=url, observed=observed, outlet=outlet),
        extracted=Extracted(url=url, fetched_url=url, text=text, language="en", words=signature.words, title=title),
        signature=signature.to_bytes(),
        signature_params=PARAMETERS.encode(),
        text_digest=signature.digest,
        extractor="test",
    )


def fresh_registry(store: Store, redis_url: str, prefix: str) -> Registry:
    """An index of its own under the prefix."""
    return Registry(store, BandIndex(redis_client(redis_url), prefix=prefix.strip("{}:")), ensure_server=lambda: None)


def save_all(store: Store, readings: Sequence[Reading], *, now: datetime = NOON) -> list[Saved]:
    with store.write() as connection:
        return save(connection, readings, now=now)


def take(store: Store, registry: Registry, readings: Sequence[Reading], *, now: datetime = NOON) -> list[Saved]:
    """Stores and attaches, as the intake does."""
    saved = save_all(store, readings, now=now)
    with store.read() as connection:
        waiting = unattached(connection, limit=10_000)
    attach(store, registry, waiting, now=now)
    take_in_all(store)
    return saved


def stories_of(store: Store, **wanted: object) -> list[StoryRecord]:
    with store.read() as connection:
        return list_stories(connection, StoryFilter(**wanted), limit=10_000)  # type: ignore[arg-type]


def partition_by_url(store: Store) -> set[frozenset[str]]:
    """The stories as sets of URLs, whatever their ids."""
    with store.read() as connection:
        return {frozenset(member.copy.url for member in members) for _, members in walk_stories(connection)}
