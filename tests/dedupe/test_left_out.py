"""A crowd of which not all pairs are compared has the stories that all pairs give; checked on texts of made-up words.

The reference is slow and simple: every pair is compared, and nothing is left out.
"""

import random
from itertools import combinations

import pytest

from onestory.dedupe.evidence import Evidence, Member
from onestory.dedupe.headlines import Headline
from onestory.dedupe.partition import partition, unverified_pairs
from onestory.dedupe.signature import sign
from onestory.dedupe.verify import ComparedText, verify
from tests.dedupe.news import article, join

Pair = tuple[int, int]
HEADLINES = ["Harbour talks end without result", "Clinic reopens northern wing", "What happened while you slept"]
REPRESENTATIVES, SHOWN = 2, 4


def pages(seed: int) -> list[ComparedText]:
    """Cut copies of two stories under headlines of both, with pages that hold both stories, or one and a half."""
    chance = random.Random(seed)
    stories = article(seed * 2)[:8], article(seed * 2 + 1)[:8]
    made = []
    for _ in range(chance.randint(24, 34)):
        kind = chance.choices(["copy", "part", "both", "more"], [14, 2, 2, 2])[0]
        at = chance.randrange(2)
        whole, other = stories[at], stories[1 - at]
        words = {
            "copy": [one for one in whole if chance.random() > 0.15],
            "part": whole[: chance.randint(2, 5)],
            "both": [*whole, *other],
            "more": [*whole, *other[: chance.randint(2, 5)]],
        }[kind]
        made.append((HEADLINES[at if chance.random() < 0.8 else 2], join(*words)))
    chance.shuffle(made)
    return [
        ComparedText(number, text, sign(text), Headline(headline), f"host{number}.example")
        for number, (headline, text) in enumerate(made)
    ]


def members_of(texts: list[ComparedText]) -> list[Member]:
    return [
        Member(
            f"{sign(one.text).digest.hex()}{one.number:03}",
            one.number,
            one.signature.words,
            one.signature.digest,
            one.origin,
            one.headline,
            one.mentions_headline,
        )
        for one in texts
    ]


def named(texts: list[ComparedText], *, is_folded: bool) -> list[Pair]:
    """All pairs; or those that a crowd is left with, where every text is named to every other."""
    every = list(combinations(sorted(range(len(texts)), key=lambda at: texts[at].signature.digest), 2))
    if not is_folded:
        return every
    followed: dict[int, set[int]] = {at: set() for at in range(len(texts))}
    order = sorted(followed, key=lambda at: texts[at].signature.digest)
    chosen = []
    for rank, later in enumerate(order):
        for place, earlier in enumerate(order[:rank]):
            if place < REPRESENTATIVES or rank <= SHOWN or not followed[later] & followed[earlier]:
                chosen.append((earlier, later))
            found = look(texts, (earlier, later))
            if place < REPRESENTATIVES and found is not None and found.is_followed:
                followed[later].add(earlier)
    return chosen


def look(texts: list[ComparedText], pair: Pair) -> Evidence | None:
    return verify(texts[pair[0]], texts[pair[1]])


def stories(texts: list[ComparedText], pairs: list[Pair]) -> set[frozenset[str]]:
    """The stories once nothing more is asked for."""
    members = members_of(texts)
    found: dict[Pair, Evidence | None] = {}
    more = {(min(pair), max(pair)) for pair in pairs}
    while more:
        found |= {pair: look(texts, pair) for pair in more}
        more = unverified_pairs(members, [one for one in found.values() if one], [], found)
    parts = partition(members, [one for one in found.values() if one])
    return {frozenset(part.members) for part in parts}


@pytest.mark.parametrize("seed", range(12))
def test_a_crowd_of_which_pairs_are_left_out_has_the_stories_of_all_pairs(seed: int) -> None:
    texts = pages(seed)
    every, some = named(texts, is_folded=False), named(texts, is_folded=True)
    assert len(some) < len(every)
    assert stories(texts, some) == stories(texts, every)
