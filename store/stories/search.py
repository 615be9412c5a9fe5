"""Search for stories by the words of their copies, by relevance or time, with the matching passage."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, String, select, type_coerce

from onestory.store.queries import one_of, rows_in
from onestory.store.schema import articles, stories, versions
from onestory.store.search.excerpts import Span, best_excerpt, match_spans
from onestory.store.search.query import BadQuery, ParsedQuery, parse_query
from onestory.store.search.query_matches import QueryMatches
from onestory.store.stories.listing import StoryCursor, StoryFilter, filter_conditions, filtered_page
from onestory.store.stories.records import StoryRecord, stories_by_id

__all__ = ["MatchedText", "SearchPage", "SearchResult", "search_by_relevance", "search_by_time"]

RANKING_BATCH = 128


@dataclass(frozen=True, slots=True)
class MatchedText:
    """The matching article, and the spans of the matches in Unicode characters."""

    article_id: str
    outlet: str
    title: str | None
    title_spans: tuple[Span, ...]
    excerpt: str
    excerpt_spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A found story. `where` is None if the matching copy changed meanwhile."""

    story: StoryRecord
    where: MatchedText | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page. `next` is None at the end of the list, and for lists by relevance."""

    hits: Sequence[SearchResult]
    next: StoryCursor | None = None


def search_by_time(
    connection: Connection, wanted: StoryFilter, *, limit: int, after: StoryCursor | None = None
) -> SearchPage:
    """Matching stories, the latest seen first. Raises BadQuery."""
    query = _query(wanted)
    matches = QueryMatches(connection, query)
    page = filtered_page(connection, wanted, limit=limit, after=after, matches=matches)
    shown = matches.latest_match_by_story([story.id for story in page.stories])
    return SearchPage(_hits(connection, matches.query, page.stories, shown, matches), page.next)


def search_by_relevance(connection: Connection, wanted: StoryFilter, *, limit: int) -> SearchPage:
    """The most relevant stories among the newest thousand matching articles; of equals, the latest seen. Raises
    BadQuery.
    """
    query = _query(wanted)
    matches = QueryMatches(connection, query)
    scores = matches.scores()
    copies = _copies(connection, wanted)
    found: dict[str, Ranked] = {}
    for part in _by_score(scores):
        for arrival, article, story, seen in connection.execute(
            copies.where(one_of(connection, articles.c.arrival, part))
        ).all():
            held = (scores[arrival], article, seen, story)
            found[story] = max(found.get(story, held), held)
        if len(found) >= limit:
            break
    ranked = sorted(found.values(), key=lambda one: (one[0], one[2:]), reverse=True)[:limit]
    records = stories_by_id(connection, [story for *_, story in ranked])
    shown = {story: article for _, article, _, story in ranked}
    return SearchPage(_hits(connection, matches.query, [records[story] for story in shown], shown, matches))


Ranked = tuple[float, str, str, str]  # score and id of an article, when its story was last seen, and the story's id


def _copies(connection: Connection, wanted: StoryFilter) -> Select[Any]:
    """Arrival and id of articles in filtered stories, with the story's id and when it was last seen."""
    seen = type_coerce(stories.c.last_seen, String)  # as text it sorts the same and is faster to read
    query = select(articles.c.arrival, articles.c.id, stories.c.id, seen)
    query = query.join(stories, stories.c.id == articles.c.story_id)
    return query.where(stories.c.absorbed_into.is_(None), *filter_conditions(connection, wanted))


def _by_score(scores: Mapping[int, float]) -> Iterator[list[int]]:
    """Arrivals by descending score, in steps of a page or two of stories. Equal scores stay together."""
    part: list[int] = []
    for arrival in sorted(scores, key=lambda one: scores[one], reverse=True):
        if len(part) >= RANKING_BATCH and scores[arrival] != scores[part[-1]]:
            yield part
            part = []
        part.append(arrival)
    yield part


def _query(wanted: StoryFilter) -> ParsedQuery:
    if not wanted.query:
        raise BadQuery("the query has no word to search for: add one that articles must contain")
    return parse_query(wanted.query)


def _hits(
    connection: Connection,
    query: ParsedQuery,
    found: Sequence[StoryRecord],
    shown: Mapping[str, str],
    matches: QueryMatches,
) -> list[SearchResult]:
    """The results. The original is shown if it matches, since another copy may run a text that was corrected; else the
    article that `shown` has for the story.
    """
    originals = matches.among([story.original for story in found])
    chosen = {story.id: story.original if story.original in originals else shown.get(story.id, "") for story in found}
    texts = _texts(connection, list(chosen.values()))
    return [SearchResult(story, _where(query, chosen[story.id], texts)) for story in found]


OutletTitleText = tuple[str, str | None, str]  # outlet, title, text


def _texts(connection: Connection, article_ids: Sequence[str]) -> dict[str, OutletTitleText]:
    query = select(articles.c.id, articles.c.outlet, versions.c.title, versions.c.text)
    query = query.join(versions, versions.c.number == articles.c.version)
    return {
        identity: (outlet, title, text)
        for identity, outlet, title, text in rows_in(connection, query, articles.c.id, article_ids)
    }


def _where(query: ParsedQuery, article_id: str, texts: Mapping[str, OutletTitleText]) -> MatchedText | None:
    if article_id not in texts:
        return None
    outlet, title, text = texts[article_id]
    piece = best_excerpt(query, text)
    return MatchedText(article_id, outlet, title, match_spans(query, title or ""), piece.text, piece.spans)
