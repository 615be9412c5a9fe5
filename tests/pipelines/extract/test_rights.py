"""Signals about text and data mining."""

import pytest

from onestory.pipelines.extract.rights import from_page, from_robots, from_tdmrep, mining_verdict

URL = "https://www.example.org/news/ferry"


def test_no_signal_is_unknown() -> None:
    assert mining_verdict(()) == "unknown"
    assert mining_verdict(from_page([("X-Robots-Tag", "noindex")], {})) == "unknown"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("X-Robots-Tag", "noai, noimageai", "denied"),
        ("X-Robots-Tag", "noarchive", "denied"),
        ("TDM-Reservation", "1", "denied"),
        ("tdm-reservation", "0", "allowed"),
        ("Content-Usage", "train-ai=n", "denied"),
        ("Content-Usage", "train-ai=y", "allowed"),
    ],
)
def test_a_header_says_so(name: str, value: str, expected: str) -> None:
    assert mining_verdict(from_page([(name, value)], {})) == expected


def test_meta_tags_say_so() -> None:
    assert mining_verdict(from_page([], {"robots": ("index, noai",)})) == "denied"
    assert mining_verdict(from_page([], {"tdm-reservation": ("1",)})) == "denied"


def test_one_denial_outweighs_an_allowance() -> None:
    assert mining_verdict(from_page([("tdm-reservation", "0")], {"robots": ("noai",)})) == "denied"


def test_robots_with_a_group_for_an_ai_agent_denies_what_it_bars() -> None:
    robots = "User-agent: GPTBot\nDisallow: /news/\n\nUser-agent: *\nAllow: /\n"
    assert mining_verdict(from_robots(robots, URL)) == "denied"
    assert mining_verdict(from_robots(robots, "https://www.example.org/weather")) == "unknown"


def test_that_an_agent_may_fetch_is_no_permission() -> None:
    assert mining_verdict(from_robots("User-agent: GPTBot\nAllow: /\n", URL)) == "unknown"


def test_content_signals_in_robots_are_read() -> None:
    assert (
        mining_verdict(from_robots("User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n", URL))
        == "denied"
    )


def test_tdmrep_applies_the_first_rule_that_covers_the_path() -> None:
    document = '[{"location": "/news/*", "tdm-reservation": 1}, {"location": "/", "tdm-reservation": 0}]'
    assert mining_verdict(from_tdmrep(document, URL)) == "denied"
    assert mining_verdict(from_tdmrep(document, "https://www.example.org/weather")) == "allowed"
    assert from_tdmrep("not json", URL) == ()
