"""Articles and matches in, stories out: a pure function, whatever the order of arrival.

Articles that hold most of each other are one story; what is a part of one of them joins it: see
`onestory.dedupe.star_clustering`. A frame, a round-up and what an editor parted connect nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from onestory.dedupe.constraints import Constraints, GroupingDecision
from onestory.dedupe.evidence import Match, Member
from onestory.dedupe.star_clustering import Bond, grouped

__all__ = [
    "GroupingDecision",
    "MatchState",
    "Placement",
    "StoryPart",
    "may_be_round_up",
    "partition",
    "place_newcomer",
    "round_ups",
    "unverified_pairs",
]

QUOTED_RUN_WORDS = 30
QUOTED_SHARE = 0.08
TOP_WORDS = 12
SAME_JACCARD = 0.5
MUTUAL_SHARE, MOST_SHARE = 0.3, 0.4
WHOLE_SHARE = 0.7
TOP_RUN_WORDS, TOP_SHARE = 60, 0.15


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
    """A match as one of its two articles sees it: what the other is, and who holds whose words where.

    `share` is the part of this one that the other holds, `back` the part of the other that this one holds.
    """

    other: str
    kind: str
    other_is: str
    jaccard: float
    share: float
    back: float
    off_topic: bool
    unrelated: bool
    run: int
    here: int
    there: int


Edges = Mapping[str, Mapping[str, _Edge]]


def partition(
    articles: Iterable[Member], matches: Iterable[Match], decisions: Iterable[GroupingDecision] = ()
) -> list[StoryPart]:
    """The parts, ordered by their first member's id. A match of an unknown version is passed over."""
    members = {member.id: member for member in articles}
    edges = _edges(members, matches)
    near = _near(members, edges)
    held = Constraints.of(members, decisions)
    home = _homes(members, near, held)
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
        edges[a][b], edges[b][a] = _sides(match, a, b)
    return edges


def _sides(match: Match, a: str, b: str) -> tuple[_Edge, _Edge]:
    """The match as a sees it, and as b does."""
    kind, jaccard, off, other, run = match.kind, match.jaccard, match.off_topic, match.unrelated, match.longest_run
    ours, theirs = match.containment_a, match.containment_b
    return (
        _Edge(b, kind, match.b_is, jaccard, ours, theirs, off, other, run, match.a_at, match.b_at),
        _Edge(a, kind, match.a_is, jaccard, theirs, ours, off, other, run, match.b_at, match.a_at),
    )


def _near(members: Mapping[str, Member], edges: Edges) -> dict[str, dict[str, _Edge]]:
    """For each article, the articles that may share its story."""
    mixed = _round_ups(members, edges)
    near: dict[str, dict[str, _Edge]] = {member: {} for member in members}
    for one, others in edges.items():
        for other, edge in others.items():
            if _may_share(members[one], members[other], edge, edges, mixed):
                near[one][other] = edge
    return near


def _may_share(one: Member, other: Member, edge: _Edge, edges: Edges, mixed: Collection[str]) -> bool:
    if edge.kind != "copy":
        return False
    if edge.jaccard < SAME_JACCARD and (one.id in mixed or other.id in mixed):
        return False
    suspect = edge.off_topic or (edge.unrelated and bool(one.host) and one.host == other.host)
    return not (suspect and _is_frame(one.id, other.id, edges))


def _is_frame(one: str, other: str, edges: Edges) -> bool:
    """Whether a third article shares words with both that are not about it."""
    fewer, more = sorted((edges[one], edges[other]), key=len)
    return any(_frames(edge) and third in more and _frames(more[third]) for third, edge in fewer.items())


def _frames(edge: _Edge) -> bool:
    return edge.off_topic or edge.kind == "frame"


def _is_mutual(edge: _Edge) -> bool:
    """Whether each holds much of the other: most of it, where the headlines do not say that it is one thing."""
    return min(edge.share, edge.back) > (MOST_SHARE if edge.unrelated else MUTUAL_SHARE)


def round_ups(articles: Iterable[Member], matches: Iterable[Match]) -> set[str]:
    """Articles that hold the tops of stories that have nothing to do with each other."""
    members = {member.id: member for member in articles}
    return _round_ups(members, _edges(members, matches))


def may_be_round_up(match: Match, a_words: int, b_words: int) -> bool:
    """Whether a match may make one of its two articles a round-up, or a frame of something; else it does neither."""
    ours, theirs = _sides(match, "", "")
    return ((match.unrelated or match.off_topic) and match.kind != "frame") or any(
        _is_item(edge, words) or _is_top_item(edge, words) for edge, words in ((ours, a_words), (theirs, b_words))
    )


def _round_ups(members: Mapping[str, Member], edges: Edges) -> set[str]:
    """What holds the top of another story further down, and something that has nothing to do with that one."""
    return {one for one, item, others in _digests(members, edges) if not edges[item].keys() >= set(others)}


def _digests(members: Mapping[str, Member], edges: Edges) -> Iterator[tuple[str, str, list[str]]]:
    """What may be a round-up, the fullest article of which it has the top further down, and what else it has."""
    for one, others in edges.items():
        words = members[one].words
        items = [edge.other for edge in others.values() if _is_item(edge, words)]
        if items:
            first = min(items, key=lambda item: members[item].rank)
            tops = [edge.other for edge in others.values() if _is_top_item(edge, words)]
            yield one, first, [other for other in (*items, *tops) if other != first]


def _is_item(edge: _Edge, words: int) -> bool:
    """The other's top stands in this one, further down, and the other goes on for itself.

    What stands at the top of both is a dateline, or what their hosts put there.
    """
    if _is_whole(edge) or edge.run < max(QUOTED_RUN_WORDS, QUOTED_SHARE * words):
        return False
    return edge.there <= TOP_WORDS and edge.here > edge.there + TOP_WORDS


def _is_top_item(edge: _Edge, words: int) -> bool:
    """Much of this one's top is the other's, which goes on for itself."""
    if _is_whole(edge) or edge.run < max(TOP_RUN_WORDS, TOP_SHARE * words):
        return False
    return edge.there <= TOP_WORDS and edge.here <= edge.there + TOP_WORDS


def _is_whole(edge: _Edge) -> bool:
    """Whether it says nothing of a round-up: a frame, another lead, or a text of which this one has nearly all."""
    if edge.kind == "frame" or edge.off_topic:
        return True
    return edge.kind == "copy" and (_is_mutual(edge) or edge.back >= WHOLE_SHARE)


def _homes(members: Mapping[str, Member], near: Edges, held: Constraints) -> dict[str, str]:
    ranks = {member.id: member.rank for member in members.values()}
    bonds = [
        Bond(one, edge.other, edge.jaccard, _is_mutual(edge), edge.share, edge.unrelated)
        for one, others in near.items()
        for edge in others.values()
        if _is_part(one, edge, ranks)
    ]
    return grouped(ranks, bonds, held)


def _is_part(one: str, edge: _Edge, ranks: Mapping[str, tuple[int, str]]) -> bool:
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
    edges = _edges(members, kept)
    parts = partition(members.values(), kept, decisions)
    head = {one: part.representative for part in parts for one in part.members}
    asked = {
        (one, head[other])
        for one, others in _near(members, edges).items()
        for other in others
        if head[other] not in (one, head[one])
    }
    # That two articles have nothing to do with each other says something only once they were compared.
    asked |= {(item, other) for _, item, others in _digests(members, edges) for other in others}
    known = set(seen) | {(match.a, match.b) for match in kept}
    numbers = (sorted((members[one].number, members[other].number)) for one, other in asked)
    return {(a, b) for a, b in numbers if (a, b) not in known}
