"""Inflected words, the same on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from onestory.store.articles.save import save_articles
from onestory.store.database import Store
from onestory.store.search.excerpts import best_excerpt, match_spans
from onestory.store.search.full_text_index import index_all_due, search_languages
from onestory.store.search.query import parse_query, with_stems
from onestory.store.search.stemming import STEM_MARK, marked_stems, stem, stems_of
from onestory.store.stories.listing import StoryFilter
from onestory.store.stories.search import search_by_relevance, search_by_time
from tests.readings import NOON, reading

TEXTS = {
    "ferries": ("en", "Two ferries were closing their decks while the universities watched the port."),
    "ferry": ("en", "One ferry closed at noon; a university sent nobody to the port that day."),
    "haus": ("de", "Die Häuser am Hafen stehen leer, und die Fähren fahren nicht mehr am Abend."),
    "navire": ("fr", "Les universités ferment leurs portes et les navires restent au port ce soir."),
    "most": ("ru", "Портовые мосты закроют на шесть недель, сообщили власти города в понедельник."),
}


@pytest.fixture
def filled(store: Store) -> Store:
    rows = []
    for at, (name, (language, text)) in enumerate(TEXTS.items()):
        made = reading(f"https://{name}.example/x", text, observed=NOON + timedelta(minutes=at), outlet=name)
        rows.append(replace(made, extracted=replace(made.extracted, language=language)))
    with store.write() as connection:
        save_articles(connection, rows, now=NOON)
    index_all_due(store)
    return store


def found(store: Store, asked: str) -> set[str]:
    with store.read() as connection:
        wanted = StoryFilter(query=asked)
        by_time = {hit.story.first_outlet for hit in search_by_time(connection, wanted, limit=50).hits}
        assert by_time == {hit.story.first_outlet for hit in search_by_relevance(connection, wanted, limit=50).hits}
    return by_time


def test_every_form_of_a_word_is_found_by_every_other(filled: Store) -> None:
    expected = {
        "ferry": {"ferries", "ferry"},
        "ferries": {"ferries", "ferry"},
        "closing": {"ferries", "ferry"},
        "closes": {"ferries", "ferry"},
        # The stem is also that of a French word.
        "universities": {"ferries", "ferry", "navire"},
        "Haus": {"haus"},
        "université": {"navire"},
        "navire": {"navire"},
        "мост": {"most"},
        "недели": {"most"},
        "ferries -closing": set(),
        "ferries university": {"ferries", "ferry"},
    }
    assert {asked: found(filled, asked) for asked in expected} == expected


def test_what_is_quoted_is_found_as_it_is(filled: Store) -> None:
    assert found(filled, '"ferries"') == {"ferries"}
    assert found(filled, '"one ferry"') == {"ferry"}
    assert found(filled, '"one ferries"') == set()
    assert found(filled, '"ferries closing"') == set()
    assert found(filled, 'port -"ferries"') == {"ferry", "navire"}


def test_the_languages_of_the_store_decide_what_is_stemmed(filled: Store) -> None:
    with filled.read() as connection:
        assert search_languages(connection) == ("de", "en", "fr", "ru")


def test_other_forms_are_marked_in_the_excerpt(filled: Store) -> None:
    query = with_stems(parse_query("ferry university"), ["en", "de"])
    text = TEXTS["ferries"][1]
    spans = match_spans(query, text)
    assert [text[start:end] for start, end in spans] == ["ferries", "universities"]
    assert best_excerpt(query, text).spans == spans
    hindi = with_stems(parse_query("पुल"), ["hi"])
    assert match_spans(hindi, "बंदरगाह का पुल बंद")


def test_a_mark_sets_stems_apart_from_words() -> None:
    assert marked_stems(["closing", "closes", "close", "port"], "en") == [f"{STEM_MARK}close"]
    assert marked_stems(["closing"], "xx") == []
    assert stem("ok", "en") == "ok"
    assert stems_of("3500", ["en"]) == frozenset()
