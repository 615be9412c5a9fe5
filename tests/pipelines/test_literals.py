import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestory.pipelines.literals import Literals, folded_case


def test_strings_are_found_within_words_and_as_words() -> None:
    agencies = Literals(["AP", "dpa"])
    assert agencies.are_in("GRAPHIC")
    assert not agencies.are_words_in("GRAPHIC")
    assert agencies.are_words_in("GRAPHIC (AP)")
    assert agencies.are_words_in("読売AP通信")


def test_occurrences_that_overlap_count_once() -> None:
    assert Literals(["aba", "bab"]).count_in("ababab") == 2
    assert Literals(["cookie"]).count_in("\ud800 cookie, cookie") == 2


@given(st.text(alphabet="aiksßſİıKIKSß", max_size=6), st.text(alphabet="aiksßſİıKIKSß\u0307", max_size=20))
def test_what_matches_without_case_is_in_the_folded_text(word: str, text: str) -> None:
    if re.search(re.escape(word), text, re.IGNORECASE):
        assert folded_case(word) in folded_case(text)


@pytest.mark.parametrize("text", ["Straße", "İSTANBUL", "KELVIN"])
def test_folding_again_changes_nothing(text: str) -> None:
    assert folded_case(folded_case(text)) == folded_case(text)
