"""The copies of a story a page at a time, as there may be thousands, and what is told of all of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select, tuple_

from store.records import Copy, MatchRecord, StoryRecord, copy_query
from store.schema import articles, matches
from store.stories import chunks

__all__ = ["Sighting", "copies_after", "copies_at", "copies_from", "evidence_from", "sightings"]


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


def copies_after(
    connection: Connection, story_id: str, *, after: tuple[datetime, str] | None, limit: int
) -> list[Copy]:
    """So many of its copies in the order in which they were seen, behind the one of this time and id."""
    query = copy_query().where(articles.c.story_id == story_id).order_by(articles.c.first_seen, articles.c.id)
    if after is not None:
        query = query.where(tuple_(articles.c.first_seen, articles.c.id) > after)
    return [Copy(*row) for row in connection.execute(query.limit(limit))]


def evidence_from(connection: Connection, story_id: str, article_ids: Collection[str]) -> list[MatchRecord]:
    """What these copies share with any of their story's: each pair is told with one of the two."""
    columns = (matches.c.a_article, matches.c.b_article, matches.c.kind, matches.c.evidence)
    query = select(*columns).join(articles, articles.c.id == matches.c.b_article)
    query = query.where(articles.c.story_id == story_id).order_by(matches.c.a, matches.c.b)
    return [
        MatchRecord(*row)
        for part in chunks(article_ids)
        for row in connection.execute(query.where(matches.c.a_article.in_(part)))
    ]


def copies_at(connection: Connection, story_id: str, outlets: Collection[str]) -> int:
    """How many of its copies are at these outlets."""
    told = articles.c.outlet.in_(sorted(outlets))
    query = select(func.count()).select_from(articles).where(articles.c.story_id == story_id, told)
    return connection.execute(query).scalar_one()


def sightings(connection: Connection, story_id: str) -> Sequence[Sighting]:
    """Of all its copies, in no order."""
    query = select(articles.c.outlet, articles.c.first_seen, articles.c.published)
    return [Sighting(*row) for row in connection.execute(query.where(articles.c.story_id == story_id)).all()]
