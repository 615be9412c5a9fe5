"""Filtered lists of stories, with pages that stay stable while stories grow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, exists, func, select, tuple_

from onestory.store.queries import chunks, one_of
from onestory.store.schema import articles, stories, versions, watch_articles
from onestory.store.search.query import parse_query
from onestory.store.search.query_matches import COMMON_SHARE, FEW_MATCHES, QueryMatches
from onestory.store.stories.outlets import outlets_of_owner, own_outlets
from onestory.store.stories.records import STORY_COLUMNS, StoryRecord

__all__ = ["StoryCursor", "StoryFilter", "StoryPage", "filter_conditions", "filtered_page", "list_stories"]

# Stories examined per step.
MAX_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """Which stories to list. `since` and `until` are observed times between which a copy arrived.

    `query` is typed by a person (`onestory.store.search.query`), and matched against the headlines and texts of all
    copies. Names of outlets, owners and agencies are exact; one matching copy is enough.
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
class StoryCursor:
    """The position in a list: after this story.

    `up_to` is the number of the last version when the first page was read. A story with a later copy keeps its place in
    the list.
    """

    last_seen: datetime
    id: str
    up_to: int


@dataclass(frozen=True, slots=True)
class StoryPage:
    """One page. `next` is None at the end of the list."""

    stories: Sequence[StoryRecord]
    next: StoryCursor | None


def list_stories(connection: Connection, wanted: StoryFilter, *, limit: int) -> list[StoryRecord]:
    """List stories, the latest seen first. Raises BadQuery."""
    return [record for _, record in _newest(connection, wanted, _matches(connection, wanted), limit)]


def filtered_page(
    connection: Connection,
    wanted: StoryFilter,
    *,
    limit: int,
    after: StoryCursor | None = None,
    matches: QueryMatches | None = None,
) -> StoryPage:
    """One page of the list. Across pages, each story that existed at the first one appears exactly once.

    `matches` are those of the filter's query, if the caller already has them.
    """
    matches = matches or _matches(connection, wanted)
    # One more than requested shows whether the list continues.
    if after is None:
        up_to = connection.execute(select(func.max(versions.c.number))).scalar() or 0
        found = _newest(connection, wanted, matches, limit + 1)
    else:
        up_to = after.up_to
        found = _unchanged(connection, wanted, matches, after, limit + 1)
        found += _grown(connection, wanted, matches, after, limit + 1)
    found.sort(key=lambda one: (one[0], one[1].id), reverse=True)
    page = [record for _, record in found[:limit]]
    if len(found) <= limit:
        return StoryPage(page, None)
    place, last = found[limit - 1]
    return StoryPage(page, StoryCursor(place, last.id, up_to))


PlacedStories = list[tuple[datetime, StoryRecord]]


def _newest(connection: Connection, wanted: StoryFilter, matches: QueryMatches | None, limit: int) -> PlacedStories:
    return _placed(connection, _live(connection, wanted), stories.c.last_seen, matches, limit)


def _unchanged(
    connection: Connection, wanted: StoryFilter, matches: QueryMatches | None, after: StoryCursor, limit: int
) -> PlacedStories:
    """Stories without a copy since the first page."""
    grown = select(articles.c.story_id).where(articles.c.arrival > after.up_to)
    query = _live(connection, wanted).where(
        tuple_(stories.c.last_seen, stories.c.id) < (after.last_seen, after.id), stories.c.id.not_in(grown)
    )
    return _placed(connection, query, stories.c.last_seen, matches, limit)


def _grown(
    connection: Connection, wanted: StoryFilter, matches: QueryMatches | None, after: StoryCursor, limit: int
) -> PlacedStories:
    """Stories with a later copy, at their place at the first page: that of their newest copy then."""
    grown = select(articles.c.story_id).where(articles.c.arrival > after.up_to)
    place = (
        select(articles.c.story_id, func.max(articles.c.first_seen, type_=articles.c.first_seen.type).label("place"))
        .where(articles.c.story_id.in_(grown), articles.c.arrival <= after.up_to)
        .group_by(articles.c.story_id)
        .subquery()
    )
    query = _live(connection, wanted).join(place, place.c.story_id == stories.c.id)
    query = query.where(tuple_(place.c.place, stories.c.id) < (after.last_seen, after.id))
    return _placed(connection, query, place.c.place, matches, limit)


def _placed(
    connection: Connection,
    query: Select[Any],
    place: ColumnElement[datetime],
    matches: QueryMatches | None,
    limit: int,
) -> PlacedStories:
    """The first matching stories, in the order of their places."""
    query = query.add_columns(place.label("place")).order_by(place.desc(), stories.c.id.desc()).limit(limit)
    if matches is None:
        return _read(connection, query)
    if matches.all_if_few is not None:
        with_matches = select(articles.c.story_id).where(one_of(connection, articles.c.arrival, matches.all_if_few))
        return _read(connection, query.where(stories.c.id.in_(with_matches)))
    looked_through = _look_through(connection, query, place, matches, limit)
    return [
        one
        for part in chunks(looked_through)
        for one in _read(connection, query.where(one_of(connection, stories.c.id, part)))
    ]


def _look_through(
    connection: Connection, query: Select[Any], place: ColumnElement[datetime], matches: QueryMatches, limit: int
) -> list[str]:
    """The ids, for queries with so common words that walking the list soon fills a page."""
    found: list[str] = []
    short = query.with_only_columns(stories.c.id, place.label("place"))
    size = min(MAX_AT_ONCE, int(limit / max(matches.share, COMMON_SHARE) * 1.3) + limit)
    walk = short
    while len(found) < limit:
        rows = connection.execute(walk.limit(size)).all()
        held = matches.latest_match_by_story([row.id for row in rows])
        found += [row.id for row in rows if row.id in held]
        if len(rows) < size:
            break
        walk = short.where(tuple_(place, stories.c.id) < (rows[-1].place, rows[-1].id))
        size = min(size * 2, MAX_AT_ONCE)
    return found[:limit]


def _read(connection: Connection, query: Select[Any]) -> PlacedStories:
    return [(row[-1], StoryRecord(*row[:-1])) for row in connection.execute(query)]


def _matches(connection: Connection, wanted: StoryFilter) -> QueryMatches | None:
    return QueryMatches(connection, parse_query(wanted.query)) if wanted.query else None


def _live(connection: Connection, wanted: StoryFilter) -> Select[Any]:
    return select(*STORY_COLUMNS).where(stories.c.absorbed_into.is_(None), *filter_conditions(connection, wanted))


def filter_conditions(connection: Connection, wanted: StoryFilter) -> Iterator[ColumnElement[bool]]:
    """The conditions of the filter, without its query."""
    yield from _of_story(wanted)
    yield from _of_copies(connection, wanted)


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


def _of_copies(connection: Connection, wanted: StoryFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.outlet is not None:
        yield _ran(connection, articles, articles.c.outlet == wanted.outlet)
    if wanted.credit is not None:
        yield _ran(connection, articles, articles.c.credit == wanted.credit)
    if wanted.owner is not None:
        yield _ran(connection, articles, articles.c.outlet.in_(outlets_of_owner(connection, wanted.owner)))
    if wanted.ours is not None:
        at_ours = articles.c.outlet.in_(own_outlets(connection))
        yield _ran(connection, articles, at_ours) if wanted.ours else ~_some_copy(articles, at_ours)
    if wanted.watch is not None:
        gathered = watch_articles.join(articles, articles.c.id == watch_articles.c.article_id)
        yield _ran(connection, gathered, watch_articles.c.watch_id == wanted.watch)


def _ran(connection: Connection, among: FromClause, holds: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a copy of the current story matches.

    With few matching articles, their stories are looked up. Otherwise stories are tested as they are listed, which soon
    fills a page.
    """
    such = select(articles.c.story_id).select_from(among).where(holds)
    counted = select(func.count()).select_from(such.limit(FEW_MATCHES + 1).subquery())
    if connection.execute(counted).scalar_one() <= FEW_MATCHES:
        return stories.c.id.in_(such)
    return _some_copy(among, holds)


def _some_copy(among: FromClause, holds: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether any copy matches, even inside a query about one of them."""
    return exists().select_from(among).where(articles.c.story_id == stories.c.id, holds).correlate(stories)
