"""The short way into a story agrees with the whole evaluation, column by column, whatever comes in whatever batches."""

import random
from collections.abc import Mapping
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from onestory.pipelines.stories import attach as attaching
from onestory.pipelines.stories.attach import evaluate
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.database import Store
from onestory.store.schema import articles, stories
from tests.news_texts import excerpt, house_style, wire_article
from tests.readings import NOON, fresh_registry, reading, take


def stream(chance: random.Random) -> list[ProcessedCapture]:
    """Copies, cuts, fuller copies, round-ups and repeated pages of a few wire stories, at odd times.

    Other writers quote one speech, and one host shows a text of its own around its articles.
    """
    made: list[ProcessedCapture] = []
    speech, appeal = (" ".join(wire_article(seed).split()[:60]) for seed in (90, 91))
    for number in range(28):
        text = wire_article(chance.randrange(4))
        kind = chance.randrange(9)
        title = f"Headline{number} of {' '.join(wire_article(number + 100).split()[:3])}" if kind > 5 else None
        if kind == 0:
            text = excerpt(text)
        elif kind == 1:
            text = house_style(text)
        elif kind == 2:
            text = f"{text}\n\nThe council meets again in {number} days, and both sides expect a long evening."
        elif kind == 3:
            text = f"{excerpt(text)}\n\n{excerpt(wire_article(chance.randrange(4, 8)))}"
        elif kind == 6:
            text = f"{wire_article(number + 20, sentences=9)}\n“{speech}”\n{wire_article(number + 60, sentences=9)}"
        elif kind > 6:
            text = f"{wire_article(number + 20, sentences=3 if kind == 7 else 9)}\n{appeal}"
        host = f"outlet{1 if kind > 6 else chance.randrange(12)}"
        when = NOON + timedelta(minutes=chance.randrange(4))
        made.append(reading(f"https://{host}.example/{number}", text, observed=when, title=title))
    return made


def records(store: Store) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Every article's story and relation; every column of every live story but when it was written."""
    with store.read() as connection:
        placed = {row.id: (row.story_id, row.relation) for row in connection.execute(select(articles))}
        rows = connection.execute(select(stories)).mappings().all()
    told = {row["id"]: {name: row[name] for name in row if name != "updated"} for row in rows}
    live = {story for story, _ in placed.values()}
    return placed, {key: row if key in live else row["absorbed_into"] for key, row in told.items()}


@pytest.mark.parametrize("seed", range(6))
def test_the_short_way_writes_what_an_evaluation_of_everything_would(
    store: Store, redis_url: str, prefix: str, seed: int
) -> None:
    chance = random.Random(seed)
    index_client = fresh_registry(store, redis_url, prefix)
    waiting = stream(chance)
    while waiting:
        size = chance.randrange(1, 6)
        batch, waiting = waiting[:size], waiting[size:]
        take(store, index_client, batch)
    before = records(store)
    evaluate(store, set(before[0]), now=NOON)
    assert records(store) == before


def test_most_copies_take_the_short_way(
    store: Store, redis_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, as the two ways do not differ in what they write."""
    evaluated: list[int] = []
    whole = attaching._evaluate_locked

    def counting(connection: Any, article_ids: Any, locked: Any, *, now: Any) -> None:
        evaluated.append(len(article_ids))
        whole(connection, article_ids, locked, now=now)

    monkeypatch.setattr(attaching, "_evaluate_locked", counting)
    index_client = fresh_registry(store, redis_url, prefix)
    text = wire_article(1)
    words = text.split()
    for number in range(20):
        # Each later than the one before, and shorter than the first.
        copy = " ".join([*words[: 5 * number + 5], *words[5 * number + 8 :]]) if number else text
        when = NOON + timedelta(minutes=number)
        take(store, index_client, [reading(f"https://outlet{number}.example/", copy, observed=when)])
    [record] = [row for row in records(store)[1].values() if isinstance(row, dict)]
    assert (record["copies"], record["outlets"], record["owners"]) == (20, 20, 20)
    assert evaluated == []


def test_the_same_words_are_found_outside_the_window_of_the_index(store: Store, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    take(store, index_client, [reading("https://herald.example/", wire_article(1))])
    index_client.index.create(index_client.index.generation or "")
    take(store, index_client, [reading("https://post.example/", wire_article(1))])
    placed, _ = records(store)
    assert len({story for story, _ in placed.values()}) == 1


def told_apart(readings: list[ProcessedCapture], store: Store, index_client: IndexClient) -> set[frozenset[str]]:
    """The stories, by the URLs of their articles, when each article comes alone."""
    for one in readings:
        take(store, index_client, [one])
    with store.read() as connection:
        rows = connection.execute(select(articles.c.url, articles.c.story_id)).all()
    return {frozenset(row.url for row in rows if row.story_id == story) for story in {row.story_id for row in rows}}


APPEAL = f"Harbour ferry timetable spring and orchard market prices autumn {' '.join(wire_article(91).split()[:60])}"
ONE_HOST = [
    reading("https://host.example/1", f"{wire_article(1, sentences=2)}\n{APPEAL}", title="Harbour ferry timetable"),
    reading("https://host.example/2", f"{wire_article(2, sentences=2)}\n{APPEAL}", title="Orchard market prices"),
    reading(
        "https://host.example/3", f"{wire_article(3, sentences=2)}\n{APPEAL}", title="Clinic reopens northern wing"
    ),
]
CLINIC = f"The clinic opens its new wing. {wire_article(6)}"
TOP, ITEM = " ".join(wire_article(5).split()[:110]), " ".join(CLINIC.split()[:50])
TALKS = "Harbour talks end without a result"
ROUND_UP = [
    reading("https://first.example/1", wire_article(5, sentences=50), title=TALKS),
    reading("https://second.example/2", CLINIC, title="Clinic opens new wing"),
    reading("https://morning.example/3", f"{TOP}\n{ITEM}\n{wire_article(7, sentences=2)}", title=TALKS),
]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("made", [ONE_HOST, ROUND_UP], ids=["a frame on one host", "a round-up"])
def test_what_shows_a_frame_or_a_round_up_is_heeded_whenever_it_comes(
    made: list[ProcessedCapture], order: tuple[int, ...], store: Store, redis_url: str, prefix: str
) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    found = told_apart([made[at] for at in order], store, index_client)
    assert found == {frozenset([one.capture.url]) for one in made}


HARBOUR, FURTHER, ORCHARD = (wire_article(seed, sentences=count) for seed, count in ((5, 18), (7, 12), (6, 8)))
ON_HARBOUR, ON_ORCHARD = (" ".join(text.split()[:9]) for text in (HARBOUR, ORCHARD))
BRIDGE = {
    "https://fullest.example/": (f"{HARBOUR}\n{FURTHER}", ON_HARBOUR),
    "https://both.example/": (f"{HARBOUR}\n{ORCHARD}", ON_HARBOUR),
    "https://orchard.example/": (ORCHARD, ON_ORCHARD),
    "https://harbour.example/": (HARBOUR, ON_HARBOUR),
}


@pytest.mark.parametrize("order", list(permutations(BRIDGE))[::3])
def test_what_makes_an_article_a_bridge_is_heeded_whenever_it_comes(
    order: tuple[str, ...], store: Store, redis_url: str, prefix: str
) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    made = [
        reading(url, BRIDGE[url][0], title=BRIDGE[url][1], observed=NOON + timedelta(minutes=at))
        for at, url in enumerate(order)
    ]
    assert told_apart(made, store, index_client) == {
        frozenset(["https://fullest.example/", "https://harbour.example/"]),
        frozenset(["https://both.example/"]),
        frozenset(["https://orchard.example/"]),
    }
