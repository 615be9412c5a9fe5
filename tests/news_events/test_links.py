"""Which links count is told by the stories alone, however they arrived, changed and left."""

import random
from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import pytest

from onestory.news_events import links
from onestory.news_events.features import StoryFeatures, TermVector
from onestory.news_events.live_stories import LiveStories

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STORIES, MOST, STORED = 40, 5, 8


@pytest.fixture(autouse=True)
def few_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few that nearly every story has more."""
    for name, value in {"MAX_LINKS": MOST, "MAX_STORED": STORED, "SPARE": STORED - MOST, "LEAST_TRIMMED": 100}.items():
        monkeypatch.setattr(links, name, value)


def story(number: int, edition: int) -> StoryFeatures:
    """All stories resemble each other, each pair as much as its numbers say."""
    weights = np.random.default_rng([number, edition]).integers(1, 30_000, 12).astype(np.uint16)
    vector = TermVector(np.arange(12, dtype=np.uint32), weights)
    return StoryFeatures(f"{number:02}", f"{number * 7 % STORIES:02}", "en", NOON, NOON, vector)


def settle(live: LiveStories, editions: dict[int, int]) -> None:
    live.settle()
    while worn := live.worn():
        for one in worn:
            live.add(story(int(one), editions[int(one)]))
        live.settle()


def arrived(seed: int) -> LiveStories:
    """The same stories at the end, in another order, with changes and departures between."""
    chance, live, editions = random.Random(seed), LiveStories(), {}
    for number in chance.sample(range(STORIES + 10), STORIES + 10):
        live.add(story(number, chance.randrange(3)))
        for changed in chance.sample(range(STORIES), 3):
            if f"{changed:02}" in live:
                editions[changed] = chance.randrange(3)
                live.add(story(changed, editions[changed]))
        editions[number] = chance.randrange(3)
        live.add(story(number, editions[number]))
        settle(live, editions)
    for number in chance.sample(range(STORIES), STORIES):
        if editions[number]:
            editions[number] = 0
            live.add(story(number, 0))
        settle(live, editions)
    for number in chance.sample(range(STORIES, STORIES + 10), 10):
        live.remove(f"{number:02}")
        settle(live, editions)
    return live


def counting(live: LiveStories) -> dict[tuple[str, str], int]:
    stories, edges = live.edges_among([f"{number:02}" for number in range(STORIES)])
    ends = ((stories[left], stories[right]) for left, right in zip(edges.left, edges.right, strict=True))
    pairs = [(min(pair), max(pair)) for pair in ends]
    assert len(set(pairs)) == len(pairs)
    return dict(zip(pairs, edges.similarity.tolist(), strict=True))


def expected() -> dict[tuple[str, str], int]:
    """By comparing all pairs."""
    similar: dict[tuple[str, str], int] = {}
    for one, other in combinations(range(STORIES), 2):
        live = LiveStories()
        live.add(story(one, 0))
        similar |= {(f"{one:02}", f"{other:02}"): value for value in live.add(story(other, 0)).values()}
    keys = {f"{number:02}": f"{number * 7 % STORIES:02}" for number in range(STORIES)}
    strongest: set[tuple[str, str]] = set()
    for name in keys:
        mine = [(value, keys[pair[pair[0] == name]], pair) for pair, value in similar.items() if name in pair]
        strongest |= {pair for _, _, pair in sorted(mine, reverse=True)[:MOST]}
    return {pair: similar[pair] for pair in strongest}


def test_the_same_links_count_in_every_order() -> None:
    wanted = expected()
    assert MOST * STORIES / 2 <= len(wanted) < STORIES * (STORIES - 1) / 4
    for seed in range(4):
        assert counting(arrived(seed)) == wanted


def test_few_links_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    live = arrived(5)
    stored = len(live._links)
    assert len(expected()) < stored <= 1.5 * max(100, STORED * STORIES)
    monkeypatch.setattr(links, "LEAST_TRIMMED", 1)
    live.remove("00")
    live.settle()
    assert len(live._links) < stored


def test_known_links_are_doubted_once_one_of_them_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    first, live = arrived(6), LiveStories()
    monkeypatch.setattr(links, "LEAST_TRIMMED", 10**6)
    names = [f"{number:02}" for number in range(STORIES)]
    known: dict[str, dict[str, int]] = {name: {} for name in names}
    left, right, similarity = first._links.living(first._alive())
    for one, other, value in zip(left, right, similarity, strict=True):
        ends = [str(first._names[one]), str(first._names[other])]
        known[ends[0]][ends[1]] = known[ends[1]][ends[0]] = int(value)
    for name in names:
        live.add(story(int(name), 0), known[name])
    assert not live.worn()
    live.add(story(3, 0))
    live.settle()
    assert not live.worn()
    live.remove("03")
    live.settle()
    assert {name for name in known["03"] if len(known[name]) >= MOST} <= set(live.worn())
