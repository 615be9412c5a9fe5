"""Whether newcomers may make an article a bridge: one that holds two texts which have nothing to do with each other.

Exact, at a cost that hangs on the newcomers and not on the stories: of what an article held before, only the parts
that are small enough to leave room for a newcomer are read. See `onestory.dedupe.round_ups`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from sqlalchemy import Connection

from onestory.dedupe.headlines import Headline, are_related
from onestory.dedupe.round_ups import DISJOINT_SHARES
from onestory.pipelines.stories.headline import headline_of
from onestory.pipelines.stories.matched import parts_held
from onestory.store.articles.versions import signatures_of
from onestory.store.stories.components import MatchRow, MemberRow, small_parts, stored_matches

__all__ = ["possible_bridges"]

Pair = tuple[int, int]  # two versions, the lower number first
Parts = Mapping[int, Mapping[int, float]]  # container, version within it, the share of the container that this one is


def possible_bridges(
    connection: Connection, newcomers: Mapping[str, int], members: Mapping[str, MemberRow], rows: Sequence[MatchRow]
) -> set[str]:
    """The newcomers (article: version) that may be bridges, or make others bridges.

    `rows` are all their matches, those with each other included. Two articles within a third one are suspected if they
    share no words and have headlines that have nothing to do with each other.
    """
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
