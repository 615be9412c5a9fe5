"""Which articles a query is about, as SQL over `search_words`: the one place that knows how each database asks it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, TextClause, column, exists, select, text

from store.schema import articles, stories
from store.search_query import Query, to_fts5, to_tsquery
from store.stories import chunks

__all__ = ["among", "asked", "best", "says"]

FEW = 1_000
# A word in the headline counts as so many in the text.
TITLE_WEIGHT = 5.0
SQLITE_WHERE = "search_words MATCH :asked"
POSTGRESQL_WHERE = "words @@ CAST(:asked AS tsquery)"
SQLITE_SCORE = f"-bm25(search_words, {TITLE_WEIGHT}, 1.0)"
POSTGRESQL_SCORE = f"ts_rank('{{0.1, 0.1, 0.1, {TITLE_WEIGHT / 10}}}', words, CAST(:asked AS tsquery), 1)"


def asked(connection: Connection, query: Query) -> str:
    """The query in the syntax of this database."""
    return to_tsquery(query) if connection.dialect.name == "postgresql" else to_fts5(query)


def says(connection: Connection, query: Query) -> ColumnElement[bool]:
    """Whether a copy of the story at hand has what is asked for.

    Where few articles have it, their stories are looked up first; else stories are looked through as they are listed,
    which soon finds a page full of them.
    """
    few = connection.execute(_numbers(connection, query).limit(FEW + 1)).scalars().all()
    if len(few) <= FEW:
        return stories.c.id.in_(_stories_of(connection, few))
    return exists().where(articles.c.story_id == stories.c.id, articles.c.arrival.in_(_numbers(connection, query)))


def among(connection: Connection, query: Query, story_ids: Collection[str]) -> dict[str, str]:
    """By story, for those that have one, the article that came last of those that the query is about."""
    found: dict[str, tuple[int, str]] = {}
    for part in chunks(story_ids):
        mine = select(articles.c.arrival).where(articles.c.story_id.in_(part))
        hits = _numbers(connection, query).where(_key(connection).in_(mine))
        query_of_part = select(articles.c.story_id, articles.c.arrival, articles.c.id)
        rows = connection.execute(query_of_part.where(articles.c.story_id.in_(part), articles.c.arrival.in_(hits)))
        for story, arrival, article in rows:
            found[story] = max(found.get(story, (0, "")), (arrival, article))
    return {story: article for story, (_, article) in found.items()}


def best(connection: Connection, query: Query) -> dict[int, float]:
    """Arrival and score of the newest thousand articles that the query is about: the higher, the more it is."""
    newest = _numbers(connection, query).order_by(_key(connection).desc()).limit(1).offset(FEW - 1)
    least = connection.execute(newest).scalar() or 0
    scored = _numbers(connection, query).add_columns(_score(connection, query)).where(_key(connection) >= least)
    return {number: float(points) for number, points in connection.execute(scored)}


def _score(connection: Connection, query: Query) -> TextClause:
    if connection.dialect.name == "postgresql":
        return text(POSTGRESQL_SCORE).bindparams(asked=asked(connection, query))
    return text(SQLITE_SCORE)


def _stories_of(connection: Connection, arrivals: Collection[int]) -> set[str]:
    return {
        story
        for part in chunks(arrivals)
        for story in connection.execute(select(articles.c.story_id).where(articles.c.arrival.in_(part))).scalars()
    }


def _key(connection: Connection) -> ColumnElement[int]:
    return column("number" if connection.dialect.name == "postgresql" else "rowid", Integer)


def _numbers(connection: Connection, query: Query) -> Select[Any]:
    """The arrivals of the articles that the query is about."""
    where = POSTGRESQL_WHERE if connection.dialect.name == "postgresql" else SQLITE_WHERE
    said = text(where).bindparams(asked=asked(connection, query))
    return select(_key(connection)).select_from(text("search_words")).where(said)
