"""Names in the form that languages share, and what an embedding counts."""

from datetime import UTC, datetime

import numpy as np
import pytest

from onestory.news_events.features import SCALE, SemanticFeatures, StoryFeatures, TermVector, term_vector
from onestory.news_events.live_stories import LiveStories
from onestory.news_events.names import name_key, names_vector
from onestory.news_events.partition import LEAST_AVERAGE
from onestory.news_events.semantic import Embeddings, confirmed, quantized
from onestory.news_events.similarity import UNIT

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def spread(seed: int) -> np.ndarray:
    """A vector of length 1 with small components, as a model's are."""
    vector = np.random.default_rng(seed).normal(size=384).astype(np.float32)
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize(
    "spellings",
    [
        ("Путин", "Putin", "Putina", "Poutine"),
        ("Трамп", "Trump", "Trumpa"),
        ("Зеленский", "Zelensky", "Selenskyj", "Zelenskiy"),
        ("Erdoğan", "ERDOĞAN", "Erdogan"),
        ("Αθήνα", "Athina"),
    ],
)
def test_a_name_has_one_key_in_several_languages(spellings: tuple[str, ...]) -> None:
    assert len({name_key(name) for name in spellings}) == 1


def test_other_names_have_other_keys_and_numbers_stay() -> None:
    assert name_key("Merkel") != name_key("Macron")
    assert [name_key(word) for word in ("2020", "Covid-19", "A", "Ay")] == ["2020", "covid-19", "", ""]


def shared(one: TermVector, other: TermVector) -> float:
    _, left, right = np.intersect1d(one.terms, other.terms, return_indices=True)
    return float((one.weights[left].astype(float) * other.weights[right]).sum()) / SCALE**2


def test_names_are_shared_across_scripts_and_words_are_not() -> None:
    english = names_vector("President Zelensky met Merkel in Kharkiv", language="en")
    russian = names_vector("Президент Зеленский встретил Меркель", language="ru")
    assert shared(english, russian) > 0.5
    assert shared(english, names_vector("the president met the chancellor", language="en")) == 0


def test_equal_embeddings_join_nothing_without_names_or_words() -> None:
    for is_of_words, confirming in ((True, 0.6), (False, 0.35)):
        kind = np.full(2, is_of_words)
        alone, together = confirmed(np.ones(2), np.array([0.0, confirming]), kind) * UNIT
        assert alone < LEAST_AVERAGE < together == UNIT
        assert list(confirmed(np.array([0.75, 0.5]), np.ones(2), kind)) == [0, 0]


def test_cosines_are_those_of_the_vectors_and_missing_ones_are_told() -> None:
    table = Embeddings()
    vectors = [spread(seed) for seed in range(3)]
    for number, vector in enumerate(vectors):
        table.set(2 * number, quantized(vector))
    found = table.cosines(quantized(vectors[0]), np.array([0, 2, 3, 4, 9000]))
    assert found[[0, 1, 3]] == pytest.approx([vectors[0] @ vector for vector in vectors], abs=0.003)
    assert np.isnan(found[[2, 4]]).all()


def story(name: str, language: str, text: str, embedding: np.ndarray | None) -> StoryFeatures:
    semantic = None
    if embedding is not None:
        semantic = SemanticFeatures(quantized(embedding), names_vector(text, language=language))
    vector = term_vector("", text, language=language)
    return StoryFeatures(name, name, language, NOON, NOON, vector, outlet=name, semantic=semantic)


ENGLISH = "The leaders Zelensky and Merkel signed the treaty of Kharkiv on Friday after a night of talks"
GERMAN = "Selenskyj und Merkel haben am Freitag nach nächtlichen Gesprächen den Vertrag von Charkiw unterschrieben"


def test_stories_in_two_languages_link_in_either_order_and_only_with_both_embeddings() -> None:
    for embeddings, is_linked in (((0, 0), True), ((0, 1), False), ((0, None), False), ((None, 0), False)):
        vectors = [None if seed is None else spread(seed) for seed in embeddings]
        made = [story("a", "en", ENGLISH, vectors[0]), story("b", "de", GERMAN, vectors[1])]
        links = []
        for order in (made, made[::-1]):
            live = LiveStories()
            live.add(order[0])
            links.append(list(live.add(order[1]).values()))
        assert links[0] == links[1]
        assert any(value >= LEAST_AVERAGE for value in links[0]) == is_linked, embeddings


def test_an_embedding_confirms_the_words_of_one_language_or_weakens_them() -> None:
    other = "Merkel and Zelensky sign treaty in Kharkiv, leaders said after talks"

    def link(second: np.ndarray | None) -> int:
        live = LiveStories()
        live.add(story("a", "en", ENGLISH, None if second is None else spread(0)))
        return live.add(story("b", "en", other, second)).get("a", 0)

    assert link(spread(0)) > link(None) > link(spread(1)) == 0
