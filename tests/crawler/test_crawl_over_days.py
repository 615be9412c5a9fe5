"""Crawls over days that pass on a clock of the test's own: what comes back, what is asked again, and when."""

import asyncio
import time
from pathlib import Path

import pytest

from onestory.crawler.backoff import RateLimits
from onestory.crawler.clock import wait_for
from onestory.store.database import Store
from tests.crawler.conftest import rss
from tests.site import misbehaving
from tests.site.crawling import RecordingSink, crawl_once, page_rows, polled
from tests.site.driven_clock import DrivenClock
from tests.site.outlets import source_entry
from tests.site.server import RSS, Hit, Reply, Site

ARTICLE = "<!DOCTYPE html><html><body><article><p>A third short piece of news.</p></article></body></html>"


@pytest.fixture
def clock(tmp_path: Path) -> DrivenClock:
    return DrivenClock.started(folder=tmp_path)


def feed_of(*links: str) -> Reply:
    items = "".join(f"<item><title>News</title><link>{link}</link></item>" for link in links)
    return Reply(f'<rss version="2.0"><channel>{items}</channel></rss>', kind=RSS)


def test_a_feed_that_repeats_itself_brings_each_page_once(lite: Store, site: Site, clock: DrivenClock):
    site.put("a", "/1", Reply(ARTICLE))
    link = site.url("a", "/1")
    for day in range(3):
        spellings = [link, f"{link}#top", f"{link}?utm_source=day{day}", f"HTTP://A.LOCALHOST:{site.port}/1"]
        url = site.put("a", "/feed", feed_of(*spellings * 100))
        crawl_once(lite, source_entry(url), clock=clock)
        clock.put_forward(days=1)
    assert site.paths("a").count("/feed") == 3
    assert site.paths("a").count("/1") == 1
    assert list(page_rows(lite)) == [link]


def test_links_with_a_new_session_every_time_are_one_page(lite: Store, site: Site, clock: DrivenClock):
    site.put("a", "/1", Reply(ARTICLE))
    link = site.url("a", "/1")
    for day in range(3):
        sessions = [f"{link};jsessionid={day:032x}", f"{link}?PHPSESSID={day:026x}", f"{link}?sid={day:032x}"]
        crawl_once(lite, source_entry(site.put("a", "/feed", feed_of(*sessions))), clock=clock)
        clock.put_forward(days=1)
    assert list(page_rows(lite)) == [link]
    assert site.paths("a").count("/1") == 1


def test_a_calendar_without_end_brings_no_page(lite: Store, site: Site, clock: DrivenClock):
    site.put("a", "/news/harbour-closes-for-the-winter.html", Reply(ARTICLE))
    days = "".join(f'<a href="/calendar/2026/{n // 28 + 1:02}/{n % 28 + 1:02}">Day {n}</a>' for n in range(300))
    story = '<a href="/news/harbour-closes-for-the-winter.html">The harbour closes for the whole of the winter</a>'
    url = site.put("a", "/news/", Reply(f"<!DOCTYPE html><html><body>{days}{story}</body></html>"))
    crawl_once(lite, source_entry(url, kind="section"), clock=clock)
    assert list(page_rows(lite)) == [site.url("a", "/news/harbour-closes-for-the-winter.html")]
    assert not [path for path in site.paths("a") if "calendar" in path]
    assert polled(lite, url).left_out_why == "300 links look like a trap: calendar"


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_for_an_hour_gets_it(lite: Store, site: Site, clock: DrivenClock, status: int):
    busy = Reply("", status, headers=(("Retry-After", "3600"),))
    site.put("a", "/1", misbehaving.sometimes(Reply(ARTICLE), bad=busy, which=lambda number: number == 0))
    url = rss(site, "a", "/1", "/2")
    crawl_once(lite, source_entry(url), clock=clock)
    clock.put_forward(minutes=58)
    crawl_once(lite, clock=clock)
    assert site.paths("a") == ["/robots.txt", "/feed", "/1"]
    clock.put_forward(minutes=3)
    sink = RecordingSink()
    crawl_once(lite, clock=clock, sink=sink)
    assert [capture.url for capture in sink.captures] == [site.url("a", "/1")]


def test_a_page_of_a_host_that_was_down_for_half_a_day_is_read_in_the_end(lite: Store, site: Site, clock: DrivenClock):
    usual = RateLimits()
    rate_limits = {"page_retries": usual.page_retries, "host_backoff_seconds": usual.host_backoff_seconds}
    site.put("a", "/1", Reply("", 503))
    crawl_once(lite, source_entry(rss(site, "a", "/1")), clock=clock, **rate_limits, linger_seconds=0.0)
    for _ in range(11):
        clock.put_forward(hours=1)
        crawl_once(lite, clock=clock, **rate_limits, linger_seconds=0.0)
    assert 2 < site.paths("a").count("/1") < 8
    site.put("a", "/1", Reply(ARTICLE))
    clock.put_forward(hours=12)
    sink = RecordingSink()
    crawl_once(lite, clock=clock, sink=sink, **rate_limits, linger_seconds=0.0)
    assert [capture.url for capture in sink.captures] == [site.url("a", "/1")]


def test_a_robots_txt_that_changes_holds_from_the_next_day_on(lite: Store, site: Site, clock: DrivenClock):
    url = rss(site, "a", "/1")
    crawl_once(lite, source_entry(url), clock=clock)
    site.put("a", "/robots.txt", Reply("User-agent: *\nDisallow: /\n", kind="text/plain"))
    clock.put_forward(hours=23)
    crawl_once(lite, clock=clock)
    clock.put_forward(hours=2)
    crawl_once(lite, clock=clock)
    assert site.paths("a") == ["/robots.txt", "/feed", "/1", "/feed", "/robots.txt"]
    assert polled(lite, url).status == "robots"


def test_a_robots_txt_that_grows_old_in_the_middle_of_a_visit_is_read_anew(lite: Store, site: Site, clock: DrivenClock):
    """A visit may last; what it began under does not hold for longer than a day."""

    def slowly(hit: Hit, _: object) -> Reply:
        clock.put_forward(hours=25)
        site.put("a", "/robots.txt", Reply("User-agent: *\nDisallow: /2\n", kind="text/plain"))
        return Reply(ARTICLE)

    url = rss(site, "a", "/1", "/2", "/3")
    site.put("a", "/1", slowly)
    site.put("a", "/3", Reply(ARTICLE))
    crawl_once(lite, source_entry(url), clock=clock)
    crawl_once(lite, clock=clock)
    asked = [path for path in site.paths("a") if path != "/feed"]
    assert asked == ["/robots.txt", "/1", "/robots.txt", "/3"]


def test_a_robots_txt_that_failed_is_asked_for_again_and_opens_the_host(lite: Store, site: Site, clock: DrivenClock):
    site.put("a", "/robots.txt", Reply("", 500))
    url = rss(site, "a", "/1")
    crawl_once(lite, source_entry(url), clock=clock)
    clock.put_forward(minutes=14)
    crawl_once(lite, clock=clock)
    assert site.paths("a") == ["/robots.txt"]
    site.put("a", "/robots.txt", Reply("", kind="text/plain"))
    clock.put_forward(hours=1)
    crawl_once(lite, clock=clock)
    assert site.paths("a") == ["/robots.txt", "/robots.txt", "/feed", "/1"]


def test_a_budget_that_is_used_up_is_there_again_the_next_day(lite: Store, site: Site, clock: DrivenClock):
    for path in ("/1", "/2"):
        site.put("a", path, Reply(ARTICLE))
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/2")), clock=clock, daily_budget=3)
    clock.put_forward(hours=23)
    crawl_once(lite, clock=clock, daily_budget=3)
    assert site.paths("a") == ["/robots.txt", "/feed", "/1"]
    clock.put_forward(hours=2)
    crawl_once(lite, clock=clock, daily_budget=4)
    assert "/2" in site.paths("a")


def test_a_wait_is_never_over_early_whatever_the_clock_does(clock: DrivenClock):
    async def slowed() -> float:
        waiting = asyncio.create_task(wait_for(asyncio.Event(), seconds=50.0, clock=clock))
        await asyncio.sleep(0)
        clock.run_at(200.0)
        await waiting
        return clock.elapsed()

    clock.run_at(1_000.0)
    before, began = clock.elapsed(), time.monotonic()
    assert asyncio.run(slowed()) - before >= 50.0
    clock.run_at(0.001)
    asyncio.run(_put_forward_while_waiting(clock))
    assert time.monotonic() - began < 10


async def _put_forward_while_waiting(clock: DrivenClock) -> None:
    waiting = asyncio.create_task(wait_for(asyncio.Event(), seconds=86_400.0, clock=clock))
    await asyncio.sleep(0)
    clock.put_forward(days=1)
    assert not await waiting
