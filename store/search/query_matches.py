"""The articles that match a query, as SQL over `search_words`. Only this module knows how each database is queried.

Articles are identified by their arrival numbers. Many words occur in a tenth of all articles or more, so nothing here
reads all matches unless they are few: it reads the newest, or those in a range of arrivals. SQLite's index is in that
order. PostgreSQL's is unordered, so each article has one more word, which no query can contain: its block of arrivals
(`onestory.store.search.full_text_index.block_word`). The index intersects the two.
"""

from collections.abc import Collection, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, TextClause, func, select, text

from onestory.store.queries import chunks, one_of, rows_in
from onestory.store.schema import articles
from onestory.store.search.full_text_index import ARRIVALS_PER_BLOCK, block_word, search_languages
from onestory.store.search.query import ParsedQuery, to_fts5, to_tsquery, with_stems

__all__ = ["COMMON_SHARE", "FEW_MATCHES", "QueryMatches"]

FEW_MATCHES = 1_000
# The weight of a word in the headline, relative to the text.
TITLE_WEIGHT = 5.0
# Share of the newest articles. Beyond it, walking the list of stories soon fills a page.
COMMON_SHARE = 1 / 16
# With more numbers than this in a range, the whole range is read.
MAX_BLOCKS = 64
MAX_RANGES = 8

SQLITE_NEWEST = text("SELECT rowid FROM search_words WHERE search_words MATCH :asked ORDER BY rowid DESC LIMIT :most")
SQLITE_BETWEEN = text("SELECT rowid FROM search_words WHERE search_words MATCH :asked AND rowid BETWEEN :low AND :high")
SQLITE_BEST = text(
    f"SELECT rowid, -bm25(search_words, {TITLE_WEIGHT}, 1.0) FROM search_words WHERE search_words MATCH :asked "  # noqa: S608 - a number of ours
    "ORDER BY rowid DESC LIMIT :most"
)
# `+ 0` prevents a plan by primary key, which reads all words of every article in between and looks cheap to PostgreSQL.
POSTGRESQL_BETWEEN = text(
    "SELECT number FROM search_words WHERE words @@ CAST(:asked AS tsquery) AND number + 0 BETWEEN :low AND :high "
    "ORDER BY number + 0 DESC LIMIT :most"
)
POSTGRESQL_SCORES = text(
    f"SELECT number, ts_rank('{{0.1, 0.1, 0.1, {TITLE_WEIGHT / 10}}}', words, CAST(:asked AS tsquery), 1) "  # noqa: S608 - a number of ours
    "FROM unnest(CAST(:numbers AS integer[])) AS one(wanted) "
    "CROSS JOIN LATERAL (SELECT number, words FROM search_words WHERE number = wanted OFFSET 0) AS found"
)


class QueryMatches:
    """The matches of a query in one snapshot. For one thread, while the connection's transaction lasts.

    `query` is the query with the stems of its words.
    """

    def __init__(self, connection: Connection, query: ParsedQuery) -> None:
        self._connection = connection
        self._is_postgresql = connection.dialect.name == "postgresql"
        if any(term.is_inflected for term in (*query.required, *query.excluded)):
            query = with_stems(query, search_languages(connection))
        self.query = query
        self._asked = to_tsquery(query) if self._is_postgresql else to_fts5(query)
        self._seen: dict[str, str | None] = {}

    @cached_property
    def share(self) -> float:
        """The share of matches among the newest articles, 0 to 1."""
        last = self._last()
        return min(1.0, len(self._between(max(0, last - ARRIVALS_PER_BLOCK), last)) / ARRIVALS_PER_BLOCK)

    @cached_property
    def all_if_few(self) -> Sequence[int] | None:
        """All matches if they are few, else None. Words that are common among recent articles are not counted."""
        if self.share > COMMON_SHARE:
            return None
        newest = self.newest(FEW_MATCHES + 1)
        return None if len(newest) > FEW_MATCHES else newest

    def scores(self) -> dict[int, float]:
        """The relevance of the newest thousand matches; higher is better."""
        if not self._is_postgresql:
            return dict(self._rows(SQLITE_BEST, most=FEW_MATCHES))
        return dict(self._rows(POSTGRESQL_SCORES, numbers=self.newest(FEW_MATCHES)))

    def latest_match_by_story(self, story_ids: Collection[str]) -> dict[str, str]:
        """The latest matching article of each story that has one."""
        unseen = [story for story in story_ids if story not in self._seen]
        self._seen |= dict.fromkeys(unseen) | self._last_of(unseen)
        return {story: article for story in story_ids if (article := self._seen[story]) is not None}

    def among(self, article_ids: Collection[str]) -> set[str]:
        """Those of these articles that match."""
        query = select(articles.c.arrival, articles.c.id)
        arrivals = dict(rows_in(self._connection, query, articles.c.id, article_ids))
        return {arrivals[arrival] for arrival in self._of(arrivals)}

    def _last_of(self, story_ids: Collection[str]) -> dict[str, str]:
        columns = (articles.c.arrival, articles.c.story_id, articles.c.id)
        copies: dict[int, tuple[str, str]] = {
            arrival: (story, article)
            for part in chunks(story_ids)
            for arrival, story, article in self._connection.execute(
                select(*columns).where(one_of(self._connection, articles.c.story_id, part))
            ).all()
        }
        return dict(copies[arrival] for arrival in sorted(self._of(copies)))

    def _of(self, arrivals: Collection[int]) -> set[int]:
        """The matches among these arrivals."""
        few = self.all_if_few
        if few is not None:
            return set(few).intersection(arrivals)
        found: set[int] = set()
        for low, high in _stretches(sorted(arrivals)):
            found |= set(self._between(low, high))
        return found.intersection(arrivals)

    def newest(self, most: int) -> list[int]:
        """The newest matches first."""
        if not self._is_postgresql:
            return [number for (number,) in self._rows(SQLITE_NEWEST, most=most)]
        last = self._last()
        found: list[int] = []
        high, size = last, ARRIVALS_PER_BLOCK
        while high > 0 and len(found) < most:
            low = max(0, (high - size) // ARRIVALS_PER_BLOCK * ARRIVALS_PER_BLOCK)
            found += self._between(low, high, most=most - len(found))
            high, passed = low - 1, last - low
            # Extrapolated from the matches so far, or eight times as far if there are few.
            size = min(passed * 8, passed * (most - len(found)) // max(1, len(found)) + ARRIVALS_PER_BLOCK)
        return found

    def _between(self, low: int, high: int, *, most: int | None = None) -> list[int]:
        if not self._is_postgresql:
            return [number for (number,) in self._rows(SQLITE_BETWEEN, low=low, high=high)]
        blocks = range(low // ARRIVALS_PER_BLOCK, high // ARRIVALS_PER_BLOCK + 1)
        asked = self._asked
        if len(blocks) <= MAX_BLOCKS:
            words = " | ".join(f"'{block_word(number)}'" for number in blocks)
            asked = f"({asked}) & ({words})"
        rows = self._connection.execute(POSTGRESQL_BETWEEN, {"asked": asked, "low": low, "high": high, "most": most})
        return list(rows.scalars())

    def _last(self) -> int:
        return self._connection.scalar(select(func.max(articles.c.arrival))) or 0

    def _rows(self, statement: TextClause, **values: object) -> Sequence[Any]:
        return self._connection.execute(statement, {"asked": self._asked, **values}).all()


def _stretches(arrivals: Sequence[int]) -> list[tuple[int, int]]:
    """Group these numbers into a few ranges, split at the widest gaps between blocks."""
    gaps = sorted(((b - a, a, b) for a, b in pairwise(arrivals) if b - a > ARRIVALS_PER_BLOCK), reverse=True)[
        : MAX_RANGES - 1
    ]
    begins = sorted([*arrivals[:1], *(b for _, _, b in gaps)])
    ends = sorted([*(a for _, a, _ in gaps), *arrivals[-1:]])
    return list(zip(begins, ends, strict=True))
