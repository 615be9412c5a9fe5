"""Tombstones: digests that keep removed articles, contents and hosts out. They reveal nothing of what was removed."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from sqlalchemy import Connection, select

from onestory.store.queries import existing_values, insert_new
from onestory.store.schema import tombstones
from onestory.urls import article_id_of_url, host_of

__all__ = [
    "Tombstone",
    "add_tombstones",
    "article_digest",
    "has_tombstone",
    "host_digest",
    "tombstone_records",
    "without_tombstones",
]

TombstoneKind = Literal["article", "content", "host"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A tombstone. `digest` is `article_digest` of an id, `host_digest` of a host, or a content digest."""

    digest: str
    kind: TombstoneKind
    reason: str
    at: datetime


def article_digest(article_id: str) -> str:
    """SHA-256 of `article:` and the id, in hex."""
    return hashlib.sha256(f"article:{article_id}".encode()).hexdigest()


def host_digest(host: str) -> str:
    """SHA-256 of `host:` and the host's name without www., in hex."""
    return hashlib.sha256(f"host:{host.lower().removeprefix('www.')}".encode()).hexdigest()


def add_tombstones(connection: Connection, digests: Mapping[str, TombstoneKind], *, reason: str, now: datetime) -> None:
    """Add a tombstone for each digest. Existing ones keep their reason and time."""
    rows = [{"digest": digest, "kind": kind, "reason": reason, "at": now} for digest, kind in sorted(digests.items())]
    insert_new(connection, tombstones, rows)


def has_tombstone(connection: Connection, digests: Collection[str]) -> bool:
    query = select(tombstones.c.digest).where(tombstones.c.digest.in_(digests)).limit(1)
    return connection.execute(query).first() is not None


def without_tombstones(connection: Connection, by_url: Mapping[str, T]) -> dict[str, T]:
    """The values of those normal URLs of which neither the article nor the host was taken down."""
    digests = {url: (article_digest(article_id_of_url(url)), host_digest(host_of(url))) for url in by_url}
    barred = existing_values(connection, tombstones.c.digest, {digest for pair in digests.values() for digest in pair})
    return {url: value for url, value in by_url.items() if barred.isdisjoint(digests[url])}


def tombstone_records(connection: Connection) -> list[Tombstone]:
    """All tombstones, by digest."""
    columns = (tombstones.c.digest, tombstones.c.kind, tombstones.c.reason, tombstones.c.at)
    return [Tombstone(*row) for row in connection.execute(select(*columns).order_by(tombstones.c.digest))]
