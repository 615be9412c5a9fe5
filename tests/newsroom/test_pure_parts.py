"""Cursors, hosts, times and the views: values in, values out."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestory.newsroom.articles.pieces import cut_paragraphs
from onestory.newsroom.http.pagination import BadCursor, decode_cursor, encode_cursor, filters_digest
from onestory.newsroom.http.request_guard import AllowedHosts
from onestory.newsroom.pages.display import (
    format_delay,
    format_percent,
    language_tag,
    safe_link,
    sanitize_text,
    time_ago,
)
from onestory.newsroom.stories.views import text_segments
from onestory.store.stories.listing import StoryCursor
from onestory.times import parse_time
from tests.cli import onestory

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda two: tuple(sorted(two))), max_size=5)


@given(st.datetimes(timezones=st.just(UTC)), st.text("0123456789abcdef", min_size=24, max_size=24))
def test_a_cursor_comes_back_as_it_went(last_seen: datetime, story_id: str) -> None:
    position = StoryCursor(last_seen, story_id, up_to=17)
    assert decode_cursor(encode_cursor(position, of="list"), of="list") == position


@given(st.text())
def test_no_text_is_a_fault_as_a_cursor(text: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(text, of="list")


def test_the_order_of_filters_names_the_same_list() -> None:
    assert filters_digest({"a": 1, "b": 2}) == filters_digest({"b": 2, "a": 1}) != filters_digest({"a": 1})


@given(st.text(max_size=40), st.lists(SPANS, max_size=4))
def test_segments_are_the_whole_text_and_know_their_stories(text: str, spans: list[list[tuple[int, int]]]) -> None:
    inside = [[(min(a, len(text)), min(b, len(text))) for a, b in one] for one in spans]
    found = text_segments(text, inside)
    assert "".join(segment.text for segment in found) == text
    place = 0
    for segment in found:
        for number, one in enumerate(inside, 1):
            covered = any(a <= place and place + len(segment.text) <= b and a < b for a, b in one)
            assert covered == (number in segment.stories)
        place += len(segment.text)


@given(st.text())
def test_shown_text_has_nothing_that_steers(text: str) -> None:
    told = sanitize_text(text)
    assert isinstance(told, str)
    assert not any(character in told for character in "\u202e\u2066\u200b\x00\x1b\x85\ufeff")
    assert sanitize_text(told) == told


def test_letters_of_all_scripts_stay_as_they_are() -> None:
    for text in ("Zürich, Łódź", "می‌خواهم", "क्षत्रिय", "東京🇯🇵", "👩‍🚒 fire", "ไทยรัฐ", "שלום"):
        assert sanitize_text(text) == text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//a.example", "ftp://a", "http://[", "", None]
)
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert safe_link(url) is None


def test_a_web_address_stays_one() -> None:
    assert safe_link("https://a.example/ü?q=1") == "https://a.example/ü?q=1"


def test_only_language_codes_become_languages() -> None:
    assert language_tag("zh") == "zh"
    assert language_tag("und") is None
    assert language_tag('en" onclick="x') is None


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        (timedelta(seconds=30), "just now"),
        (timedelta(minutes=5), "5\u00a0min ago"),
        (timedelta(hours=30), "1\u00a0d ago"),
        (timedelta(minutes=-90), "in 1\u00a0h"),
        (timedelta(days=40), ""),
    ],
)
def test_how_long_ago_is_told_shortly(passed: timedelta, told: str) -> None:
    assert time_ago(NOW - passed, NOW) == told


def test_only_the_whole_is_a_hundred_percent() -> None:
    assert [format_percent(part) for part in (0, 0.001, 0.5, 0.999, 1)] == ["0%", "1%", "50%", "99%", "100%"]
    assert format_delay(timedelta(0)) == ""


def test_times_are_read_in_the_forms_that_people_use() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for value in ("2026-11-23T12:00", "2026-11-23T12:00Z", "2026-11-23T14:00+02:00", "2026-11-23T14:00 02:00"):
        assert parse_time(value, now=NOW) == noon
    assert parse_time("2026-11-23", now=NOW) == datetime(2026, 11, 23, tzinfo=UTC)
    assert parse_time("36h", now=NOW) == NOW - timedelta(hours=36)


@given(st.text(max_size=30))
def test_whatever_is_read_is_an_aware_time_or_a_value_error(value: str) -> None:
    with suppress(ValueError):
        assert parse_time(value, now=NOW).tzinfo is not None


def test_a_server_for_everybody_answers_addresses_and_short_names_but_no_foreign_ones() -> None:
    rule = AllowedHosts.of("0.0.0.0", ["desk.example"])
    assert all(rule.allows(host) for host in ("10.0.0.7:80", "[2001:db8::1]", "api:8000", "localhost", "Desk.Example"))
    assert not any(rule.allows(host) for host in ("evil.example", "10.0.0.7.evil.example", ""))


@pytest.mark.parametrize("words", [["stories", "--limit", "abc"], ["stories", "--nope"], ["nonsense"]])
def test_a_command_that_is_typed_wrongly_is_answered_in_words(words: list[str]) -> None:
    done = onestory(*words)
    assert done.returncode == 2
    assert words[-1] in done.stderr or "--limit" in done.stderr


class CountedSpans(list[tuple[int, int, str]]):
    """Spans that count how often one of them is read."""

    reads = 0

    def __getitem__(self, index: Any) -> Any:
        self.reads += 1
        return super().__getitem__(index)


def test_the_paragraphs_of_a_comparison_are_cut_in_one_pass() -> None:
    lines = [f"Line {number} of the text" for number in range(500)]
    ends = list(accumulate(len(line) + 1 for line in lines))
    marked = CountedSpans((end - len(line) - 1, end - 1, "moved") for line, end in zip(lines, ends, strict=True))
    paragraphs = cut_paragraphs("\n".join(lines), marked)
    assert [piece.text for paragraph in paragraphs for piece in paragraph] == lines
    assert marked.reads < 20 * len(lines)
