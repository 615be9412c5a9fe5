"""Whether newcomers may make an article a round-up, told exactly and without reading the stories.

A bridge holds two texts that have nothing to do with each other: of what an article held before, only the parts that
are small enough to leave room for a newcomer are read. A digest holds the top of a story further down, and something
else: only what such an article holds is read. See `onestory.dedupe.round_ups`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from sqlalchemy import Connection

from onestory.dedupe.evidence import Member
from onestory.dedupe.headlines import Headline, are_related
from onestory.dedupe.round_ups import DISJOINT_SHARES, MatchGraph, items_held, tops_held
from onestory.pipelines.stories.candidates import compare
from onestory.pipelines.stories.headline import headline_of
from onestory.pipelines.stories.matched import parts_held, record_matches, seen_of
from onestory.store.articles.versions import signatures_of
from onestory.store.stories.components import (
    MatchRow,
    MemberRow,
    load_members,
    matches_of,
    small_parts,
    stored_matches,
)

__all__ = ["possible_round_ups"]

MOST_COMPARED = 256  # pairs for one batch of newcomers; what needs more is left to the evaluation

Pair = tuple[int, int]  # two versions, the lower number first
Parts = Mapping[int, Mapping[int, float]]  # container, version within it, the share of the container that this one is


def possible_round_ups(
    connection: Connection, newcomers: Mapping[str, int], members: Mapping[str, MemberRow], rows: Sequence[MatchRow]
) -> set[str]:
    """The newcomers (article: version) that may be round-ups, or make others round-ups.

    `rows` are all their matches, those with each other included.
    """
    return _possible_bridges(connection, newcomers, members, rows) | _possible_digests(
        connection, newcomers, members, rows
    )


def _possible_bridges(
    connection: Connection, newcomers: Mapping[str, int], members: Mapping[str, MemberRow], rows: Sequence[MatchRow]
) -> set[str]:
    """Two articles within a third one are suspected if they share no words and have unrelated headlines."""
    new = set(newcomers.values())
    fresh = _parts(rows)
    suspects = [
        (container, pair)
        for container, within in _with_stored(connection, fresh, members.values()).items()
        for pair in _pairs(within, fresh[container])
        if not new.isdisjoint({container, *pair})
    ]
    pairs = {pair for _, pair in suspects} - _tied(connection, rows, suspects, new)
    apart = _unrelated(connection, pairs)
    suspected = {one for container, pair in suspects if pair in apart for one in (container, *pair)}
    return {article for article, number in newcomers.items() if number in suspected}


def _parts(rows: Iterable[MatchRow]) -> dict[int, dict[int, float]]:
    parts: dict[int, dict[int, float]] = defaultdict(dict)
    for row in rows:
        for container, share in parts_held(row):
            parts[container][row.b if container == row.a else row.a] = share
    return parts


def _with_stored(connection: Connection, fresh: Parts, members: Iterable[MemberRow]) -> Parts:
    """The parts, with those of the store that leave room for one of them."""
    held = {member.id: member for member in members if member.number in fresh}
    room = {article: DISJOINT_SHARES - min(fresh[member.number].values()) for article, member in held.items()}
    asked = {
        article: room[article]
        for article, member in held.items()
        if member.least_part is not None and member.least_part <= room[article]
    }
    parts = {container: dict(within) for container, within in fresh.items()}
    for container, within in _parts(small_parts(connection, asked)).items():
        if container in parts:
            parts[container] |= within
    return parts


def _pairs(within: Mapping[int, float], fresh: Mapping[int, float]) -> Iterator[Pair]:
    """Two versions that fit into one beside each other, at least one of them matched now."""
    least = min(within.values())
    small = sorted(one for one in within if within[one] + least <= DISJOINT_SHARES)
    for one, other in combinations(small, 2):
        if within[one] + within[other] <= DISJOINT_SHARES and (one in fresh or other in fresh):
            yield one, other


def _tied(
    connection: Connection, rows: Sequence[MatchRow], suspects: Sequence[tuple[int, Pair]], new: Collection[int]
) -> set[Pair]:
    """The suspected pairs that share words. All matches of a newcomer are in `rows`; the store has the others."""
    old = {pair for _, pair in suspects if pair[0] not in new and pair[1] not in new}
    return {(row.a, row.b) for row in (*rows, *stored_matches(connection, old)) if row.kind != "none"}


def _unrelated(connection: Connection, pairs: Collection[Pair]) -> set[Pair]:
    """Those of the pairs whose headlines have nothing to do with each other."""
    found = signatures_of(connection, {one for pair in pairs for one in pair})
    headlines = {version.number: Headline(headline_of(version.title, version.url)) for version in found}
    return {
        (one, other)
        for one, other in pairs
        if one not in headlines or other not in headlines or not are_related(headlines[one], headlines[other])
    }


def _possible_digests(
    connection: Connection, newcomers: Mapping[str, int], members: Mapping[str, MemberRow], rows: Sequence[MatchRow]
) -> set[str]:
    """What an article holds makes it no digest if the fullest item shares words with all the rest."""
    telling = [row for row in rows if not row.is_inert]
    holders = _holders(telling, members)
    if not holders:
        return set()
    held = _rows_of(holders, [*telling, *matches_of(connection, holders - newcomers.keys(), telling=True)])
    ends = {end for found in held.values() for row in found for end in (row.a_article, row.b_article)}
    known = {**members, **{one.id: one for one in load_members(connection, ends - members.keys())}}
    wanted = {holder: _wanted(found, known) for holder, found in held.items()}
    pairs = {pair for found in wanted.values() for pair in found}
    tied = {(row.a, row.b) for row in (*rows, *_verified(connection, pairs, rows)) if row.kind != "none"}
    suspects = {holder for holder, found in wanted.items() if not found <= tied}
    return {
        end
        for row in telling
        if row.a_article in suspects or row.b_article in suspects
        for end in (row.a_article, row.b_article)
        if end in newcomers
    }


def _verified(connection: Connection, pairs: Collection[Pair], rows: Sequence[MatchRow]) -> list[MatchRow]:
    """The matches of pairs that an evaluation would ask for; those that nobody compared are compared and recorded."""
    stored = stored_matches(connection, pairs)
    unknown = set(pairs) - {(row.a, row.b) for row in (*rows, *stored)}
    if len(unknown) > MOST_COMPARED:
        return stored
    fresh = compare(connection, unknown)
    record_matches(connection, fresh)
    return stored + fresh


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
