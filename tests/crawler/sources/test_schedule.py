"""When a source is polled next: laws of the interval, what feeds ask for, and cron."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onestory.crawler.sources.feed_hints import FeedHints, feed_hints, lifetime_seconds
from onestory.crawler.sources.schedule import adapt_interval, checked_schedule, next_poll, next_tick, poll_after_failure
from onestory.crawler.sources.source_changes import ScheduleChange, changed_settings
from onestory.errors import BadInput
from onestory.store.sources.source_list import PollSchedule, SourceSettings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BOUNDS = st.integers(60, 86_400)


@st.composite
def schedules(draw: st.DrawFn) -> PollSchedule:
    low, high = sorted((draw(BOUNDS), draw(BOUNDS)))
    return PollSchedule(draw(st.integers(1, 200_000)), low, high)


@given(schedules(), st.integers(0, 100_000), st.none() | st.floats(0, 1e9))
def test_no_yield_drives_an_interval_out_of_its_bounds(schedule: PollSchedule, found: int, elapsed: float | None):
    assert schedule.shortest <= adapt_interval(schedule, found=found, elapsed_seconds=elapsed) <= schedule.longest


@given(schedules(), st.integers(0, 1_000), st.floats(1, 1e6))
def test_more_new_pages_never_make_it_longer(schedule: PollSchedule, found: int, elapsed: float):
    less, more = (adapt_interval(schedule, found=number, elapsed_seconds=elapsed) for number in (found, found + 1))
    assert more <= less


def polled_for(schedule: PollSchedule, *, period: float, polls: int) -> list[int]:
    """The intervals of so many polls of a source that publishes one page every `period` seconds."""
    intervals, elapsed, published = [], 0.0, 0
    for _ in range(polls):
        elapsed += schedule.interval_seconds
        found = int(elapsed // period) - published
        published += found
        next_interval = adapt_interval(schedule, found=found, elapsed_seconds=float(schedule.interval_seconds))
        schedule = replace(schedule, interval_seconds=next_interval)
        intervals.append(next_interval)
    return intervals


@settings(deadline=None)
@given(st.floats(700, 40_000), st.integers(300, 86_400))
def test_a_steady_source_is_soon_polled_about_as_often_as_it_publishes(period: float, begin: int):
    settled = polled_for(PollSchedule(begin), period=period, polls=300)[200:]
    assert all(0.6 * period <= interval <= 1.15 * period for interval in settled)


@settings(deadline=None)
@given(st.floats(1, 200), st.integers(300, 86_400))
def test_a_source_that_publishes_faster_than_we_may_ask_is_polled_at_its_shortest(period: float, begin: int):
    assert polled_for(PollSchedule(begin), period=period, polls=100)[-1] == 300


def test_a_source_that_fell_silent_is_asked_again_after_a_twentieth_of_its_silence():
    schedule, silence = PollSchedule(300), 0.0
    while silence < 8 * 3_600:
        silence += schedule.interval_seconds
        schedule = replace(schedule, interval_seconds=adapt_interval(schedule, found=0, elapsed_seconds=1.0))
    assert schedule.interval_seconds <= 305 + silence / 20


def test_the_first_poll_says_nothing_of_how_often_it_publishes():
    assert adapt_interval(PollSchedule(900), found=500, elapsed_seconds=None) == 900


@given(schedules(), st.integers(0, 10**9), st.sets(st.integers(0, 23)), st.sets(st.integers(0, 6)))
def test_what_a_feed_asks_for_is_kept_to_within_the_bounds(
    schedule: PollSchedule, asked: int, hours: set[int], days: set[int]
):
    asks = FeedHints(asked, frozenset(hours), frozenset(days))
    due = next_poll(schedule, asks=asks, asked_seconds=asked, now=NOW)
    longest = NOW + timedelta(seconds=schedule.longest)
    assert NOW + timedelta(seconds=min(max(asked, schedule.shortest), schedule.longest)) <= due <= longest
    assert due == longest or not asks.skips(due)


RSS = b"""<?xml version="1.0"?>
<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>News</title>%s
<item><title>One</title><link>https://news.example/1</link></item></channel></rss>"""


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        (b"", FeedHints()),
        (b"<ttl>60</ttl>", FeedHints(3_600)),
        (b"<ttl> 5 </ttl>", FeedHints(300)),
        (b"<ttl>-5</ttl>", FeedHints()),
        (b"<ttl>soon</ttl>", FeedHints()),
        (b"<ttl>999999999999</ttl>", FeedHints()),
        (b"<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", FeedHints(900)),
        (b"<sy:updatePeriod>\n daily </sy:updatePeriod>", FeedHints(86_400)),
        (b"<sy:updateFrequency>24</sy:updateFrequency>", FeedHints(3_600)),
        (b"<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", FeedHints(3_600)),
        (b"<sy:updatePeriod>now and then</sy:updatePeriod>", FeedHints()),
        (
            b"<skipHours><hour>0</hour><hour>24</hour><hour>5</hour><hour>x</hour></skipHours>",
            FeedHints(0, frozenset({0, 5})),
        ),
        (b"<skipDays><day>Sunday</day><day>Someday</day></skipDays>", FeedHints(0, frozenset(), frozenset({6}))),
    ],
)
def test_a_feed_says_when_it_wants_to_be_asked(said: bytes, asks: FeedHints):
    found = feed_hints(RSS % said)
    assert found == asks
    assert FeedHints.of(found.row) == found


def test_a_ttl_of_an_article_is_not_the_feeds():
    assert feed_hints(RSS.replace(b"<title>One", b"<ttl>600</ttl><title>One") % b"") == FeedHints()


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading_of_what_is_asked(noise: bytes):
    assert feed_hints(noise).seconds >= 0
    assert feed_hints(RSS % noise).seconds >= 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"cache-control": "public, max-age=600"}, 600),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "900"}, 0),
        ({"cache-control": "s-maxage=9000, max-age=60"}, 60),
        ({"cache-control": "no-cache, max-age=600"}, 0),
        ({"cache-control": "max-age=600", "expires": "Mon, 23 Nov 2026 20:00:00 GMT"}, 600),
        ({"expires": "Mon, 23 Nov 2026 12:10:00 GMT", "date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 600),
        ({"expires": "Mon, 23 Nov 2026 12:10:00 GMT", "date": "Mon, 23 Nov 2026 12:05:00 GMT"}, 300),
        ({"expires": "Mon, 23 Nov 2026 12:10:00 GMT"}, 600),
        ({"expires": "0"}, 0),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"cache-control": "max-age=99999999999999"}, 31_536_000),
        ({"cache-control": "max-age=soon", "age": "soon"}, 0),
    ],
)
def test_an_answer_says_how_long_it_stays_fresh(headers: dict[str, str | None], seconds: int):
    assert lifetime_seconds(headers, now=NOW) == seconds


def test_a_skipped_hour_is_waited_out():
    asks = FeedHints(0, frozenset({12, 13}), frozenset())
    assert next_poll(PollSchedule(900), asks=asks, asked_seconds=0, now=NOW) == NOW + timedelta(hours=2)


def test_cron_is_read_in_its_time_zone_through_a_change_of_the_clocks():
    winter = next_tick("30 6 * * *", "Europe/Berlin", after=datetime(2026, 3, 28, 0, 0, tzinfo=UTC))
    summer = next_tick("30 6 * * *", "Europe/Berlin", after=winter)
    assert (winter.hour, summer.hour) == (5, 4)
    # At half past two there is no such time on the night when clocks go forward: it is not left out, and not doubled.
    assert next_tick("30 2 * * *", "Europe/Berlin", after=datetime(2026, 3, 29, 0, 0, tzinfo=UTC)) == datetime(
        2026, 3, 29, 1, 0, tzinfo=UTC
    )


def test_a_cron_expression_goes_before_what_the_source_asks_for():
    schedule = PollSchedule(900, cron="*/10 * * * *")
    asks = FeedHints(86_400, frozenset(range(12, 20)), frozenset())
    assert next_poll(schedule, asks=asks, asked_seconds=86_400, now=NOW) == NOW + timedelta(minutes=10)


def test_a_source_that_fails_is_asked_ever_more_rarely_and_by_cron_only_at_its_times():
    pauses = [poll_after_failure(PollSchedule(900), failures=number, now=NOW) - NOW for number in range(1, 12)]
    assert pauses[:3] == [timedelta(seconds=seconds) for seconds in (900, 1_800, 3_600)]
    assert pauses[-1] == timedelta(days=1)
    daily = PollSchedule(900, cron="0 6 * * *")
    assert {poll_after_failure(daily, failures=number, now=NOW).day for number in (1, 5, 50)} == {24}
    often = PollSchedule(900, cron="*/10 * * * *")
    assert poll_after_failure(often, failures=1, now=NOW) < poll_after_failure(often, failures=5, now=NOW)


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (PollSchedule(900, 59), "min_seconds is a number from 60 to 86400"),
        (PollSchedule(900, 60, 90_000), "max_seconds"),
        (PollSchedule(900, 3_600, 600), "above the longest"),
        (PollSchedule(900, cron="whenever"), "five fields"),
        (PollSchedule(900, cron="99 * * * *"), "Bad minute"),
        (PollSchedule(900, cron="0 0 31 2 *"), "not a cron expression"),
        (PollSchedule(900, cron="* * * * * *"), "five fields"),
        (PollSchedule(900, cron="0 * * * *", timezone="Mars/Olympus"), "not a time zone"),
        (PollSchedule(900, cron="0 * * * *", timezone="../../etc/passwd"), "not a time zone"),
        (PollSchedule(900, timezone="Europe/Berlin"), "needs a cron expression"),
    ],
)
def test_a_schedule_that_cannot_be_kept_to_says_why(schedule: PollSchedule, said: str):
    with pytest.raises(BadInput, match=said):
        checked_schedule(schedule, now=NOW)


def test_what_is_set_is_due_by_the_new_schedule_and_nothing_else_changes():
    settings = SourceSettings(PollSchedule(900), None, True, NOW + timedelta(hours=20))
    shorter = changed_settings(settings, ScheduleChange(max_seconds=600), now=NOW)
    assert (shorter.schedule.interval_seconds, shorter.next_poll) == (600, NOW + timedelta(minutes=10))
    nightly = changed_settings(settings, ScheduleChange(cron="0 3 * * *", timezone="Europe/Berlin"), now=NOW)
    assert nightly.next_poll == datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    assert changed_settings(nightly, ScheduleChange(cron=""), now=NOW).schedule == PollSchedule(900)
    assert changed_settings(settings, ScheduleChange(enabled=False), now=NOW) == replace(settings, enabled=False)
    with pytest.raises(BadInput, match="--min or --max"):
        changed_settings(settings, ScheduleChange(interval_seconds=60), now=NOW)
