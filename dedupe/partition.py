"""Articles and matches in, stories out: a pure function, whatever the order of arrival.

The fullest article of a neighbourhood represents it, and holds its chain: a copy of a copy joins only if it matches
the representative itself (`onestory.dedupe.star_clustering`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from onestory.dedupe.constraints import Constraints, Decision
from onestory.dedupe.star_clustering import StarClusters

__all__ = [
    "Decision",
    "Match",
    "MatchState",
    "Member",
    "Placement",
    "StoryPart",
    "may_be_round_up",
    "partition",
    "place_newcomer",
    "repeated_pages",
    "round_ups",
    "unverified_pairs",
]

WALL_PAGES = 4
QUOTED_RUN_WORDS = 30
QUOTED_SHARE = 0.08
TOP_WORDS = 12
SAME_JACCARD = 0.5


@dataclass(frozen=True, slots=True)
class Member:
    """An article with its current version: `id`, version `number`, `words`, `digest`; `host` is opaque."""

    id: str
    number: int
    words: int
    digest: bytes
    host: str = ""

    @property
    def rank(self) -> tuple[int, str]:
        """The fullest first, then by id: nothing that depends on arrival."""
        return (-self.words, self.id)


class Match(Protocol):
    """What is read of an Evidence; `a` and `b` are numbers of versions."""

    @property
    def a(self) -> int: ...
    @property
    def b(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def a_is(self) -> str: ...
    @property
    def b_is(self) -> str: ...
    @property
    def jaccard(self) -> float: ...
    @property
    def longest_run(self) -> int: ...
    @property
    def a_at(self) -> int: ...
    @property
    def b_at(self) -> int: ...


@dataclass(frozen=True, slots=True)
class StoryPart:
    """One story: member ids in order, the representative, and each member's relation to it.

    Relations are "original", "verbatim", "edited" or "excerpt".
    """

    members: tuple[str, ...]
    representative: str
    relations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Edge:
    """A match as one of its two articles sees it: what the other is, and who holds whose words where."""

    other: str
    kind: str
    other_is: str
    jaccard: float
    run: int
    here: int
    there: int


def partition(
    articles: Iterable[Member], matches: Iterable[Match], decisions: Iterable[Decision] = ()
) -> list[StoryPart]:
    """The parts, ordered by their first member's id. A match of an unknown version is passed over."""
    members = {member.id: member for member in articles}
    edges = _edges(members, matches)
    near = _copies(members, edges)
    held = Constraints.of(members, decisions)
    home = _stars(members, near, held, edges)
    inside: dict[str, list[str]] = defaultdict(list)
    for member in sorted(members):
        inside[home[member]].append(member)
    parts = [_part(head, ids, near, held) for head, ids in inside.items()]
    return sorted(parts, key=lambda part: part.members[0])


def _edges(members: Mapping[str, Member], matches: Iterable[Match]) -> dict[str, dict[str, _Edge]]:
    by_number = {member.number: member.id for member in members.values()}
    edges: dict[str, dict[str, _Edge]] = defaultdict(dict)
    for match in matches:
        a, b = by_number.get(match.a), by_number.get(match.b)
        if a is None or b is None or a == b:
            continue
        run, jaccard = match.longest_run, match.jaccard
        edges[a][b] = _Edge(b, match.kind, match.b_is, jaccard, run, match.a_at, match.b_at)
        edges[b][a] = _Edge(a, match.kind, match.a_is, jaccard, run, match.b_at, match.a_at)
    return edges


def _copies(members: Mapping[str, Member], edges: Mapping[str, Mapping[str, _Edge]]) -> dict[str, dict[str, str]]:
    """For each article, the articles that may share its story, and what they are beside it."""
    blank, mixed = repeated_pages(members.values()), _round_ups(members, edges)
    near: dict[str, dict[str, str]] = {member: {} for member in members}
    for one, others in edges.items():
        for other, edge in others.items():
            loose = edge.jaccard < SAME_JACCARD and (one in mixed or other in mixed)
            if edge.kind == "copy" and not loose and one not in blank and other not in blank:
                near[one][other] = edge.other_is
    return near


def repeated_pages(members: Iterable[Member]) -> set[str]:
    """Pages of one host that all say exactly the same: a consent wall, an error, an offer; not news."""
    pages: dict[tuple[str, bytes], list[str]] = defaultdict(list)
    for member in members:
        if member.host:
            pages[member.host, member.digest].append(member.id)
    return {one for same in pages.values() if len(same) >= WALL_PAGES for one in same}


def round_ups(articles: Iterable[Member], matches: Iterable[Match]) -> set[str]:
    """Articles that hold the tops of stories that have nothing to do with each other."""
    members = {member.id: member for member in articles}
    return _round_ups(members, _edges(members, matches))


def may_be_round_up(run: int, a_at: int, b_at: int, a_words: int, b_words: int) -> bool:
    """Whether a match that is no copy may make one of its two articles a round-up; otherwise it changes nothing."""
    sides = ((a_at, b_at, a_words), (b_at, a_at, b_words))
    return any(
        run >= max(QUOTED_RUN_WORDS, QUOTED_SHARE * words) and there <= TOP_WORDS and here > there
        for here, there, words in sides
    )


def _round_ups(members: Mapping[str, Member], edges: Mapping[str, Mapping[str, _Edge]]) -> set[str]:
    found = set()
    for one, others in edges.items():
        least = max(QUOTED_RUN_WORDS, QUOTED_SHARE * members[one].words)
        quoted = [edge.other for edge in others.values() if edge.run >= least and _quotes(edge)]
        if any(b not in edges[a] for a, b in combinations(quoted, 2)):
            found.add(one)
    return found


def _quotes(edge: _Edge) -> bool:
    """The other's top stands in this one, further down, and no copy is seen in it."""
    return edge.kind != "copy" and edge.there <= TOP_WORDS and edge.here > edge.there


def _stars(
    members: Mapping[str, Member],
    near: Mapping[str, Mapping[str, str]],
    held: Constraints,
    edges: Mapping[str, Mapping[str, _Edge]],
) -> dict[str, str]:
    ranks = {member.id: member.rank for member in members.values()}
    return StarClusters.of(ranks, near, held, lambda one, other: edges[one][other].jaccard).home


def _part(head: str, ids: Sequence[str], near: Mapping[str, Mapping[str, str]], held: Constraints) -> StoryPart:
    pinned = [one for one in ids if one in held.originals]
    stands = max(pinned, key=lambda one: (held.originals[one], one)) if pinned else head
    relations = {one: _relation(one, stands, head, near) for one in ids}
    return StoryPart(tuple(ids), stands, relations)


def _relation(one: str, stands: str, head: str, near: Mapping[str, Mapping[str, str]]) -> str:
    if one == stands:
        return "original"
    relation = near[stands].get(one) or near[head].get(one) or "edited"
    return "edited" if relation == "fuller" else relation


@dataclass(frozen=True, slots=True)
class MatchState:
    """What the store knows of a matched article: whom its story is held by, and whether it is a round-up or a wall."""

    member: Member
    representative: Member
    solitary: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a newcomer goes; None as `representative`: the component must be evaluated again."""

    representative: str | None


def place_newcomer(newcomer: Member, matches: Iterable[Match], around: Iterable[MatchState]) -> Placement:
    """Where a newcomer joins, if that changes nothing else: the short way past `partition`.

    It does when no decision names an article of the component, nothing here is a round-up or a wall, and a
    representative that it matches outranks it. `matches` are all of the newcomer's; `around` are the matched
    articles. The caller sends components with decisions to `partition`.
    """
    found = list(matches)
    standing = {one.member.number: one for one in around}
    if any(match.kind != "copy" for match in found):
        return Placement(None)
    others = [standing.get(match.b if match.a == newcomer.number else match.a) for match in found]
    known = [one for one in others if one is not None]
    if not known or len(known) < len(found) or any(one.solitary for one in known):
        return Placement(None)
    same = [one for one in known if one.member.digest == newcomer.digest and one.member.host == newcomer.host]
    heads = [one.member for one in known if one.member.id == one.representative.id]
    if not heads or (newcomer.host and len(same) >= WALL_PAGES - 1):
        return Placement(None)
    best = min(heads, key=lambda member: member.rank)
    return Placement(best.id if best.rank < newcomer.rank else None)


def unverified_pairs(
    articles: Iterable[Member], matches: Iterable[Match], decisions: Iterable[Decision], seen: Iterable[tuple[int, int]]
) -> set[tuple[int, int]]:
    """Pairs of versions still to be verified: an article and the representative of a part one of its copies is in.

    `seen` has the pairs already verified, whatever the outcome, smaller number first. An index that let go of ids
    in crowded bands cannot name these; asking until nothing is wanted gives the same parts in any order.
    """
    members = {member.id: member for member in articles}
    kept = list(matches)
    parts = partition(members.values(), kept, decisions)
    head = {one: part.representative for part in parts for one in part.members}
    near = _copies(members, _edges(members, kept))
    known = set(seen) | {(match.a, match.b) for match in kept}
    pairs = {
        tuple(sorted((members[one].number, members[head[other]].number)))
        for one, others in near.items()
        for other in others
        if head[other] not in (one, head[one])
    }
    return {(a, b) for a, b in pairs if (a, b) not in known}
