"""The short way into a story agrees with the whole evaluation, column by column, whatever comes in whatever batches."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from onestory.pipelines.stories import attach as attaching
from onestory.pipelines.stories.attach import evaluate
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.database import Store
from onestory.store.schema import articles, stories
from tests.news_texts import excerpt, house_style, wire_article
from tests.readings import NOON, fresh_registry, reading, take


def stream(chance: random.Random) -> list[ProcessedCapture]:
    """Copies, cuts, fuller copies, round-ups and repeated pages of a few wire stories, at odd times."""
    made: list[ProcessedCapture] = []
    for number in range(24):
        text = wire_article(chance.randrange(4))
        kind = chance.randrange(6)
        if kind == 0:
            text = excerpt(text)
        elif kind == 1:
            text = house_style(text)
        elif kind == 2:
            text = f"{text}\n\nThe council meets again in {number} days, and both sides expect a long evening."
        elif kind == 3:
            text = f"{excerpt(text)}\n\n{excerpt(wire_article(chance.randrange(4, 8)))}"
        host = f"outlet{chance.randrange(12)}"
        when = NOON + timedelta(minutes=chance.randrange(4))
        made.append(reading(f"https://{host}.example/{number}", text, observed=when))
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
