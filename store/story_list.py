"""Lists of stories: filtered, and in pages that hold still while stories grow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, exists, func, select, tuple_

from store.records import STORY, StoryRecord
from store.schema import articles, outlets, stories, versions, watch_articles
from store.search_matches import says
from store.search_query import read_query

__all__ = ["Page", "Position", "StoryFilter", "conditions", "list_stories", "page_of"]


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """Which stories to list. `since` and `until` are observed times: a story that had a copy come in between.

    `query` is as a person types it (`store.search_query`), and looked for in the headlines and texts of all copies.
    Names of outlets, owners and agencies are exact; one copy is enough.
    """

    since: datetime | None = None
    until: datetime | None = None
    published_since: datetime | None = None
    updated_since: datetime | None = None
    min_copies: int = 1
    min_outlets: int = 1
    min_owners: int = 1
    outlet: str | None = None
    owner: str | None = None
    credit: str | None = None
    language: str | None = None
    ours: bool | None = None
    watch: int | None = None
    query: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a list of stories goes on: behind this one.

    `up_to` is the number of the last version there was when the reading of the list began. A story that got a copy
    since then keeps its place in the list.
    """

    last_seen: datetime
    id: str
    up_to: int


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is None at the end of the list."""

    stories: Sequence[StoryRecord]
    next: Position | None


def list_stories(connection: Connection, wanted: StoryFilter, *, limit: int) -> list[StoryRecord]:
    """The stories seen last come first. Raises BadQuery."""
    query = _live(connection, wanted).order_by(stories.c.last_seen.desc(), stories.c.id.desc()).limit(limit)
    return [StoryRecord(*row) for row in connection.execute(query)]


def page_of(connection: Connection, wanted: StoryFilter, *, limit: int, after: Position | None = None) -> Page:
    """A page of the same list. Read page by page, each story that was there at the first is told exactly once."""
    # One more than asked for tells whether the list goes on.
    if after is None:
        up_to = connection.execute(select(func.max(versions.c.number))).scalar() or 0
        found = [(record.last_seen, record) for record in list_stories(connection, wanted, limit=limit + 1)]
    else:
        up_to = after.up_to
        found = _unchanged(connection, wanted, after, limit + 1) + _grown(connection, wanted, after, limit + 1)
    found.sort(key=lambda one: (one[0], one[1].id), reverse=True)
    page = [record for _, record in found[:limit]]
    if len(found) <= limit:
        return Page(page, None)
    place, last = found[limit - 1]
    return Page(page, Position(place, last.id, up_to))


Placed = list[tuple[datetime, StoryRecord]]


def _unchanged(connection: Connection, wanted: StoryFilter, after: Position, limit: int) -> Placed:
    """Stories without a copy that came since the reading began."""
    grown = select(articles.c.story_id).where(articles.c.arrival > after.up_to)
    query = _live(connection, wanted).where(
        tuple_(stories.c.last_seen, stories.c.id) < (after.last_seen, after.id), stories.c.id.not_in(grown)
    )
    rows = connection.execute(query.order_by(stories.c.last_seen.desc(), stories.c.id.desc()).limit(limit))
    return [(record.last_seen, record) for record in (StoryRecord(*row) for row in rows)]


def _grown(connection: Connection, wanted: StoryFilter, after: Position, limit: int) -> Placed:
    """The others that were there then, at the place that they had: of the newest copy that they had."""
    grown = select(articles.c.story_id).where(articles.c.arrival > after.up_to)
    place = (
        select(articles.c.story_id, func.max(articles.c.first_seen, type_=articles.c.first_seen.type).label("place"))
        .where(articles.c.story_id.in_(grown), articles.c.arrival <= after.up_to)
        .group_by(articles.c.story_id)
        .subquery()
    )
    query = _live(connection, wanted).add_columns(place.c.place).join(place, place.c.story_id == stories.c.id)
    query = query.where(tuple_(place.c.place, stories.c.id) < (after.last_seen, after.id))
    rows = connection.execute(query.order_by(place.c.place.desc(), stories.c.id.desc()).limit(limit))
    return [(row[-1], StoryRecord(*row[:-1])) for row in rows]


def _live(connection: Connection, wanted: StoryFilter) -> Select[Any]:
    return select(*STORY).where(stories.c.absorbed_into.is_(None), *conditions(connection, wanted))


def conditions(connection: Connection, wanted: StoryFilter) -> Iterator[ColumnElement[bool]]:
    """What the filter asks of a story, the query included. Raises BadQuery."""
    yield from _of_story(wanted)
    yield from _of_copies(wanted)
    if wanted.query:
        yield says(connection, read_query(wanted.query))


def _of_story(wanted: StoryFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield stories.c.last_seen >= wanted.since
    if wanted.until is not None:
        yield stories.c.first_seen < wanted.until
    if wanted.published_since is not None:
        yield stories.c.published >= wanted.published_since
    if wanted.updated_since is not None:
        yield stories.c.updated >= wanted.updated_since
    if wanted.language is not None:
        yield stories.c.language == wanted.language
    for counted, least in (
        (stories.c.copies, wanted.min_copies),
        (stories.c.outlets, wanted.min_outlets),
        (stories.c.owners, wanted.min_owners),
    ):
        if least > 1:
            yield counted >= least


def _of_copies(wanted: StoryFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.outlet is not None:
        yield _some_copy(articles, articles.c.outlet == wanted.outlet)
    if wanted.credit is not None:
        yield _some_copy(articles, articles.c.credit == wanted.credit)
    if wanted.owner is not None:
        # An outlet that nobody is known to own is its own owner.
        owner = func.coalesce(outlets.c.owner, articles.c.outlet)
        with_owner = articles.outerjoin(outlets, outlets.c.name == articles.c.outlet)
        yield _some_copy(with_owner, owner == wanted.owner)
    if wanted.ours is not None:
        of_ours = articles.join(outlets, outlets.c.name == articles.c.outlet)
        ran = _some_copy(of_ours, outlets.c.ours.is_(True))
        yield ran if wanted.ours else ~ran
    if wanted.watch is not None:
        gathered = watch_articles.join(articles, articles.c.id == watch_articles.c.article_id)
        of_watch = watch_articles.c.watch_id == wanted.watch
        yield _some_copy(gathered, of_watch)


def _some_copy(among: FromClause, holds: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a copy of the story at hand is such: any copy, also where the query around it is about one of them."""
    return exists().select_from(among).where(articles.c.story_id == stories.c.id, holds).correlate(stories)
