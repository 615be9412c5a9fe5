"""robots.txt by RFC 9309, and the pace that servers ask for."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from onestory.crawler.backoff import RateLimits, backoff_seconds, next_day, rest_seconds, retry_after
from onestory.crawler.crawl import pace_for, user_agent
from onestory.crawler.hosts.robots import parse_robots, stored_robots

NOW = datetime(2026, 3, 29, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        (404, True),
        (410, True),
        (401, True),
        (403, True),
        (500, False),
        (503, False),
        (429, False),
        (None, False),
        (304, False),
    ],
)
def test_its_absence_opens_and_its_trouble_closes(status: int | None, allowed: bool):
    assert parse_robots(status, b"").allows("https://example.org/news") is allowed


def test_the_group_that_names_us_counts_and_else_that_for_all():
    body = b"User-agent: *\nDisallow: /\n\nUser-agent: onestory\nDisallow: /shop\nAllow: /shop/news\n"
    robots = parse_robots(200, body)
    assert robots.allows("https://example.org/")
    assert not robots.allows("https://example.org/shop")
    assert robots.allows("https://example.org/shop/news/1")
    assert not parse_robots(200, b"User-agent: *\nDisallow: /").allows("https://example.org/")


def test_a_web_page_in_its_place_bars_nothing():
    assert parse_robots(200, b"<!DOCTYPE html><html><body>Not here</body></html>").allows("https://example.org/")


def test_only_the_first_500_kib_are_read():
    padding = b"# " + b"x" * 97 + b"\n"
    body = b"User-agent: *\n" + padding * 5300 + b"Disallow: /\n"
    assert parse_robots(200, body).allows("https://example.org/")
    assert not parse_robots(200, body.replace(padding, b"", 300)).allows("https://example.org/")


def test_bytes_that_are_no_text_and_a_mark_of_order_are_survived():
    assert not parse_robots(200, b"\xef\xbb\xbfUser-agent: *\nDisallow: /\xff\x00\n").allows("https://example.org/%FF")
    assert not parse_robots(200, b"\xef\xbb\xbfUser-agent: *\nDisallow: /a\n").allows("https://example.org/a")


def test_crawl_delay_and_request_rate_are_both_heard():
    assert parse_robots(200, b"User-agent: *\nCrawl-delay: 2.5\n").crawl_delay == 2.5
    assert parse_robots(200, b"User-agent: *\nCrawl-delay: 1\nRequest-rate: 1/30\n").crawl_delay == 30
    assert parse_robots(200, b"User-agent: *\nCrawl-delay: soon\n").crawl_delay is None


def test_what_was_stored_means_what_it_meant():
    robots = parse_robots(200, b"User-agent: *\nDisallow: /a\n")
    again = stored_robots(robots.verdict, robots.text)
    assert (again.allows("https://e.org/a"), again.allows("https://e.org/b")) == (False, True)
    assert stored_robots("open", None).allows("https://e.org/")
    assert not stored_robots("closed", None).allows("https://e.org/")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), 0),
        ("Sun, 29 Mar 2026 23:31:00", 60),
        ("99999999999999", 86_400),
        ("-5", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None):
    assert retry_after(value, now=NOW) == seconds


def test_backing_off_doubles_up_to_a_day():
    assert [backoff_seconds(30, failures) for failures in (1, 2, 3)] == [30, 60, 120]
    assert backoff_seconds(30, 1000) == 86_400


def test_the_next_day_begins_at_midnight_in_utc():
    assert next_day(NOW) == datetime(2026, 3, 30, tzinfo=UTC)


def test_without_a_contact_the_pace_is_slowest_and_the_user_agent_says_no_more_than_it_can():
    assert pace_for(None).delay_seconds == 10
    assert pace_for("mailto:me@example.org") == RateLimits()
    assert "(" not in user_agent(None)
    assert user_agent("https://example.org/bot").endswith(" (+https://example.org/bot)")
    assert "\n" not in user_agent("a\r\nX-Evil: 1")


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("onestory", True),
        ("ONESTORY", True),
        ("Onestory/1.0", True),
        ("Onestory # the crawler", True),
        ("Onestory*", True),
        ("One", False),
        ("on", False),
        ("Onestory2", False),
        ("onestory-images", False),
        ("story", False),
        ("Mozilla/5.0 (compatible; Onestory)", False),
        ("", False),
    ],
)
def test_a_group_is_ours_when_it_names_our_product_and_not_the_beginning_of_it(name: str, is_ours: bool):
    body = f"User-agent: *\nDisallow: /\n\nUser-agent: {name}\nAllow: /news\nDisallow: /\n".encode()
    robots = parse_robots(200, body)
    assert robots.allows("https://example.org/news") is is_ours
    assert not robots.allows("https://example.org/shop")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_groups_that_name_us_more_than_once_are_one(end: str):
    lines = ["User-agent: other", "user-agent:Onestory", "Disallow: /a", "", "User-Agent : Onestory/2", "Disallow: /b"]
    robots = parse_robots(200, end.join(lines).encode())
    assert [robots.allows(f"https://example.org/{path}") for path in "abc"] == [False, False, True]


@pytest.mark.parametrize(
    ("failures", "asked", "seconds"),
    [(1, None, 30), (3, None, 120), (1, 5.0, 5), (1, 0.0, 0), (2, 0.0, 30), (4, 5.0, 120), (4, 3_600.0, 3_600)],
)
def test_a_host_rests_as_long_as_it_asks_for_and_longer_when_that_was_too_little(
    failures: int, asked: float | None, seconds: float
):
    assert rest_seconds(30, failures=failures, asked=asked) == seconds


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("10s", 10),
        ("2,5", 2.5),
        ("10 seconds", 10),
        ("1 min", 60),
        ("10", 10),
        ("soon", None),
        ("500ms", 0.5),
        ("'10'", 10),
        ("10;", 10),
        ("5-10", 10),
        ("1 h", 3_600),
    ],
)
def test_a_delay_is_heard_however_it_is_written(written: str, seconds: float | None) -> None:
    text = f"User-agent: *\nCrawl-delay: {written}\nDisallow: /x\n".encode()
    assert parse_robots(200, text).crawl_delay == seconds
    assert parse_robots(200, text.replace(b"Crawl-delay", b"Crawldelay")).crawl_delay == seconds
