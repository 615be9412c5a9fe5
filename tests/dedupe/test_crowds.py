"""Hundreds of articles on one event: copies, excerpts, leads and quotations; one partition, in any order."""

import random
from itertools import combinations

from redis import Redis

from onestory.dedupe.evidence import Member
from onestory.dedupe.headlines import Headline
from onestory.dedupe.index import BandIndex
from onestory.dedupe.partition import partition, unverified_pairs
from onestory.dedupe.signature import sign
from onestory.dedupe.verify import ComparedText, Evidence, verify
from tests.dedupe.news import article, join

SPEECH = "“" + " ".join(article(900)[0].split()[:45]) + "”"
Story = frozenset[str]


def event() -> list[tuple[str, str, str]]:
    """Name, headline and text of about a hundred articles."""
    chance = random.Random(4)
    made = []
    for dispatch in range(4):
        story, headline = article(dispatch), f"Dispatch number{dispatch} on the harbour talks of {dispatch}kings"
        for copy in range(12):
            kept = [paragraph for paragraph in story if chance.random() > 0.1]
            made.append((f"copy {dispatch} {copy}", headline, join(SPEECH, *kept)))
        made += [(f"brief {dispatch} {at}", headline, join(*story[at : at + 2])) for at in (0, 1, 4)]
        leads = [join(*article(50 + dispatch)[lead : lead + 7], *story[lead : lead + 2]) for lead in range(4)]
        made += [(f"lead {dispatch} {at}", headline, lead) for at, lead in enumerate(leads)]
    made += [
        (f"own {seed}", f"Writer{seed} on something else", join(*article(200 + seed)[:4], SPEECH)) for seed in range(36)
    ]
    digest = join("Morning briefing", *article(0)[:2], *article(1)[:2], *article(2)[:2])
    return [*made, *((f"digest {at}", "Morning briefing", f"{digest} Read on at outlet {at}.") for at in range(3))]


def texts_of(rows: list[tuple[str, str, str]]) -> list[ComparedText]:
    return [
        ComparedText(number, words, sign(words), Headline(headline), f"{name}.example")
        for number, (name, headline, words) in enumerate(rows)
    ]


def stories(rows: list[tuple[str, str, str]], pairs: set[tuple[int, int]]) -> set[Story]:
    texts = texts_of(rows)
    members = [Member(rows[at][0], at, one.signature.words, one.signature.digest) for at, one in enumerate(texts)]
    found: dict[tuple[int, int], Evidence | None] = {}
    more = pairs
    while more:
        found |= {(a, b): verify(texts[a], texts[b]) for a, b in more}
        more = unverified_pairs(members, [one for one in found.values() if one], [], found)
    return {frozenset(part.members) for part in partition(members, [one for one in found.values() if one])}


def named_by(index: BandIndex, rows: list[tuple[str, str, str]]) -> set[tuple[int, int]]:
    answers = index.register([(at, one.signature) for at, one in enumerate(texts_of(rows))])
    return {(min(one.number, other), max(one.number, other)) for one in answers for other in one.earlier}


def test_a_crowd_has_one_partition_in_any_order_and_for_all_pairs(redis_client: Redis, prefix: str):
    rows = event()
    expected = stories(rows, set(combinations(range(len(rows)), 2)))
    assert len(expected) > 36
    index = BandIndex(redis_client, prefix=prefix)
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        index.open()
        index.create(f"shuffle {seed}")
        assert stories(rows, named_by(index, rows)) == expected


def test_the_stories_of_a_crowd_are_its_dispatches(redis_client: Redis, prefix: str):
    rows = event()
    found = stories(rows, set(combinations(range(len(rows)), 2)))
    home = {name: story for story in found for name in story}
    for dispatch in range(4):
        assert {f"copy {dispatch} {copy}" for copy in range(12)} <= home[f"copy {dispatch} 0"]
        assert f"brief {dispatch} 4" in home[f"copy {dispatch} 0"]
    assert len({home[f"copy {dispatch} 0"] for dispatch in range(4)}) == 4
    assert all(home[f"own {seed}"] == {f"own {seed}"} for seed in range(36))
    assert home["digest 0"] == {"digest 0", "digest 1", "digest 2"}
