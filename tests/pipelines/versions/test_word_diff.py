"""What one text changed of another, word by word."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from onestory.pipelines.versions.word_diff import TextChange, WordDiff, word_diff

BRIDGE = "The bridge will close for six weeks from Monday."
COST = "Repairs cost eleven million crowns, the road fund said."
SHOPS = "Shopkeepers on the eastern bank fear for their autumn trade."
WORD = re.compile(r"\w+")
words = st.sampled_from(["bridge", "crowns", "ferry", "a", "the", "of", "Monday", "港", "大", "5", ",", "."])
texts = st.lists(st.lists(words, max_size=12).map(" ".join), max_size=6).map("\n".join)


def told(before: str, after: str) -> list[tuple[str, str | None, str | None]]:
    return [
        (change.kind, change.before and before[slice(*change.before)], change.after and after[slice(*change.after)])
        for change in word_diff(before, after).spans
    ]


def side(text: str, changes: WordDiff, *, name: str, kinds: set[str]) -> list[str]:
    """The words of one text by its spans, in the order of the text."""
    spans = sorted(getattr(change, name) for change in changes.spans if change.kind in kinds)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    return [word for start, end in spans for word in WORD.findall(text[start:end])]


@given(texts, texts)
def test_every_word_of_both_texts_is_told_once(before: str, after: str) -> None:
    changes = word_diff(before, after)
    assert side(before, changes, name="before", kinds={"kept", "moved", "removed"}) == WORD.findall(before)
    assert side(after, changes, name="after", kinds={"kept", "moved", "added"}) == WORD.findall(after)


@given(texts, texts)
def test_what_is_kept_or_moved_is_the_same_in_both(before: str, after: str) -> None:
    for change in word_diff(before, after).spans:
        if change.before is not None and change.after is not None:
            assert before[slice(*change.before)].split() == after[slice(*change.after)].split() or _joined(
                before, after, change
            )


def _joined(before: str, after: str, change: TextChange) -> bool:
    """Spaces may differ between words that are kept."""
    assert change.before is not None
    assert change.after is not None
    return re.sub(r"\s", "", before[slice(*change.before)]) == re.sub(r"\s", "", after[slice(*change.after)])


@given(texts)
def test_a_text_beside_itself_has_no_change(text: str) -> None:
    assert word_diff(text, text).is_none


def test_a_word_that_was_replaced_is_removed_and_added() -> None:
    assert told(BRIDGE, BRIDGE.replace("six", "eight")) == [
        ("kept", "The bridge will close for", "The bridge will close for"),
        ("removed", "six", None),
        ("added", None, "eight"),
        ("kept", "weeks from Monday.", "weeks from Monday."),
    ]


def test_a_paragraph_that_stands_elsewhere_is_told_as_moved() -> None:
    changes = told(f"{BRIDGE}\n{COST}\n{SHOPS}", f"{SHOPS}\n{BRIDGE}\n{COST}")
    assert changes == [("moved", SHOPS, SHOPS), ("kept", f"{BRIDGE}\n{COST}", f"{BRIDGE}\n{COST}")]


def test_a_paragraph_that_moved_and_was_edited_keeps_what_it_kept() -> None:
    edited = SHOPS.replace("autumn", "winter")
    changes = word_diff(f"{BRIDGE}\n{COST}\n{SHOPS}", f"{edited}\n{BRIDGE}\n{COST}")
    assert (changes.added, changes.removed, changes.moved) == (1, 1, len(WORD.findall(SHOPS)) - 1)


def test_a_script_without_spaces_is_told_by_characters() -> None:
    assert told("港口大桥将关闭六周", "港口大桥将关闭八周")[1:3] == [("removed", "六", None), ("added", None, "八")]


def test_a_hostile_text_costs_no_more_than_its_length() -> None:
    once, again = ("a b c d " * 20_000, "b d a c " * 20_000)
    changes = word_diff(once, again)
    assert changes.kept + changes.added + changes.moved == 80_000
