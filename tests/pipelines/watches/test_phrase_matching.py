"""What watches look for, in any script and whatever an editor typed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestory.errors import BadInput
from onestory.pipelines.watches.phrase_matching import WatchPhrases, matching_watches, normalize_fields, parse_phrase


def is_found(phrase: str, *fields: str) -> bool:
    return parse_phrase(phrase).is_in(normalize_fields(fields))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("harbour bridge", "The HARBOUR\nBridge, closed."),
        ("Harbour-Bridge", "a harbour bridge"),
        ("café au lait", "Cafe\u0301 au lait"),
        ("Straße", "die STRAßE"),
        ("port ellery + ferries", "Ferries leave from Port Ellery"),
        ("İzmir", "izmir"),
        ("港の橋", "昨日、港の橋が閉鎖された"),
        ("東京2026年", "昨日東京2026年に"),
        ("สะพาน", "ข่าวสะพานปิด"),
    ],
)
def test_words_in_a_row_are_found_in_any_script(phrase: str, text: str):
    assert is_found(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("harbour bridge", "a bridge over the harbour"),
        ("arbour", "the harbour"),
        ("harbour", "harbours"),
        ("port ellery + ferries", "Port Ellery is quiet"),
        ("100%", "1000"),
        ("a.b", "acb"),
        ("har_our", "harbour"),
    ],
)
def test_nothing_else_is_found(phrase: str, text: str):
    assert not is_found(phrase, text)


def test_a_phrase_does_not_reach_from_the_headline_into_the_text():
    assert not is_found("bridge closes", "All about the bridge", "closes at six")
    assert is_found("bridge + closes", "All about the bridge", "closes at six")


@pytest.mark.parametrize("typed", ["", "  ", "%", "(.*)+", "\x00", "+", "a", "x" * 10_000, "a + bridge"])
def test_what_cannot_be_looked_for_is_refused(typed: str):
    with pytest.raises(BadInput):
        parse_phrase(typed)


@given(st.text(max_size=300))
def test_whatever_is_typed_is_refused_or_finds_itself(typed: str):
    try:
        phrase = parse_phrase(typed)
    except BadInput:
        return
    assert phrase.is_in(normalize_fields([f"before, {phrase.typed}, after".replace(" + ", ", ")]))


def test_any_one_phrase_of_a_watch_is_enough():
    wanted = [
        WatchPhrases(1, (parse_phrase("harbour bridge"), parse_phrase("ferry"))),
        WatchPhrases(2, (parse_phrase("orchard"),)),
    ]
    assert matching_watches(wanted, ("A ferry sinks", None)) == [1]
    assert matching_watches(wanted, ("The orchard", "and the harbour bridge")) == [1, 2]


def test_the_worst_text_and_the_worst_phrase_take_no_time():
    phrase = parse_phrase(" ".join(["aa"] * 60))
    started = time.perf_counter()
    assert not phrase.is_in(normalize_fields(["ab " * 300_000]))
    assert time.perf_counter() - started < 2
