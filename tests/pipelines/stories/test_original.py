"""Which copy is the original: the evidence in its order, and the reason told."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestory.pipelines.stories.original import choose_original, reconsider_original, relations_beside

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Copy:
    id: str
    host: str = "herald.example"
    outlet: str = "Herald"
    credit: str | None = None
    names: str | None = None
    published: datetime | None = None
    published_source: str | None = None
    first_seen: datetime = NOON
    seen_after: datetime | None = None
    is_observed: bool = True
    is_known: bool = False
    words: int = 400


@dataclass(frozen=True)
class Shared:
    a: int
    b: int
    a_is: str
    b_is: str
    kind: str = "copy"


def claiming(name: str, minutes: float, **more: object) -> Copy:
    return replace(Copy(name, published=NOON - timedelta(minutes=minutes)), **more)  # type: ignore[arg-type]


CASES = {
    "only": ([Copy("a")], "a"),
    "canonical": ([claiming("a", 90, names="b"), claiming("b", 10, host="b.example"), claiming("c", 60)], "b"),
    "credited": (
        [claiming("a", 90, credit="Courier"), claiming("b", 10, host="courier.example", outlet="Courier")],
        "b",
    ),
    "agency": ([claiming("a", 90, credit="Reuters"), claiming("b", 10, host="www.reuters.com", outlet="x")], "b"),
    "claimed": ([claiming("a", 5), claiming("b", 8), claiming("c", 6)], "b"),
    "unsupported": ([claiming("a", 5), claiming("b", 300, first_seen=NOON + timedelta(hours=1))], "a"),
    "first_seen": ([Copy("a"), Copy("b", first_seen=NOON - timedelta(hours=1))], "b"),
    "fullest": ([Copy("a"), Copy("b", words=500)], "b"),
    "alike": ([Copy("b"), Copy("c")], "b"),
}


@pytest.mark.parametrize("reason", CASES)
def test_the_original_is_found_for_its_reason_in_any_order(reason: str) -> None:
    copies, original = CASES[reason]
    for seed in range(5):
        shuffled = list(copies)
        random.Random(seed).shuffle(shuffled)
        choice = choose_original(shuffled)
        assert (choice.original, choice.reason) == (original, reason)


def a_copy(name: str) -> st.SearchStrategy[Copy]:
    minutes = st.integers(0, 2)
    return st.builds(
        Copy,
        id=st.just(name),
        host=st.sampled_from(["herald.example", "www.reuters.com"]),
        published=st.none() | minutes.map(lambda before: NOON - timedelta(minutes=before)),
        first_seen=minutes.map(lambda before: NOON - timedelta(minutes=before)),
        words=st.sampled_from([100, 390, 400]),
    )


@given(st.tuples(a_copy("a"), a_copy("b")), a_copy("c"), st.sampled_from([None, "Reuters"]))
def test_one_more_copy_is_judged_as_a_look_at_all_of_them_would(
    there: tuple[Copy, Copy], newcomer: Copy, credit: str | None
) -> None:
    """Where the short way answers. The fullest copy is there already, as is the credit."""
    fullest = Copy("f", words=400, credit=credit)
    for copies in ([fullest], [fullest, there[0]], [fullest, *there]):
        before = choose_original(copies)
        found = reconsider_original(
            next(copy for copy in copies if copy.id == before.original),
            newcomer,
            reason=before.reason,
            credited={credit} if credit else set(),
            fullest=400,
        )
        assert found is None or found == choose_original([*copies, newcomer])


def test_an_editors_word_is_above_all_evidence() -> None:
    choice = choose_original(CASES["canonical"][0], pinned="c")
    assert (choice.original, choice.reason) == ("c", "pinned")


def test_a_page_that_names_another_is_a_copy_although_it_is_named() -> None:
    assert choose_original([Copy("a", names="b"), Copy("b", names="c"), Copy("c")]).original == "c"


def test_a_brief_is_no_original_however_early() -> None:
    choice = choose_original([claiming("brief", 90, words=80), claiming("whole", 10)])
    assert (choice.original, choice.reason) == ("whole", "fullest")


@pytest.mark.parametrize("claim", [NOON + timedelta(days=1), datetime(1970, 1, 1, tzinfo=UTC)])
def test_a_claim_that_cannot_be_true_is_not_believed(claim: datetime) -> None:
    assert choose_original([Copy("a", published=claim), claiming("b", 10)]).original == "b"


def test_a_day_without_a_time_is_not_midnight() -> None:
    day = NOON.replace(hour=0)
    assert choose_original([Copy("a", published=day), claiming("b", 10)]).original == "b"


def test_relations_are_told_beside_the_original_shown() -> None:
    numbers = {"full": 1, "shown": 2, "same": 3, "brief": 4}
    told = relations_beside(
        "shown",
        {"full": "original", "shown": "edited", "same": "edited", "brief": "excerpt"},
        numbers,
        [Shared(1, 2, "fuller", "edited"), Shared(2, 3, "verbatim", "verbatim")],
    )
    assert told == {"full": "edited", "shown": "original", "same": "verbatim", "brief": "excerpt"}
