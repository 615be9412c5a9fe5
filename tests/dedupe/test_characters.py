"""The same words are the same, however they are spelt; and places lead back to the text as it was given."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onestory.dedupe.characters import folded, folded_with_places
from onestory.dedupe.shingles import tokenize
from onestory.dedupe.signature import sign


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Die Hafenbrücke ist groß", "Die Hafen\u00adbrücke ist gross"),
        ("un café fermé à midi", unicodedata.normalize("NFD", "un café fermé à midi")),
        ("한국어 기사", unicodedata.normalize("NFD", "한국어 기사")),
        ("ABC 2026年カギ", "ＡＢＣ　２０２６年ｶｷﾞ"),
        ("علی کتابی", "علي كتابي"),
        ("كتاب", "كِتـابٌ"),
        ("臺灣總統的發言", "台湾总统的发言"),
        ("Људи у Новом Саду кажу ђаку", "Ljudi u Novom Sadu kažu đaku"),
        ("П’ятеро п'ятниця", "Пʼятеро пʼятниця"),
        ("it isn’t so", "it isnâ€™t so"),
        ("the main span", "the ma\u200bin span"),
    ],
)
def test_the_same_words_have_the_same_digest(one: str, other: str):
    assert sign(one).digest == sign(other).digest


@pytest.mark.parametrize(
    ("one", "other"), [("мой", "мои"), ("Київ", "Киив"), ("café", "cafe"), ("語", "言"), ("đak", "dak"), ("علی", "عل")]
)
def test_letters_that_make_other_words_stay(one: str, other: str):
    assert sign(one).digest != sign(other).digest


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_folding_again_changes_nothing(text: str):
    assert folded(folded(text)) == folded(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs", "Mn"]), max_size=60))
def test_every_word_has_a_place_in_the_text_as_it_was_given(text: str):
    form, places = folded_with_places(text)
    assert len(form) == len(places)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert [start for start, _ in places] == sorted(start for start, _ in places)
    assert len(tokenize(text, spans=True).spans) == len(tokenize(text, spans=True))
