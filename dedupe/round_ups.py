"""Which articles hold several stories: round-ups, live files, and pages that put two texts together.

Such an article connects none of what it holds. It keeps only its near-identical twins.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from onestory.dedupe.evidence import Match, Member
from onestory.dedupe.headlines import are_related

__all__ = [
    "DISJOINT_SHARES",
    "Edge",
    "Edges",
    "MatchGraph",
    "is_inert",
    "is_mutual",
    "items_held",
    "share_within",
    "tops_held",
]

QUOTED_RUN_WORDS = 30
QUOTED_SHARE = 0.08
TOP_WORDS = 12
SAME_JACCARD = 0.5
MUTUAL_SHARE, MOST_SHARE = 0.3, 0.4
WHOLE_SHARE = 0.7
TOP_RUN_WORDS, TOP_SHARE = 60, 0.15
PART_SHARE = 0.15
COMPARED_ENDS = 6
DISJOINT_SHARES = 1.25  # what two texts that share nothing are together of what holds both, at most, with a frame


class Edge(NamedTuple):
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


Edges = Mapping[str, Mapping[str, Edge]]


@dataclass(frozen=True)
class MatchGraph:
    """Articles by id, and each match from both sides by its two articles."""

    members: Mapping[str, Member]
    edges: Edges

    @classmethod
    def of(cls, articles: Iterable[Member], matches: Iterable[Match]) -> "MatchGraph":
        """The graph of these articles. A match of an unknown version is passed over."""
        members = {member.id: member for member in articles}
        return cls(members, _edges_between(members, matches))

    def with_members(self, articles: Iterable[Member]) -> "MatchGraph":
        """The same matches, with more known of these articles."""
        return replace(self, members={**self.members, **{member.id: member for member in articles}})

    def with_matches(self, matches: Iterable[Match]) -> "MatchGraph":
        """The graph with more matches of its articles."""
        edges = {one: dict(others) for one, others in self.edges.items()}
        for one, others in _edges_between(self.members, matches).items():
            edges.setdefault(one, {}).update(others)
        return replace(self, edges=defaultdict(dict, edges))

    @cached_property
    def _digests(self) -> list[tuple[str, str, list[str]]]:
        return list(_digests(self.members, self.edges))

    @cached_property
    def _containers(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return list(_containers(self.members, self.edges))

    @cached_property
    def digests(self) -> set[str]:
        """What holds the top of another story further down, and something that has nothing to do with that one."""
        return {one for one, item, others in self._digests if not self.edges[item].keys() >= set(others)}

    @cached_property
    def bridges(self) -> dict[str, tuple[str, str]]:
        """What holds two texts that have nothing to do with each other, and these two."""
        found, members, edges = dict[str, tuple[str, str]](), self.members, self.edges
        for one, pairs in self._containers:
            disjoint = ((a, b) for a, b in pairs if b not in edges[a])
            apart = ((a, b) for a, b in disjoint if _are_apart(members[a], members[b], members[one], edges))
            pair = next(apart, None)
            if pair is not None:
                found[one] = pair
        return found

    def witnesses(self, bridge: str) -> set[tuple[str, str]]:
        """The copy of each text of a bridge that does without the other, with that other one."""
        both = (self.bridges[bridge], self.bridges[bridge][::-1])
        found = ((min(_copies_without(*pair, bridge, self.edges), default=None), pair[1]) for pair in both)
        return {(witness, other) for witness, other in found if witness is not None}

    @property
    def suspects(self) -> set[str]:
        """What holds two texts that share nothing, under unrelated headlines."""
        apart = {(a, b) for a, b in self._unrelated_within if b not in self.edges[a]}
        return {one for one, pairs in self._containers if not apart.isdisjoint(pairs)}

    @property
    def round_ups(self) -> set[str]:
        """Articles that hold the tops of stories, or whole texts, that have nothing to do with each other."""
        return self.digests | self.bridges.keys()

    @property
    def whole_needed(self) -> set[str]:
        """Articles of which every match counts, an inert one too: what shares nothing with them is told from these."""
        return {one for pair in self._unrelated_within for one in pair} | {item for _, item, _ in self._digests}

    @property
    def headlines_needed(self) -> set[str]:
        """Articles that another article contains whole. Their headlines decide whether it is a bridge."""
        return {one for _, pairs in self._containers for pair in pairs for one in pair}

    @property
    def wanted_pairs(self) -> set[tuple[str, str]]:
        """Pairs of articles that must be compared before it is known whether a third one is a round-up."""
        items = {(item, other) for _, item, others in self._digests for other in others}
        return items | self._unrelated_within

    @cached_property
    def _unrelated_within(self) -> set[tuple[str, str]]:
        """Pairs of articles within a third one whose headlines have nothing to do with each other."""
        within = {pair for _, pairs in self._containers for pair in pairs}
        return {(a, b) for a, b in within if _are_unrelated(self.members[a], self.members[b])}


def _edges_between(members: Mapping[str, Member], matches: Iterable[Match]) -> dict[str, dict[str, Edge]]:
    by_number = {member.number: member.id for member in members.values()}
    edges: dict[str, dict[str, Edge]] = defaultdict(dict)
    for match in matches:
        a, b = by_number.get(match.a), by_number.get(match.b)
        if a is None or b is None or a == b:
            continue
        edges[a][b], edges[b][a] = _sides(match, a, b)
    return edges


def _sides(match: Match, a: str, b: str) -> tuple[Edge, Edge]:
    """The match as a sees it, and as b does."""
    kind, jaccard, off, other, run = match.kind, match.jaccard, match.off_topic, match.unrelated, match.longest_run
    ours, theirs = match.containment_a, match.containment_b
    return (
        Edge(b, kind, match.b_is, jaccard, ours, theirs, off, other, run, match.a_at, match.b_at),
        Edge(a, kind, match.a_is, jaccard, theirs, ours, off, other, run, match.b_at, match.a_at),
    )


def is_mutual(edge: Edge) -> bool:
    """Whether each holds much of the other: most of it, where the headlines do not say that it is one thing."""
    return min(edge.share, edge.back) > (MOST_SHARE if edge.unrelated else MUTUAL_SHARE)


def items_held(match: Match, a_words: int, b_words: int) -> tuple[bool, bool]:
    """Whether a, and whether b, has the top of the other further down.

    An article without one is no digest, whatever else it holds.
    """
    ours, theirs = _sides(match, "", "")
    return _is_item(ours, a_words), _is_item(theirs, b_words)


def tops_held(match: Match, a_words: int, b_words: int) -> tuple[bool, bool]:
    """Whether much of the top of a, and of b, is the other's: it makes a digest of what holds an item too."""
    ours, theirs = _sides(match, "", "")
    return _is_top_item(ours, a_words), _is_top_item(theirs, b_words)


def share_within(match: Match, container: int) -> float | None:
    """The part of version `container` that the other version is, where that lies within it; else None.

    An article is a bridge only if the shares of two articles within it add up to at most `DISJOINT_SHARES`.
    """
    ours, theirs = _sides(match, "", "")
    edge = ours if match.a == container else theirs
    return edge.share if _is_within(edge) else None


def is_inert(match: Match, a_words: int, b_words: int) -> bool:
    """Whether a match can change no story: it is no copy, shows no frame, and makes neither article a round-up."""
    if match.kind in ("copy", "frame") or match.off_topic:
        return False
    return not any((*items_held(match, a_words, b_words), *tops_held(match, a_words, b_words)))


def _digests(members: Mapping[str, Member], edges: Edges) -> Iterator[tuple[str, str, list[str]]]:
    """What may be a round-up, the fullest article of which it has the top further down, and what else it has."""
    for one, others in edges.items():
        words = members[one].words
        items = [edge.other for edge in others.values() if _is_item(edge, words)]
        if items:
            first = min(items, key=lambda item: members[item].rank)
            tops = [edge.other for edge in others.values() if _is_top_item(edge, words)]
            yield one, first, [other for other in (*items, *tops) if other != first]


def _is_item(edge: Edge, words: int) -> bool:
    """The other's top stands in this one, further down, and the other goes on for itself.

    What stands at the top of both is a dateline, or what their hosts put there.
    """
    if edge.run < max(QUOTED_RUN_WORDS, QUOTED_SHARE * words) or _is_whole(edge):
        return False
    return edge.there <= TOP_WORDS and edge.here > edge.there + TOP_WORDS


def _is_top_item(edge: Edge, words: int) -> bool:
    """Much of this one's top is the other's, which goes on for itself."""
    if edge.run < max(TOP_RUN_WORDS, TOP_SHARE * words) or _is_whole(edge):
        return False
    return edge.there <= TOP_WORDS and edge.here <= edge.there + TOP_WORDS


def _is_whole(edge: Edge) -> bool:
    """Whether it says nothing of a round-up: a frame, another lead, or a text of which this one has nearly all."""
    if edge.kind == "frame" or edge.off_topic:
        return True
    return edge.kind == "copy" and (is_mutual(edge) or edge.back >= WHOLE_SHARE)


def _containers(members: Mapping[str, Member], edges: Edges) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What holds nearly all of several texts and more, and pairs of these: of the shortest and the fullest ones.

    A long one may itself hold two stories, and a short one scraps of two.
    """
    for one, others in edges.items():
        share = {edge.other: edge.share for edge in others.values() if _is_within(edge)}
        most = DISJOINT_SHARES - min(share.values(), default=1.0)
        small = sorted((other for other in share if share[other] <= most), key=lambda it: members[it].rank)
        ends = dict.fromkeys((*small[:COMPARED_ENDS], *small[-COMPARED_ENDS:]))
        pairs = [(a, b) for a, b in combinations(ends, 2) if share[a] + share[b] <= DISJOINT_SHARES]
        if pairs:
            yield one, pairs


def _is_within(edge: Edge) -> bool:
    """Whether this one holds nearly all of the other, as a good part of a text that goes on for itself."""
    return edge.kind == "copy" and edge.back >= WHOLE_SHARE and PART_SHARE <= edge.share <= 1 - PART_SHARE


def _are_apart(first: Member, other: Member, container: Member, edges: Edges) -> bool:
    """Whether two texts within one article that share nothing are two stories, and not two excerpts of it.

    Excerpts run under the headline of their article, or one of their own. Where their words do not mention these, the
    copies decide: each text has one that does without the other, or the container has none at all.
    """
    if not _are_unrelated(first, other):
        return False
    if first.is_mentioned and other.is_mentioned:
        return True
    if not first.is_mentioned and not other.is_mentioned and not _has_twin(container, first, other, edges):
        return True
    return _has_copy_without(first.id, other.id, container.id, edges) and _has_copy_without(
        other.id, first.id, container.id, edges
    )


def _has_twin(container: Member, first: Member, other: Member, edges: Edges) -> bool:
    """Whether another article is nearly the same as the container and shares words with both texts."""
    return any(
        edge.kind == "copy" and edge.jaccard >= SAME_JACCARD and twin in edges[first.id] and twin in edges[other.id]
        for twin, edge in edges[container.id].items()
    )


def _are_unrelated(first: Member, other: Member) -> bool:
    return first.headline is not None and other.headline is not None and not are_related(first.headline, other.headline)


def _has_copy_without(text: str, other: str, container: str, edges: Edges) -> bool:
    """Whether a near-identical copy of a text, other than its container, has nothing of another text."""
    return next(_copies_without(text, other, container, edges), None) is not None


def _copies_without(text: str, other: str, container: str, edges: Edges) -> Iterator[str]:
    copies = (edge.other for edge in edges[text].values() if edge.kind == "copy" and edge.jaccard >= SAME_JACCARD)
    return (copy for copy in copies if copy != container and copy not in edges[other])
