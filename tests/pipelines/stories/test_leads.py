"""Which lead of a dispatch each copy runs."""

from datetime import timedelta
from itertools import pairwise

import pytest

from onestory.pipelines.stories.leads import LeadCopy, LeadMatch, leads_of
from tests.readings import NOON


def copy(name: str, hours: int, *, owner: str | None = None, credit: str | None = "AP") -> LeadCopy:
    return LeadCopy(name, owner or name, credit, NOON + timedelta(hours=hours))


def same(*names: str) -> list[LeadMatch]:
    return [LeadMatch(a, b, 0.93, 0.96, 0.97) for a, b in pairwise(names)]


COPIES = [copy("a1", 1), copy("a2", 5), copy("b1", 2), copy("b2", 9), copy("c1", 3), copy("c2", 4)]
MATCHES = [
    *same("a1", "a2"),
    *same("b1", "b2"),
    *same("c1", "c2"),
    LeadMatch("a1", "b1", 0.6, 0.8, 0.7),
    LeadMatch("b1", "c1", 0.5, 0.7, 0.6),
]


@pytest.mark.parametrize("step", [1, -1])
def test_leads_are_numbered_in_the_order_in_which_their_first_copies_ran(step: int) -> None:
    found = leads_of(COPIES[::step], MATCHES[::step])
    assert {one: lead.number for one, lead in found.items()} == {"a1": 1, "a2": 1, "b1": 2, "b2": 2, "c1": 3, "c2": 3}
    assert (found["a2"].count, found["a2"].behind, found["c1"].behind) == (3, 2, 0)
    assert found["b2"].since == NOON + timedelta(hours=2)


def test_a_copy_that_was_cut_runs_the_lead_that_has_most_of_it() -> None:
    brief = copy("brief", 6, credit=None)
    matches = [*MATCHES, LeadMatch("a1", "brief", 0.2, 0.2, 0.7), LeadMatch("brief", "c2", 0.25, 0.98, 0.25)]
    assert leads_of([*COPIES, brief], matches)["brief"].number == 3


def test_a_copy_without_words_of_any_lead_has_none() -> None:
    assert "other" not in leads_of([*COPIES, copy("other", 6)], MATCHES)


def test_one_text_has_no_leads() -> None:
    assert leads_of(COPIES[:2], MATCHES) == {}


def test_what_one_owner_alone_made_of_a_dispatch_is_no_lead() -> None:
    chain = [copy(name, hours, owner="chain") for name, hours in (("d1", 7), ("d2", 8))]
    found = leads_of([*COPIES, *chain], [*MATCHES, *same("d1", "d2"), LeadMatch("c1", "d1", 0.5, 0.9, 0.6)])
    assert (found["d1"].number, found["d1"].count) == (3, 3)


def test_texts_that_credit_nobody_are_no_leads() -> None:
    assert leads_of([copy(one.id, 1, credit=None) for one in COPIES], MATCHES) == {}
