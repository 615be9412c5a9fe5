"""Lists of stories by how far they spread: outlets, owners, copies, or growth within the last hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_

from onestory.store.queries import one_of
from onestory.store.schema import articles, stories
from onestory.store.search.query import parse_query
from onestory.store.search.query_matches import QueryMatches
from onestory.store.stories.listing import StoryFilter, filter_conditions
from onestory.store.stories.records import STORY_COLUMNS, StoryRecord

__all__ = ["SortedCursor", "SortedPage", "StorySort", "sorted_page"]

StorySort = Literal["outlets", "owners", "copies", "growth"]
GROWTH_TIME = timedelta(hours=1)
BATCH = 500
MOST_COPIED = 500
MAX_BATCHES = 20  # read for words that very many articles contain


@dataclass(frozen=True, slots=True)
class SortedCursor:
    """The position after a story. `at` is when the first page was read: growth is that of the hour before."""

    value: int
    last_seen: datetime
    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SortedPage:
    """One page. `next` is None at the end of the list."""

    stories: Sequence[StoryRecord]
    next: SortedCursor | None


def sorted_page(
    connection: Connection,
    wanted: StoryFilter,
    by: StorySort,
    *,
    limit: int,
    now: datetime,
    after: SortedCursor | None = None,
) -> SortedPage:
    """One page, the highest value first; of equals, the latest seen. Raises BadQuery.

    A story that grows between two pages may move over the position, and be listed again or missed.
    """
    at = now if after is None else after.at
    value, query = _valued(connection, wanted, by, at - GROWTH_TIME)
    if after is not None:
        query = query.where(_place(value) < (after.value, after.last_seen, after.id))
    query = query.order_by(value.desc(), stories.c.last_seen.desc(), stories.c.id.desc())
    matches = QueryMatches(connection, parse_query(wanted.query)) if wanted.query else None
    found = _among_most_copied(connection, query, limit + 1) if matches is None and by in ("outlets", "owners") else []
    found = found or _read(connection, query, value, matches, limit + 1)
    page = [record for _, record in found[:limit]]
    if len(found) <= limit:
        return SortedPage(page, None)
    last_value, last = found[limit - 1]
    return SortedPage(page, SortedCursor(last_value, last.last_seen, last.id, at))


def _place(value: ColumnElement[int]) -> Any:
    return tuple_(value, stories.c.last_seen, stories.c.id)


def _valued(
    connection: Connection, wanted: StoryFilter, by: StorySort, hour_ago: datetime
) -> tuple[ColumnElement[int], Select[Any]]:
    """The value to sort by, and the query of the stories with it as the last column."""
    is_live = stories.c.absorbed_into.is_(None)
    conditions = [is_live, *filter_conditions(connection, wanted)]
    if by != "growth":
        value: ColumnElement[int] = stories.c[by]
        return value, select(*STORY_COLUMNS, value.label("value")).where(*conditions)
    grown = (
        select(articles.c.story_id, func.count().label("copies"))
        # Few stories have a copy of the last hour, and there is no index of articles by time.
        .where(
            articles.c.story_id.in_(select(stories.c.id).where(stories.c.last_seen >= hour_ago, is_live)),
            articles.c.first_seen >= hour_ago,
        )
        .group_by(articles.c.story_id)
        .subquery()
    )
    query = select(*STORY_COLUMNS, grown.c.copies.label("value")).join(grown, grown.c.story_id == stories.c.id)
    return grown.c.copies, query.where(*conditions, stories.c.last_seen >= hour_ago)


Valued = list[tuple[int, StoryRecord]]


def _read(
    connection: Connection, query: Select[Any], value: ColumnElement[int], matches: QueryMatches | None, limit: int
) -> Valued:
    if matches is None:
        return _records(connection, query.limit(limit))
    if matches.all_if_few is not None:
        with_matches = select(articles.c.story_id).where(one_of(connection, articles.c.arrival, matches.all_if_few))
        return _records(connection, query.where(stories.c.id.in_(with_matches)).limit(limit))
    found: Valued = []
    walk = query
    for _ in range(MAX_BATCHES):
        rows = _records(connection, walk.limit(BATCH))
        held = matches.latest_match_by_story([record.id for _, record in rows])
        found += [(number, record) for number, record in rows if record.id in held]
        if len(rows) < BATCH or len(found) >= limit:
            break
        last_value, last = rows[-1]
        walk = query.where(_place(value) < (last_value, last.last_seen, last.id))
    return found[:limit]


def _among_most_copied(connection: Connection, query: Select[Any], limit: int) -> Valued:
    """The first stories if the most copied ones contain all of them, else none.

    No story has more outlets or owners than copies, and copies have an index. So a story beyond the last of the most
    copied ones cannot precede stories of higher values.
    """
    most_copied = query.order_by(None).order_by(stories.c.copies.desc()).limit(MOST_COPIED)
    found = _records(connection, most_copied)
    beyond = min((record.copies for _, record in found), default=0)
    found.sort(key=lambda one: (one[0], one[1].last_seen, one[1].id), reverse=True)
    is_whole = len(found) < MOST_COPIED or (len(found) >= limit and found[limit - 1][0] > beyond)
    return found[:limit] if is_whole else []


def _records(connection: Connection, query: Select[Any]) -> Valued:
    return [(row[-1], StoryRecord(*row[:-1])) for row in connection.execute(query)]
