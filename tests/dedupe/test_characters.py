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
        ("the main span", "tｈe mａin ｓpan"),
        ("the main span", "𝐭𝐡𝐞 𝑚𝑎𝑖𝑛 𝚜𝚙𝚊𝚗"),
        ("the main span", "thе mаin sраn"),
        ("the main span", "ᴛʜᴇ mɑin ѕpan"),
        ("the main span", "t\u0335he mai\u0336n spa\u0337n"),
        ("the main span", "th\u200ce main sp\u200can"),
        ("ο κύριος μίλησε στη βουλή", "ο\u2062 κύριος μίλη\u2063σε στη βουλή"),
        ("мост через гавань закрыт", "моcт чepез гaвань закpыт"),
    ],
)
def test_the_same_words_have_the_same_digest(one: str, other: str):
    assert sign(one).digest == sign(other).digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("می‌روم که", "میروم که"),
        ("мой", "мои"),
        ("Київ", "Киив"),
        ("café", "cafe"),
        ("語", "言"),
        ("đak", "dak"),
        ("علی", "عل"),
    ],
)
def test_letters_that_make_other_words_stay(one: str, other: str):
    assert sign(one).digest != sign(other).digest


IGNORABLE = (
    "00AD 034F 061C 115F-1160 17B4-17B5 180B-180F 200B 200D-200F 202A-202E 2060-206F 3164 FE00-FE0F FEFF FFA0 "
    "FFF0-FFF8 1BCA0-1BCA3 1D173-1D17A E0000-E0FFF"
)


def test_no_invisible_character_hides_a_copy():
    """Default_Ignorable_Code_Point of Unicode 16; U+200C is visible in Arabic script, where it parts words."""
    text = "the harbour bridge is closed until Monday"
    ranges = [part.split("-") for part in IGNORABLE.split()]
    for code in [code for ends in ranges for code in range(int(ends[0], 16), int(ends[-1], 16) + 1)] + [0x200C]:
        assert folded(chr(code).join(text)) == text, hex(code)


# Where steps meet: what one of them makes is another's to change.
MEETING = st.sampled_from(
    "aeоеsаАΑονҺհօՕбыћђљj\u200c\u034f\ufe0f\u0301\u0335\u0654\u064aａ𝐚éᴀᎪ語臺\u2122 ßıİ\u1160\u1100\u3164"
)


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet=MEETING, max_size=14))
def test_what_one_step_makes_the_others_leave(text: str):
    assert folded(folded(text)) == folded(text)
    assert folded_with_places(text)[0] == folded(text)


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
