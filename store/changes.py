"""What changed since: for whoever keeps a copy of the stories."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select, tuple_

from store.records import STORY, StoryRecord
from store.schema import stories, tombstones

__all__ = ["Change", "ChangePosition", "changes"]


@dataclass(frozen=True, slots=True)
class Change:
    """One story's latest change; `key` is its id, or the digest that a takedown left of it.

    A story is told with its record, an absorbed id with the one it leads to. `removed` is a SHA-256 of `article:` and
    the id of an article; a story has the id of its first one.
    """

    kind: Literal["story", "absorbed", "removed"]
    at: datetime
    key: str
    story: StoryRecord | None = None
    into: str | None = None


@dataclass(frozen=True, slots=True)
class ChangePosition:
    """Behind this change; an empty key: from this time on."""

    at: datetime
    key: str = ""


def changes(connection: Connection, *, after: ChangePosition, before: datetime, limit: int) -> list[Change]:
    """The oldest change first; each story once, at its latest change. Those at or after `before` are left for later."""
    found = _stories(connection, after, before, limit) + _removed(connection, after, before, limit)
    return sorted(found, key=lambda change: (change.at, change.key))[:limit]


def _stories(connection: Connection, after: ChangePosition, before: datetime, limit: int) -> list[Change]:
    query = (
        select(*STORY, stories.c.absorbed_into)
        .where(tuple_(stories.c.updated, stories.c.id) > (after.at, after.key), stories.c.updated < before)
        .order_by(stories.c.updated, stories.c.id)
        .limit(limit)
    )
    return [_of_story(*row) for row in connection.execute(query)]


def _of_story(*row: object) -> Change:
    *told, into = row
    record = StoryRecord(*told)  # type: ignore[arg-type]
    if isinstance(into, str):
        return Change("absorbed", record.updated, record.id, into=into)
    return Change("story", record.updated, record.id, story=record)


def _removed(connection: Connection, after: ChangePosition, before: datetime, limit: int) -> list[Change]:
    query = (
        select(tombstones.c.at, tombstones.c.digest)
        .where(
            tuple_(tombstones.c.at, tombstones.c.digest) > (after.at, after.key),
            tombstones.c.at < before,
            tombstones.c.kind == "article",
        )
        .order_by(tombstones.c.at, tombstones.c.digest)
        .limit(limit)
    )
    return [Change("removed", at, digest) for at, digest in connection.execute(query)]
