"""Whether newcomers may make an article a digest: one with the top of a story further down, and something else.

Exact, at a cost that hangs on the articles with such a top, and not on the stories. See `onestory.dedupe.round_ups`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from onestory.dedupe.evidence import Member
from onestory.dedupe.round_ups import MatchGraph, items_held, tops_held
from onestory.pipelines.stories.matched import seen_of
from onestory.store.stories.components import MatchRow, MemberRow, load_members, matches_of, stored_matches

__all__ = ["possible_digests"]


def possible_digests(
    connection: Connection, newcomers: Mapping[str, int], members: Mapping[str, MemberRow], rows: Sequence[MatchRow]
) -> set[str]:
    """The newcomers (article: version) that may be digests, or make others digests.

    `rows` are all their matches, those with each other included. What an article holds makes it no digest if the
    fullest item shares words with all the rest.
    """
    telling = [row for row in rows if not row.is_inert]
    holders = _holders(telling, members)
    if not holders:
        return set()
    held = _rows_of(holders, [*telling, *matches_of(connection, holders - newcomers.keys(), telling=True)])
    ends = {end for found in held.values() for row in found for end in (row.a_article, row.b_article)}
    known = {**members, **{one.id: one for one in load_members(connection, ends - members.keys())}}
    wanted = {holder: _wanted(found, known) for holder, found in held.items()}
    pairs = {pair for found in wanted.values() for pair in found}
    tied = {(row.a, row.b) for row in (*rows, *stored_matches(connection, pairs)) if row.kind != "none"}
    suspects = {holder for holder, found in wanted.items() if not found <= tied}
    return {
        end
        for row in telling
        if row.a_article in suspects or row.b_article in suspects
        for end in (row.a_article, row.b_article)
        if end in newcomers
    }


def _holders(rows: Iterable[MatchRow], members: Mapping[str, MemberRow]) -> set[str]:
    """The articles that have the top of another one, as far as these matches say."""
    found = set()
    for row in rows:
        a, b = members.get(row.a_article), members.get(row.b_article)
        if a is None or b is None or row.kind in ("none", "frame"):
            continue
        seen = seen_of(row)
        sides = zip(items_held(seen, a.words, b.words), tops_held(seen, a.words, b.words), strict=True)
        found |= {article.id for article, side in zip((a, b), sides, strict=True) if any(side)}
    return found


def _rows_of(holders: Iterable[str], rows: Iterable[MatchRow]) -> dict[str, list[MatchRow]]:
    wanted = set(holders)
    found: dict[str, list[MatchRow]] = defaultdict(list)
    for row in rows:
        for end in (row.a_article, row.b_article):
            if end in wanted:
                found[end].append(row)
    return found


def _wanted(rows: Sequence[MatchRow], members: Mapping[str, MemberRow]) -> set[tuple[int, int]]:
    """The pairs of versions that must share words, or the holder of all these matches is a digest."""
    ends = {end for row in rows for end in (row.a_article, row.b_article)}
    known = [members[end] for end in ends if end in members]
    articles = [Member(one.id, one.number, one.words, one.text_digest, one.host) for one in known]
    graph = MatchGraph.of(articles, [seen_of(row) for row in rows if row.kind != "none"])
    numbers = ((members[one].number, members[other].number) for one, other in graph.wanted_pairs)
    return {(min(pair), max(pair)) for pair in numbers}
