"""Credits on the set that the benchmark measures, and what a bare mention is."""

import tomllib
from pathlib import Path

from benchmarks.credit import measure, read_set
from onestory.pipelines.credit import detection as module
from onestory.pipelines.credit.detection import find_credit


def test_precision_and_recall_on_the_set_of_credits_and_traps() -> None:
    rows = read_set()
    precision, recall, _ = measure(rows)
    assert len(rows) >= 120
    assert precision >= 0.99
    assert recall >= 0.97


def test_at_least_twenty_five_agencies_are_known() -> None:
    table = tomllib.loads(Path(module.__file__).with_name("agencies.toml").read_text("utf-8"))
    assert len(table["agency"]) >= 25


def test_a_dateline_is_a_credit_with_its_span() -> None:
    found = find_credit(["HARLOW BRIDGE, Vt. (AP) — The council voted on Tuesday."])
    assert found is not None
    assert (found.name, found.evidence) == ("Associated Press", "HARLOW BRIDGE, Vt. (AP) —")


def test_a_bare_mention_is_no_credit() -> None:
    assert find_credit(['"We had no choice," the mayor told Reuters.', "The vote was first reported by AFP."]) is None


def test_an_agency_on_its_own_site_is_no_credit() -> None:
    assert find_credit(["LONDON (Reuters) - The council voted."], outlet="Reuters") is None
