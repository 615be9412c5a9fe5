"""Articles and matches in, stories out: a pure function, whatever the order of arrival.

Articles that hold most of each other are one story; what is a part of one of them joins it: see
`onestory.dedupe.star_clustering`. A frame, a round-up and what an editor parted connect nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from onestory.dedupe.constraints import Constraints, GroupingDecision
from onestory.dedupe.evidence import FOLLOWED_JACCARD, Match, Member
from onestory.dedupe.round_ups import Edge, Edges, MatchGraph, is_mutual
from onestory.dedupe.star_clustering import Bond, grouped

__all__ = ["GroupingDecision", "StoryPart", "evaluated", "partition", "unverified_pairs"]

SAME_JACCARD = 0.5
# What may be a bridge is compared with all that its copies match, as long as that takes no more pairs than these.
FEW_PAIRS, PAIRS_AN_ARTICLE = 4096, 8


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
    graph = MatchGraph.of(articles, matches)
    return _parts(graph, _near(graph), decisions)


def evaluated(
    graph: MatchGraph, decisions: Iterable[GroupingDecision], seen: Collection[tuple[int, int]]
) -> tuple[list[StoryPart], set[tuple[int, int]]]:
    """The parts as these matches have them, and the pairs that must be verified before they hold.

    `seen` has the pairs already verified: see `unverified_pairs`. Where nothing is left to verify, the parts are those
    of `partition`.
    """
    near = _near(graph)
    parts = _parts(graph, near, decisions)
    known = set(seen)
    asked = _unverified(graph, near, parts) - known
    # A round-up can be recognised only after everything it contains was compared.
    return parts, asked or _left_out(graph, near, known) - known


def _parts(graph: MatchGraph, near: Edges, decisions: Iterable[GroupingDecision]) -> list[StoryPart]:
    held = Constraints.of(graph.members, decisions)
    home = _homes(graph.members, near, held)
    inside: dict[str, list[str]] = defaultdict(list)
    for member in sorted(graph.members):
        inside[home[member]].append(member)
    parts = [_part(head, ids, near, held) for head, ids in inside.items()]
    return sorted(parts, key=lambda part: part.members[0])


def _near(graph: MatchGraph) -> dict[str, dict[str, Edge]]:
    """For each article, the articles that may share its story."""
    members, edges, bridges = graph.members, graph.edges, graph.bridges
    near: dict[str, dict[str, Edge]] = {member: {} for member in members}
    for one, others in edges.items():
        for other, edge in others.items():
            if (
                _may_share(members[one], members[other], edge, graph)
                and _holds_both(other, bridges.get(one), edges)
                and _holds_both(one, bridges.get(other), edges)
            ):
                near[one][other] = edge
    return near


def _may_share(one: Member, other: Member, edge: Edge, graph: MatchGraph) -> bool:
    if edge.kind != "copy":
        return False
    if edge.jaccard < SAME_JACCARD and (one.id in graph.digests or other.id in graph.digests):
        return False
    return not (_is_suspect(one, other, edge) and _is_frame(one.id, other.id, graph.edges))


def _is_suspect(one: Member, other: Member, edge: Edge) -> bool:
    return edge.off_topic or (edge.unrelated and bool(one.host) and one.host == other.host)


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


def unverified_pairs(
    articles: Iterable[Member],
    matches: Iterable[Match],
    decisions: Iterable[GroupingDecision],
    seen: Iterable[tuple[int, int]],
) -> set[tuple[int, int]]:
    """Pairs of versions still to be verified, as the parts hang on them; the smaller number first.

    An article and the representative of a part that one of its copies is in; what an article may be a round-up of; and
    the copies of a round-up among each other, which may not have been compared because each is a copy of that one.
    `seen` has the pairs already verified, whatever the outcome. The index names some of a crowd only, and not all that
    it names is compared (`Evidence.is_followed`); asking until nothing is wanted gives the same parts in any order.
    """
    kept = list(matches)
    known = set(seen) | {(match.a, match.b) for match in kept}
    return evaluated(MatchGraph.of(articles, kept), decisions, known)[1]


def _unverified(graph: MatchGraph, near: Edges, parts: Iterable[StoryPart]) -> set[tuple[int, int]]:
    head = {one: part.representative for part in parts for one in part.members}
    asked = {
        (one, head[other]) for one, others in near.items() for other in others if head[other] not in (one, head[one])
    }
    # That two articles have nothing to do with each other says something only once they were compared.
    return _numbered(graph, asked | graph.wanted_pairs)


def _numbered(graph: MatchGraph, pairs: Iterable[tuple[str, str]]) -> set[tuple[int, int]]:
    numbers = ((graph.members[one].number, graph.members[other].number) for one, other in pairs)
    return {(min(pair), max(pair)) for pair in numbers}


def _left_out(graph: MatchGraph, near: Edges, seen: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Pairs of copies of a round-up that are still to be verified: it held them together, and connects nothing."""
    asked: set[tuple[int, int]] = set()
    beyond = {(one, other) for one in graph.suspects for other in _beyond(graph, one)}
    if len(beyond) <= max(FEW_PAIRS, PAIRS_AN_ARTICLE * len(graph.members)):
        asked |= _numbered(graph, beyond)
    for one in graph.round_ups:
        copies = [
            edge.other
            for edge in graph.edges[one].values()
            if edge.kind == "copy" and edge.jaccard > FOLLOWED_JACCARD and not edge.off_topic
        ]
        if one in graph.bridges:
            asked |= _numbered(graph, _beside_bridge(graph, one, copies))
        asked |= _around(graph, [other for other in copies if other not in near[one]], seen)
    return asked


def _beyond(graph: MatchGraph, one: str) -> set[str]:
    """What the copies of an article share words with, and the article was not compared with."""
    near = [edge.other for edge in graph.edges[one].values() if edge.kind == "copy" and edge.jaccard > FOLLOWED_JACCARD]
    return {other for copy in near for other in graph.edges[copy]} - graph.edges[one].keys() - {one}


def _beside_bridge(graph: MatchGraph, one: str, copies: Sequence[str]) -> set[tuple[str, str]]:
    """What tells twins of a bridge from the copies of what it holds; and one such twin."""
    a, b = graph.bridges[one]
    asked = {(other, text) for other in copies for text in (a, b) if other != text}
    twins = graph.edges[a].keys() & graph.edges[b].keys() - {one}
    if twins:
        asked.add((one, min(twins, key=lambda twin: graph.members[twin].rank)))
    return asked | graph.witnesses(one)


def _around(graph: MatchGraph, articles: Sequence[str], seen: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Each of the articles with the fullest of them; those that share nothing with it with the next one, and so on."""
    left = sorted(articles, key=lambda one: graph.members[one].rank)
    while left:
        head, *others = left
        asked = _numbered(graph, ((head, other) for other in others)) - seen
        if asked:
            return asked
        left = [other for other in others if other not in graph.edges[head]]
    return set()
