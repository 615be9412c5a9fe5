"""Laws of the partition: it is a function of what there is, not of how it came."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from onestory.dedupe.evidence import Member
from onestory.dedupe.partition import (
    GroupingDecision,
    partition,
    unverified_pairs,
)
from onestory.dedupe.round_ups import MatchGraph


@dataclass(frozen=True)
class Edge:
    """A match as verify would report it."""

    a: int
    b: int
    kind: str = "copy"
    a_is: str = "edited"
    b_is: str = "edited"
    jaccard: float = 0.8
    longest_run: int = 60
    a_at: int = 0
    b_at: int = 0
    containment_a: float = 0.9
    containment_b: float = 0.9
    off_topic: bool = False
    unrelated: bool = False


def member(number: int, words: int = 100, host: str = "", digest: bytes = b"") -> Member:
    return Member(f"a{number}", number, words, digest or bytes([number % 251]), host)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Member], list[Edge], list[GroupingDecision]]:
    size = draw(st.integers(2, 9))
    members = [member(number, draw(st.integers(20, 24))) for number in range(size)]
    pairs = draw(st.lists(st.sampled_from(list(combinations(range(size), 2))), unique=True, max_size=14))
    kinds = st.sampled_from(["copy", "copy", "copy", "quotes", "contains", "frame"])
    shares = st.sampled_from([0.1, 0.5, 0.9])
    edges = [
        Edge(
            a,
            b,
            draw(kinds),
            jaccard=draw(shares),
            b_at=draw(st.integers(0, 40)),
            containment_a=draw(shares),
            containment_b=draw(shares),
            off_topic=draw(st.sampled_from([False, False, True])),
            unrelated=draw(st.booleans()),
        )
        for a, b in pairs
    ]
    named = st.lists(st.sampled_from([one.id for one in members]), min_size=2, max_size=3, unique=True)
    kinds_of_word = st.sampled_from(["together", "apart", "original", "split"])
    words = [
        GroupingDecision(draw(kinds_of_word), tuple(draw(named)), sequence)
        for sequence in range(draw(st.integers(0, 4)))
    ]
    return members, edges, words


@settings(deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_changes_the_stories(world, chance):
    members, edges, decisions = world
    expected = partition(members, edges, decisions)
    for values in world:
        chance.shuffle(values)
    assert partition(members, edges, decisions) == expected


@settings(deadline=None)
@given(worlds())
def test_every_article_is_in_one_story_and_every_story_has_one_original(world):
    members, edges, decisions = world
    parts = partition(members, edges, decisions)
    assert sorted(one for part in parts for one in part.members) == sorted(one.id for one in members)
    for part in parts:
        assert [one for one, is_ in part.relations.items() if is_ == "original"] == [part.representative]


@settings(deadline=None)
@given(worlds(), st.sampled_from(["together", "apart"]), st.data())
def test_the_last_decision_is_always_obeyed(world, kind, data):
    members, edges, decisions = world
    pair = data.draw(st.permutations([one.id for one in members]))[:2]
    parts = partition(members, edges, [*decisions, GroupingDecision(kind, tuple(pair), 99)])
    together = any(set(pair) <= set(part.members) for part in parts)
    assert together == (kind == "together")


def test_leads_of_a_dispatch_are_one_story_however_far_its_ends_have_moved():
    members = [member(1, 300), member(2, 280), member(3, 260), member(4, 240)]
    leads = [Edge(1, 2, jaccard=0.6), Edge(2, 3, jaccard=0.5), Edge(3, 4, jaccard=0.6)]
    assert len(partition(members, leads)) == 1


def part(a: int, b: int, *, share: float = 0.9, **more: Any) -> Edge:
    """An excerpt a of a fuller text b."""
    return Edge(a, b, "copy", "excerpt", "fuller", 0.2, containment_a=share, containment_b=0.2, **more)


def test_what_is_a_part_of_two_stories_joins_the_one_that_has_most_of_it_and_connects_nothing():
    members = [member(1, 80), member(2, 300), member(3, 400)]
    parts = partition(members, [part(1, 2, share=0.95), part(1, 3, share=0.9)])
    assert [part.members for part in parts] == [("a1", "a2"), ("a3",)]


def test_a_near_identity_is_never_parted_by_a_fuller_text_that_has_one_of_the_two():
    members = [member(1, 100), member(2, 101), member(3, 400)]
    twins = Edge(1, 2, jaccard=0.93)
    assert len(partition(members, [twins, part(1, 3)])) == 1


def test_an_unseen_pair_with_a_representative_is_asked_for_and_then_holds():
    members = [member(1, 80), member(2, 300), member(3, 400)]
    edges = [part(1, 2, share=0.95), part(1, 3, share=0.9)]
    assert unverified_pairs(members, edges, [], seen=[]) == {(2, 3)}
    assert unverified_pairs(members, edges, [], seen=[(2, 3)]) == set()
    assert len(partition(members, [*edges, Edge(2, 3)])) == 1


def quoted(a: int, b: int, *, at: int, run: int = 90) -> Edge:
    """A round-up b with the top of a at this word."""
    return Edge(a, b, "quotes", longest_run=run, b_at=at, jaccard=0.1, containment_a=0.3, containment_b=0.2)


def test_a_round_up_joins_none_of_the_stories_it_holds():
    roundup = member(9, 500)
    held = [quoted(1, 9, at=8), quoted(2, 9, at=130)]
    members = [member(1, 700), member(2, 650), member(3, 90), roundup]
    edges = [*held, part(3, 9, share=0.6, b_at=8), part(3, 1, share=0.6)]
    parts = partition(members, edges)
    assert MatchGraph.of(members, edges).round_ups == {"a9"}
    assert [part.members for part in parts] == [("a1", "a3"), ("a2",), ("a9",)]


def test_a_round_up_keeps_its_twin():
    members = [member(1, 700), member(2, 650), member(8, 500), member(9, 500)]
    held = [quoted(one, other, at=at) for one, at in ((1, 8), (2, 130)) for other in (8, 9)]
    parts = partition(members, [*held, Edge(8, 9, jaccard=0.9)])
    assert [part.members for part in parts] == [("a1",), ("a2",), ("a8", "a9")]


def test_what_stands_at_the_top_of_both_makes_no_round_up():
    members = [member(1, 300), member(2, 300), member(9, 300)]
    shared_top = [quoted(1, 9, at=1, run=40), quoted(2, 9, at=2, run=40)]
    assert MatchGraph.of(members, shared_top).round_ups == set()


def test_what_a_third_headline_stands_over_too_is_a_frame():
    members = [member(number, host=f"{number}.example") for number in (1, 2, 3)]
    off = [Edge(a, b, jaccard=1.0, off_topic=True, unrelated=True) for a, b in combinations((1, 2, 3), 2)]
    assert len(partition(members[:2], off[:1])) == 1
    assert len(partition(members, off)) == 3


def test_many_addresses_of_one_text_under_one_headline_are_one_story():
    same = [member(number, host="news.example", digest=b"same") for number in range(6)]
    edges = [Edge(a, b, a_is="verbatim", b_is="verbatim", jaccard=1.0) for a, b in combinations(range(6), 2)]
    assert len(partition(same, edges)) == 1


def test_a_pinned_article_stands_for_its_story():
    members = [member(1, 300), member(2, 200)]
    [part] = partition(members, [Edge(1, 2)], [GroupingDecision("original", ("a2",), 1)])
    assert part.representative == "a2"
    assert part.relations == {"a1": "edited", "a2": "original"}


def test_relations_are_those_to_the_representative():
    members = [member(1, 300), member(2, 100)]
    [part] = partition(members, [Edge(1, 2, a_is="fuller", b_is="excerpt", jaccard=0.3)])
    assert part.relations == {"a1": "original", "a2": "excerpt"}


def test_a_match_of_an_unknown_version_is_passed_over():
    assert len(partition([member(1)], [Edge(1, 77)])) == 1


@settings(deadline=None)
@given(worlds(), st.data())
def test_the_last_split_makes_two_stories_and_nothing_else(world, data):
    members, edges, decisions = world
    ids = [one.id for one in members]
    leaving = data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True))
    staying = [one for one in ids if one not in leaving]
    parts = partition(members, edges, [*decisions, GroupingDecision("split", tuple(leaving), 99, tuple(staying))])
    assert {frozenset(part.members) for part in parts} == {frozenset(leaving), frozenset(staying)} - {frozenset()}


def test_the_rest_of_a_split_stays_one_story_without_its_bridge():
    members = [member(number, 100) for number in range(1, 6)]
    edges = [Edge(3, other, jaccard=0.6) for other in (1, 2, 4, 5)]
    assert len(partition(members, edges)) == 1
    parts = partition(members, edges, [GroupingDecision("split", ("a3",), 1, ("a1", "a2", "a4", "a5"))])
    assert [part.members for part in parts] == [("a1", "a2", "a4", "a5"), ("a3",)]


def test_of_the_rest_of_a_split_a_later_one_takes_out_more():
    members = [member(number, 100) for number in range(1, 6)]
    edges = [Edge(3, other, jaccard=0.6) for other in (1, 2, 4, 5)]
    splits = [GroupingDecision("split", ("a3",), 1, ("a1", "a2", "a4", "a5"))]
    splits += [GroupingDecision("split", ("a1",), 2, ("a2", "a4", "a5"))]
    parts = partition(members, edges, splits)
    assert [part.members for part in parts] == [("a1",), ("a2", "a4", "a5"), ("a3",)]


def test_a_newcomer_goes_to_the_closer_side_of_a_split():
    members = [member(1, 120), member(2, 100), member(3, 100), member(4, 90)]
    edges = [Edge(1, 2), Edge(1, 3), Edge(2, 3), Edge(1, 4, jaccard=0.6), Edge(2, 4, jaccard=0.9), Edge(3, 4)]
    parts = partition(members, edges, [GroupingDecision("split", ("a1",), 1, ("a2", "a3"))])
    assert [part.members for part in parts] == [("a1",), ("a2", "a3", "a4")]


def test_what_is_near_a_merged_story_joins_it_wherever_the_fullest_article_stands():
    members = [member(1, 200), member(2, 150), member(3, 100), member(4, 90)]
    edges = [Edge(1, 2), Edge(3, 4)]
    [part] = partition(members, edges, [GroupingDecision("together", ("a2", "a3"), 1)])
    assert part.members == ("a1", "a2", "a3", "a4")
