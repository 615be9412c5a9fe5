"""How sources do, over real HTTP: words, alarms, gaps, verdicts of pages, and what a crawler tells Prometheus."""

from collections.abc import Sequence
from urllib.request import urlopen

import pytest
from sqlalchemy import select

from onestory.crawler.crawl import crawl
from onestory.crawler.metrics import CrawlMetrics, parse_address, serving_metrics
from onestory.errors import BadInput
from onestory.store.database import Store
from onestory.store.schema import events
from onestory.store.sources.coverage import Gap, gaps_of
from onestory.store.sources.source_records import SourceRecord
from tests.crawler.conftest import rss
from tests.site import misbehaving
from tests.site.crawling import ALLOW, QUICK, RecordingSink, crawl_once, keep, page_rows, polled
from tests.site.outlets import source_entry
from tests.site.server import RSS, Reply, Site

CHALLENGE = (
    "<!DOCTYPE html><title>Just a moment...</title><noscript>Enable JavaScript and cookies to continue</noscript>"
)
ARTICLE = "<!DOCTYPE html><html><body><article><p>A short piece of news.</p></article></body></html>"


def poll(store: Store, url: str, *, times: int = 1) -> SourceRecord:
    """Polls it, as often as that, whether it is due or not."""
    for _ in range(times):
        crawl_once(store, names=[url])
    return polled(store, url)


def told(store: Store) -> Sequence[str]:
    with store.read() as connection:
        return connection.execute(select(events.c.kind)).scalars().all()


def gaps(store: Store, url: str) -> list[Gap]:
    with store.read() as connection:
        return gaps_of(connection, polled(store, url).id, most=10)


@pytest.mark.parametrize(
    "answer",
    [
        Reply("", 401),
        Reply("", 403),
        Reply("", 451),
        Reply(CHALLENGE, 200),
        Reply(CHALLENGE, 403),
        Reply("", 202, headers=(("x-amzn-waf-action", "challenge"),)),
    ],
)
def test_a_source_that_turns_us_away_is_blocked(lite: Store, site: Site, answer: Reply):
    url = site.put("a", "/feed", answer)
    keep(lite, source_entry(url))
    record = poll(lite, url)
    assert (record.status, record.alarmed) == ("blocked", None)
    assert record.why


def test_a_source_that_stays_blocked_is_told_at_its_third_poll(lite: Store, site: Site):
    url = site.put("a", "/feed", Reply("", 403))
    keep(lite, source_entry(url))
    poll(lite, url, times=2)
    assert told(lite) == []
    assert poll(lite, url).alarmed is not None
    assert told(lite) == ["source.blocked"]
    (gap,) = gaps(lite, url)
    assert (gap.ended, gap.status, gap.polls) == (None, "blocked", 3)


def test_a_host_that_answers_429_to_everything_blocks_its_sources(lite: Store, site: Site):
    url = site.put("a", "/feed", Reply("", 429))
    keep(lite, source_entry(url))
    assert poll(lite, url).status == "blocked"
    site.put("b", "/robots.txt", Reply("", 429))
    other = rss(site, "b", "/1")
    keep(lite, source_entry(other, outlet="B"))
    assert poll(lite, other).status == "blocked"


def test_a_source_that_comes_back_closes_its_gap(lite: Store, site: Site):
    url = rss(site, "a", "/1")
    keep(lite, source_entry(url))
    seen = poll(lite, url).last_success
    working = site.answers["a", "/feed"]
    site.put("a", "/feed", Reply("", 500))
    poll(lite, url)
    site.put("a", "/feed", working)
    back = poll(lite, url)
    (gap,) = gaps(lite, url)
    assert (gap.began, gap.ended, gap.status) == (seen, back.last_success, "error")
    assert (back.status, back.why, back.alarmed) == ("ok", None, None)


def test_a_challenge_in_the_place_of_a_page_is_no_article(lite: Store, site: Site):
    site.put("a", "/1", misbehaving.sometimes(Reply(ARTICLE), bad=Reply(CHALLENGE), which=lambda number: number == 0))
    site.put("a", "/2", Reply(CHALLENGE))
    sink = RecordingSink()
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/2")), sink=sink)
    assert [capture.body for capture in sink.captures] == [ARTICLE.encode()]
    row = page_rows(lite)[site.url("a", "/2")]
    assert (row["state"], row["reason"], row["article_id"]) == ("failed", "challenge", None)


def test_every_page_has_the_verdict_that_it_was_fetched_under_or_not(lite: Store, site: Site):
    site.put("a", "/robots.txt", Reply("User-agent: *\nDisallow: /barred\n", kind="text/plain"))
    for path in ("/1", "/late"):
        site.put("a", path, Reply(ARTICLE))
    site.put("a", "/moved", misbehaving.redirect("/late"))
    site.put("a", "/gone", Reply("", 410))
    site.put("a", "/broken", Reply("", 500))
    site.put("a", "/inwards", misbehaving.redirect("http://10.0.0.1/"))
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/moved", "/gone", "/broken", "/inwards", "/barred")))
    site.put("b", "/1", Reply(ARTICLE))
    crawl_once(lite, source_entry(rss(site, "b", "/1"), outlet="B"))
    inwards = "<rss version='2.0'><channel><item><link>http://10.0.0.2/1</link></item></channel></rss>"
    crawl_once(lite, source_entry(site.put("c", "/feed", Reply(inwards, kind=RSS)), outlet="C"))
    verdicts = {row["url"]: (row["state"], row["robots"]) for row in page_rows(lite).values()}
    assert verdicts[site.url("a", "/1")] == ("done", "rules")
    assert verdicts[site.url("a", "/late")] == ("done", "rules")
    assert verdicts[site.url("a", "/moved")] == ("moved", "rules")
    assert verdicts[site.url("a", "/gone")] == ("gone", "rules")
    assert verdicts[site.url("a", "/broken")] == ("failed", "rules")
    assert verdicts[site.url("a", "/barred")] == ("barred", "rules")
    assert verdicts[site.url("b", "/1")] == ("done", "open")
    assert verdicts["http://10.0.0.2/1"] == ("refused", "closed")
    assert all(robots for _, robots in verdicts.values()), verdicts


def test_a_crawler_tells_what_it_did_and_names_no_address(lite: Store, site: Site):
    site.put("a", "/1", Reply(ARTICLE))
    url = rss(site, "a", "/1", "/2")
    keep(lite, source_entry(url), source_entry(site.put("b", "/feed", Reply("", 403)), outlet="B"))
    metrics = CrawlMetrics()
    with serving_metrics(metrics, parse_address("0")) as address:
        crawl(lite, RecordingSink(), once=True, rate_limits=QUICK, allow_private=ALLOW, metrics=metrics)
        text = urlopen(address, timeout=5).read().decode()
    lines = text.splitlines()
    assert 'onestory_polls_total{result="ok"} 1.0' in lines
    assert 'onestory_polls_total{result="failed"} 1.0' in lines
    assert "onestory_pages_found_total 2.0" in lines
    assert 'onestory_pages_total{outcome="stored"} 1.0' in lines
    assert 'onestory_pages_total{outcome="gone"} 1.0' in lines
    assert 'onestory_fetch_seconds_count{answer="2xx"} 2.0' in lines
    assert "process_resident_memory_bytes" in text
    assert "localhost" not in text
    assert "http" not in text


@pytest.mark.parametrize("place", ["", "x", "70000", "-1", "nowhere:1", "1.2.3.4:x", "http://127.0.0.1:1"])
def test_a_place_for_metrics_that_is_none_is_refused(place: str):
    with pytest.raises(BadInput, match="--metrics"):
        parse_address(place)


def test_a_port_that_is_taken_is_said(site: Site):
    taken = ("127.0.0.1", site.port)
    message = f"--metrics: cannot listen on 127.0.0.1 port {site.port}"
    with pytest.raises(BadInput, match=message), serving_metrics(CrawlMetrics(), taken):
        pass


def test_places_for_metrics_are_on_loopback_unless_said_otherwise():
    assert parse_address("9464") == ("127.0.0.1", 9464)
    assert parse_address("0.0.0.0:9464") == ("0.0.0.0", 9464)
    assert parse_address("[::1]:9464") == ("::1", 9464)
