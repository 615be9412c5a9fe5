"""Counts of coverage: articles and stories by day, outlet, owner, country, language or credited agency."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal, select

from onestory.store.queries import chunks, one_of
from onestory.store.schema import articles, news_event_stories, outlets, stories
from onestory.store.search.query import parse_query
from onestory.store.search.query_matches import QueryMatches
from onestory.store.stories.listing import StoryFilter, filter_conditions

__all__ = ["COUNT_DIMENSIONS", "CountDimension", "CountRow", "CoverageCounts", "coverage_counts"]

CountDimension = Literal["day", "outlet", "owner", "country", "language", "agency"]
COUNT_DIMENSIONS: tuple[CountDimension, ...] = get_args(CountDimension)
# Of a search, at most this many of the newest matches are counted.
MAX_MATCHES = 200_000


@dataclass(frozen=True, slots=True)
class CountRow:
    """One value of the dimension, None for unknown: its articles, the stories that they are copies of, and how many of
    the articles credit an agency or another outlet.
    """

    value: str | None
    articles: int
    stories: int
    credited: int


@dataclass(frozen=True, slots=True)
class CoverageCounts:
    """The rows: days in order, anything else by the number of articles. `is_complete` is False if a search had more
    matches than are counted.
    """

    rows: Sequence[CountRow]
    articles: int
    stories: int
    credited: int
    is_complete: bool = True


@dataclass(slots=True)
class _Tally:
    """Sums of one value over parts of the articles; a story may be in several parts."""

    articles: int = 0
    credited: int = 0
    stories: set[str] = field(default_factory=set)


def coverage_counts(
    connection: Connection, wanted: StoryFilter, by: CountDimension, *, news_event: str | None = None
) -> CoverageCounts:
    """Count the articles that match. Times are those at which an article was first seen. Raises BadQuery.

    With a query, the articles themselves contain its words. `news_event` bounds the count to the stories of one event.
    """
    query = _articles(connection, wanted, news_event)
    if wanted.query is None:
        return _counted(connection, query, by)
    newest = QueryMatches(connection, parse_query(wanted.query)).newest(MAX_MATCHES + 1)
    return _tallied(connection, query, by, newest[:MAX_MATCHES], is_complete=len(newest) <= MAX_MATCHES)


def _articles(connection: Connection, wanted: StoryFilter, news_event: str | None) -> Select[Any]:
    query = (
        select()
        .select_from(articles)
        .join(stories, stories.c.id == articles.c.story_id)
        .outerjoin(outlets, outlets.c.name == articles.c.outlet)
        .where(*filter_conditions(connection, wanted), *_of_article(wanted))
    )
    if news_event is not None:
        members = select(news_event_stories.c.story_id).where(news_event_stories.c.event_id == news_event)
        query = query.where(articles.c.story_id.in_(members))
    return query


def _of_article(wanted: StoryFilter) -> Iterator[ColumnElement[bool]]:
    """What the filter asks of a story holds for the counted article as well."""
    if wanted.since is not None:
        yield articles.c.first_seen >= wanted.since
    if wanted.until is not None:
        yield articles.c.first_seen < wanted.until
    for column, value in ((articles.c.outlet, wanted.outlet), (articles.c.credit, wanted.credit)):
        if value is not None:
            yield column == value
    if wanted.owner is not None:
        yield func.coalesce(outlets.c.owner, articles.c.outlet) == wanted.owner
    if wanted.ours is not None:
        yield func.coalesce(outlets.c.ours, literal(False)) == wanted.ours


def _value(by: CountDimension) -> ColumnElement[Any]:
    columns: dict[CountDimension, ColumnElement[Any]] = {
        "day": func.substr(_time_of_article(), 1, 10),
        "outlet": articles.c.outlet,
        "owner": func.coalesce(outlets.c.owner, articles.c.outlet),
        "country": outlets.c.country,
        "language": articles.c.language,
        "agency": articles.c.credit,
    }
    return columns[by]


def _time_of_article() -> ColumnElement[Any]:
    """The time first seen; of articles that were imported without it, the stated one."""
    return case(
        (~articles.c.is_observed, func.coalesce(articles.c.published, articles.c.first_seen)),
        else_=articles.c.first_seen,
    )


def _counted(connection: Connection, query: Select[Any], by: CountDimension) -> CoverageCounts:
    numbers = (func.count(), func.count(articles.c.story_id.distinct()), func.count(articles.c.credit))
    value = _value(by)
    rows = [CountRow(*row) for row in connection.execute(query.add_columns(value, *numbers).group_by(value))]
    total = connection.execute(query.add_columns(*numbers)).one()
    return CoverageCounts(_ordered(rows, by), *total)


def _tallied(
    connection: Connection, query: Select[Any], by: CountDimension, arrivals: Sequence[int], *, is_complete: bool
) -> CoverageCounts:
    tallies: dict[str | None, _Tally] = {}
    columns = _value(by), articles.c.story_id, articles.c.credit
    for part in chunks(arrivals):
        matching = query.add_columns(*columns).where(one_of(connection, articles.c.arrival, part))
        for value, story, credit in connection.execute(matching):
            tally = tallies.setdefault(value, _Tally())
            tally.articles += 1
            tally.credited += credit is not None
            tally.stories.add(story)
    rows = [CountRow(value, one.articles, len(one.stories), one.credited) for value, one in tallies.items()]
    everyone = set().union(*(one.stories for one in tallies.values()))
    return CoverageCounts(
        _ordered(rows, by),
        sum(row.articles for row in rows),
        len(everyone),
        sum(row.credited for row in rows),
        is_complete,
    )


def _ordered(rows: Sequence[CountRow], by: CountDimension) -> list[CountRow]:
    if by == "day":
        return sorted(rows, key=lambda row: row.value or "")
    return sorted(rows, key=lambda row: (-row.articles, row.value is None, row.value or ""))
