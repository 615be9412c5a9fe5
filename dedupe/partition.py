"""Articles and matches in, stories out: a pure function, whatever the order of arrival.

Articles that hold most of each other are one story; what is a part of one of them joins it: see
`onestory.dedupe.star_clustering`. A frame, a round-up and what an editor parted connect nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from onestory.dedupe.constraints import Constraints, GroupingDecision
from onestory.dedupe.evidence import Match, Member
from onestory.dedupe.round_ups import (
    Edge,
    Edges,
    bridges,
    digests,
    edges_between,
    is_mutual,
    may_be_round_up,
    wanted_pairs,
)
from onestory.dedupe.star_clustering import Bond, grouped

__all__ = [
    "GroupingDecision",
    "MatchState",
    "Placement",
    "StoryPart",
    "partition",
    "place_newcomer",
    "unverified_pairs",
]

SAME_JACCARD = 0.5


@dataclass(frozen=True, slots=True)
class StoryPart:
    """One story: member ids in order, the representative, and each member's relation to it.

    Relations are "original", "verbatim", "edited" or "excerpt".
    """

    members: tuple[str, ...]
    representative: str
    relations: Mapping[str, str]


def partition(
    articles: Iterable[Member], matches: Iterable[Match], decisions: Iterable[GroupingDecision] = ()
) -> list[StoryPart]:
    """The parts, ordered by their first member's id. A match of an unknown version is passed over."""
    members = {member.id: member for member in articles}
    edges = edges_between(members, matches)
    near = _near(members, edges)
    held = Constraints.of(members, decisions)
    home = _homes(members, near, held)
    inside: dict[str, list[str]] = defaultdict(list)
    for member in sorted(members):
        inside[home[member]].append(member)
    parts = [_part(head, ids, near, held) for head, ids in inside.items()]
    return sorted(parts, key=lambda part: part.members[0])


def _near(members: Mapping[str, Member], edges: Edges) -> dict[str, dict[str, Edge]]:
    """For each article, the articles that may share its story."""
    mixed, bridge = digests(members, edges), bridges(members, edges)
    near: dict[str, dict[str, Edge]] = {member: {} for member in members}
    for one, others in edges.items():
        for other, edge in others.items():
            if (
                _may_share(members[one], members[other], edge, edges, mixed)
                and _holds_both(other, bridge.get(one), edges)
                and _holds_both(one, bridge.get(other), edges)
            ):
                near[one][other] = edge
    return near


def _may_share(one: Member, other: Member, edge: Edge, edges: Edges, mixed: Collection[str]) -> bool:
    if edge.kind != "copy":
        return False
    if edge.jaccard < SAME_JACCARD and (one.id in mixed or other.id in mixed):
        return False
    suspect = edge.off_topic or (edge.unrelated and bool(one.host) and one.host == other.host)
    return not (suspect and _is_frame(one.id, other.id, edges))


def _holds_both(one: str, held: tuple[str, str] | None, edges: Edges) -> bool:
    """Whether an article may share the story of one that holds these two texts: it has words of both, as a twin has."""
    return held is None or all(one in edges[text] for text in held)


def _is_frame(one: str, other: str, edges: Edges) -> bool:
    """Whether a third article shares words with both that are not about it."""
    fewer, more = sorted((edges[one], edges[other]), key=len)
    return any(_frames(edge) and third in more and _frames(more[third]) for third, edge in fewer.items())


def _frames(edge: Edge) -> bool:
    return edge.off_topic or edge.kind == "frame"


def _homes(members: Mapping[str, Member], near: Edges, held: Constraints) -> dict[str, str]:
    ranks = {member.id: member.rank for member in members.values()}
    bonds = [
        Bond(one, edge.other, edge.jaccard, is_mutual(edge), edge.share, edge.unrelated)
        for one, others in near.items()
        for edge in others.values()
        if _is_part(one, edge, ranks)
    ]
    return grouped(ranks, bonds, held)


def _is_part(one: str, edge: Edge, ranks: Mapping[str, tuple[int, str]]) -> bool:
    """Each pair appears once, from the side of the shorter text."""
    return ranks[one] > ranks[edge.other]


def _part(head: str, ids: Sequence[str], near: Edges, held: Constraints) -> StoryPart:
    pinned = [one for one in ids if one in held.originals]
    stands = max(pinned, key=lambda one: (held.originals[one], one)) if pinned else head
    relations = {one: _relation(one, stands, head, near) for one in ids}
    return StoryPart(tuple(ids), stands, relations)


def _relation(one: str, stands: str, head: str, near: Edges) -> str:
    if one == stands:
        return "original"
    edge = near[stands].get(one) or near[head].get(one)
    return "edited" if edge is None or edge.other_is == "fuller" else edge.other_is


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

    It does when no decision names an article of the component, nothing here is a round-up or a frame, and the
    representative of the one story that it matches outranks it. `matches` are all of the newcomer's; `around` are
    the matched articles. The caller sends components with decisions to `partition`.
    """
    found = list(matches)
    standing = {one.member.number: one for one in around}
    others = [standing.get(match.b if match.a == newcomer.number else match.a) for match in found]
    known = [one for one in others if one is not None]
    if not known or len(known) < len(found) or any(one.solitary for one in known):
        return Placement(None)
    words = {newcomer.number: newcomer.words} | {one.member.number: one.member.words for one in known}
    if any(match.kind != "copy" or may_be_round_up(match, words[match.a], words[match.b]) for match in found):
        return Placement(None)
    heads = {one.representative.id for one in known}
    head = known[0].representative
    if len(heads) > 1 or head.rank > newcomer.rank or all(one.member.id != head.id for one in known):
        return Placement(None)
    return Placement(head.id)


def unverified_pairs(
    articles: Iterable[Member],
    matches: Iterable[Match],
    decisions: Iterable[GroupingDecision],
    seen: Iterable[tuple[int, int]],
) -> set[tuple[int, int]]:
    """Pairs of versions still to be verified, as the parts hang on them; the smaller number first.

    An article and the representative of a part that one of its copies is in; and what an article may be a round-up of.
    `seen` has the pairs already verified, whatever the outcome. The index names some of a crowd only; asking until
    nothing is wanted gives the same parts in any order.
    """
    members = {member.id: member for member in articles}
    kept = list(matches)
    edges = edges_between(members, kept)
    parts = partition(members.values(), kept, decisions)
    head = {one: part.representative for part in parts for one in part.members}
    asked = {
        (one, head[other])
        for one, others in _near(members, edges).items()
        for other in others
        if head[other] not in (one, head[one])
    }
    # That two articles have nothing to do with each other says something only once they were compared.
    asked |= wanted_pairs(members, edges)
    known = set(seen) | {(match.a, match.b) for match in kept}
    numbers = (sorted((members[one].number, members[other].number)) for one, other in asked)
    return {(a, b) for a, b in numbers if (a, b) not in known}
