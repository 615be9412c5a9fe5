"""The copies of a story a page at a time, as there may be thousands, and what is told of all of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from store.records import Copy, StoryRecord, copy_query
from store.schema import articles

__all__ = ["Sighting", "copies_at", "copies_from", "sightings"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """When a copy was first seen, and the time that its page claims."""

    outlet: str
    first_seen: datetime
    published: datetime | None


def copies_from(
    connection: Connection, story: StoryRecord, *, ours: Collection[str], skip: int, limit: int
) -> list[Copy]:
    """So many of its copies: ours first, then the original, then in the order in which they were seen."""
    order = (
        case((articles.c.outlet.in_(sorted(ours)), 0), else_=1),
        case((articles.c.id == story.original, 0), else_=1),
        articles.c.first_seen,
        articles.c.id,
    )
    query = copy_query().where(articles.c.story_id == story.id).order_by(*order)
    return [Copy(*row) for row in connection.execute(query.offset(skip).limit(limit))]


def copies_at(connection: Connection, story_id: str, outlets: Collection[str]) -> int:
    """How many of its copies are at these outlets."""
    told = articles.c.outlet.in_(sorted(outlets))
    query = select(func.count()).select_from(articles).where(articles.c.story_id == story_id, told)
    return connection.execute(query).scalar_one()


def sightings(connection: Connection, story_id: str) -> Sequence[Sighting]:
    """Of all its copies, in no order."""
    query = select(articles.c.outlet, articles.c.first_seen, articles.c.published)
    return [Sighting(*row) for row in connection.execute(query.where(articles.c.story_id == story_id)).all()]
