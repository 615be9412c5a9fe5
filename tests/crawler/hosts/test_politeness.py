"""How a crawl treats a host: its robots.txt, its pace, its budget, and what it asks for when it is busy."""

from datetime import UTC, datetime

import pytest

from onestory.crawler.crawl import crawl
from onestory.store.database import Store
from tests.crawler.conftest import rss
from tests.site import misbehaving
from tests.site.crawling import (
    ALLOW,
    RecordingSink,
    crawl_once,
    host_row,
    keep,
    page_rows,
    polled,
)
from tests.site.outlets import source_entry
from tests.site.server import Reply, Site

ARTICLE = "<!DOCTYPE html><html><body><article><p>A short piece of news.</p></article></body></html>"


def test_it_says_who_it_is(lite: Store, site: Site):
    crawl_once(lite, source_entry(rss(site, "a", "/1")), contact="mailto:desk@example.org")
    agents = {hit.headers["user-agent"] for hit in site.hits}
    (agent,) = agents
    assert agent.startswith("Onestory/")
    assert agent.endswith("(+mailto:desk@example.org)")
    assert not any("cookie" in hit.headers or "referer" in hit.headers for hit in site.hits)


def test_the_pace_is_kept_between_all_requests_to_a_host(lite: Store, site: Site):
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/2")), delay_seconds=0.3)
    assert len(site.gaps("a")) == 3
    assert min(site.gaps("a")) >= 0.3


def test_crawl_delay_is_a_floor(lite: Store, site: Site):
    site.put("a", "/robots.txt", Reply("User-agent: *\nCrawl-delay: 0.4\n", kind="text/plain"))
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/2")), delay_seconds=0.0)
    assert min(site.gaps("a")) >= 0.4


def test_without_a_contact_it_is_at_its_slowest(lite: Store, site: Site):
    url = rss(site, "a", "/1")
    keep(lite, source_entry(url))
    gone_by = []
    crawl(
        lite,
        RecordingSink(),
        names=[url],
        once=True,
        allow_private=ALLOW,
        progress=gone_by.append,
        stop=_after(1, gone_by),
    )
    waited = host_row(lite, "a")["next_fetch"] - datetime.now(UTC)
    assert 5 < waited.total_seconds() <= 10


def _after(requests: int, counts: list):
    """An event that is set once so many requests were made."""

    class Stop:
        def is_set(self) -> bool:
            return bool(counts) and counts[-1].requests >= requests

    return Stop()


def test_a_page_that_robots_txt_bars_is_not_fetched(lite: Store, site: Site):
    site.put("a", "/robots.txt", Reply("User-agent: Onestory\nDisallow: /private/\n", kind="text/plain"))
    counts = crawl_once(lite, source_entry(rss(site, "a", "/private/1", "/open")))
    assert "/private/1" not in site.paths("a")
    assert (counts.barred, counts.stored + counts.gone) == (1, 1)
    assert page_rows(lite)[site.url("a", "/private/1")]["state"] == "barred"


@pytest.mark.parametrize("answer", [Reply("", 500), Reply("", 503), misbehaving.no_http])
def test_a_robots_txt_that_cannot_be_read_closes_the_host(lite: Store, site: Site, answer):
    site.put("a", "/robots.txt", answer)
    url = rss(site, "a", "/1")
    crawl_once(lite, source_entry(url))
    assert site.paths("a") == ["/robots.txt"]
    assert polled(lite, url).status in ("robots", "error")
    assert polled(lite, url).why


def test_a_missing_robots_txt_opens_the_host(lite: Store, site: Site):
    url = rss(site, "a", "/1")
    assert crawl_once(lite, source_entry(url)).pages_found == 1


def test_robots_txt_is_read_once_a_day_and_not_once_a_crawl(lite: Store, site: Site):
    url = rss(site, "a", "/1")
    crawl_once(lite, source_entry(url), names=[url])
    crawl_once(lite, names=[url])
    assert site.paths("a").count("/robots.txt") == 1
    assert site.paths("a").count("/feed") == 2


def test_robots_txt_is_followed_to_another_host(lite: Store, site: Site):
    there = site.put("b", "/robots.txt", Reply("User-agent: *\nDisallow: /\n", kind="text/plain"))
    site.put("a", "/robots.txt", misbehaving.redirect(there, 301))
    url = rss(site, "a", "/1")
    crawl_once(lite, source_entry(url))
    assert site.paths("a") == ["/robots.txt"]
    assert polled(lite, url).status == "robots"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_holds_the_whole_host_back(lite: Store, site: Site, status: int):
    site.put("a", "/1", Reply("", status, headers=(("Retry-After", "600"),)))
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/2", "/3")))
    assert site.paths("a") == ["/robots.txt", "/feed", "/1"]
    assert (host_row(lite, "a")["next_fetch"] - datetime.now(UTC)).total_seconds() > 500
    assert page_rows(lite)[site.url("a", "/1")]["state"] == "due"


def test_the_daily_budget_of_a_host_is_kept(lite: Store, site: Site):
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/2", "/3")), daily_budget=3)
    assert host_row(lite, "a")["day_fetches"] == 3
    assert "/3" not in site.paths("a")
    assert host_row(lite, "a")["why"] == "3 requests were made today"
