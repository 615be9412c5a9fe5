"""When a source is silent: by its own habit, and by nobody else's."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestory.store.sources.health import MIN_KNOWN_DAYS, MIN_PAUSES, format_duration, is_silent, usual_pause

HOUR = 3_600
DAY = 24 * HOUR
# A paper that writes from Monday to Friday: four nights, and what is from Friday evening to Monday.
WEEKDAYS = [15 * HOUR, 15 * HOUR, 15 * HOUR, 15 * HOUR, 63 * HOUR] * 4
ROUND_THE_CLOCK = [4 * HOUR] * 28
WEEKLY = [7 * DAY] * 8


@pytest.mark.parametrize(
    ("pauses", "quiet", "expected"),
    [
        (ROUND_THE_CLOCK, timedelta(hours=20), False),
        (ROUND_THE_CLOCK, timedelta(hours=24), True),
        (WEEKDAYS, timedelta(hours=63), False),  # a weekend
        (WEEKDAYS, timedelta(hours=111), False),  # Easter
        (WEEKDAYS, timedelta(days=6), True),
        (WEEKLY, timedelta(days=13), False),
        (WEEKLY, timedelta(days=14), True),
    ],
)
def test_silence_is_twice_the_habit_and_a_day_at_least(pauses: list[int], quiet: timedelta, expected: bool):
    assert is_silent(quiet, pauses, known_days=60) is expected


def test_a_new_source_is_never_silent():
    assert not is_silent(timedelta(days=60), ROUND_THE_CLOCK, known_days=MIN_KNOWN_DAYS - 1)
    assert not is_silent(timedelta(days=60), ROUND_THE_CLOCK[: MIN_PAUSES - 1], known_days=60)


def test_one_outage_does_not_become_the_habit():
    assert usual_pause([*ROUND_THE_CLOCK, 30 * DAY]) == timedelta(hours=4)


@given(st.lists(st.integers(0, 90 * DAY), min_size=MIN_PAUSES, max_size=90), st.integers(0, 200 * DAY))
def test_whoever_is_silent_stays_so_until_something_comes(pauses: list[int], quiet: int):
    habit = usual_pause(pauses)
    assert habit is not None
    assert min(pauses) <= habit.total_seconds() <= max(pauses)
    if is_silent(timedelta(seconds=quiet), pauses, known_days=30):
        assert is_silent(timedelta(seconds=quiet + HOUR), pauses, known_days=30)
        assert quiet >= DAY


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-5, "1 minutes"), (600, "10 minutes"), (7_000, "117 minutes"), (7_300, "2 hours"), (3 * DAY, "3 days")],
)
def test_lengths_are_told_in_plain_words(seconds: int, told: str):
    assert format_duration(timedelta(seconds=seconds)) == told
