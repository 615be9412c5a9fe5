"""The crawl goes on: what one host says, in whatever bytes, costs that host its poll or its page, and nobody else's."""

import gzip
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import cast

import pytest
from sqlalchemy import select

from onestory.crawler.backoff import RateLimits
from onestory.crawler.crawl import crawl
from onestory.store.database import Store
from onestory.store.schema import articles
from tests.crawler.conftest import rss
from tests.site.crawling import (
    ALLOW,
    RecordingSink,
    crawl_once,
    ended,
    host_row,
    keep,
    page_rows,
    polled,
    start_crawl,
)
from tests.site.driven_clock import DrivenClock
from tests.site.outlets import source_entry
from tests.site.server import RSS, Reply, Site

ARTICLE = "<!DOCTYPE html><html><body><article><p>One more short piece of news.</p></article></body></html>"
FAR = "Mon, 01 Jan 99999999999 00:00:00 GMT"
HOUR = 3_600.0
MANY = b" ".join(b"a%d=''" % number for number in range(200_000))


@pytest.fixture
def clock(tmp_path: Path) -> DrivenClock:
    return DrivenClock.started(folder=tmp_path)


def channel(said: str, *, link: str = "") -> str:
    return f'<rss version="2.0"><channel>{said}<item><title>News</title><link>{link}</link></item></channel></rss>'


def crawl_beside(store: Store, site: Site, body: str | bytes, *, kind: str = "feed") -> str:
    """A crawl of this source and of an honest one of another host; the URL of the first."""
    site.put("b", "/1", Reply(ARTICLE))
    url = site.put("a", "/feed", Reply(body, kind=RSS))
    crawl_once(store, source_entry(url, kind=kind), source_entry(rss(site, "b", "/1"), outlet="Another"))
    assert page_rows(store)[site.url("b", "/1")]["state"] == "done"
    return url


@pytest.mark.parametrize("said", ["<media:content url='x'/>", "<dc:date>2026</dc:date>", "<sy:ttl>5</sy:ttl>"])
def test_a_feed_with_names_of_an_undeclared_namespace_is_read(lite: Store, site: Site, said: str):
    url = crawl_beside(lite, site, channel(said, link=site.url("a", "/1")))
    assert (polled(lite, url).status, polled(lite, url).pages_found) == ("ok", 1)


def test_a_news_sitemap_without_its_namespace_is_read(lite: Store, site: Site):
    said = "<news:news><news:title>The harbour opens</news:title></news:news>"
    url = crawl_beside(
        lite, site, f"<urlset><url><loc>{site.url('a', '/1')}</loc>{said}</url></urlset>", kind="sitemap"
    )
    assert polled(lite, url).status == "ok"
    assert page_rows(lite)[site.url("a", "/1")]["title"] == "The harbour opens"


@pytest.mark.parametrize(
    "said",
    ["&#x110000;", "&#xD800;", "<textinput><link>x", "<title>a</ti", "<x xmlns='&#xD800;'>", "\ufffe\x00\x01"],
)
def test_a_feed_that_breaks_its_parser_says_so_or_is_read(lite: Store, site: Site, said: str):
    url = crawl_beside(lite, site, channel(said))
    assert polled(lite, url).status in ("error", "empty", "ok")


@pytest.mark.parametrize("charset", ["undefined", "idna", "punycode", "no-such-thing", "utf-7", "zlib"])
def test_a_charset_that_is_none_is_survived(lite: Store, site: Site, charset: str):
    site.put("a", "/1", Reply(ARTICLE, kind=f"text/html; charset={charset}"))
    body = channel("<title>Köln</title>", link=site.url("a", "/1"))
    for label, reply in {
        "a": Reply(body, kind=f"application/rss+xml; charset={charset}"),
        "b": Reply(f'<?xml version="1.0" encoding="{charset}"?>{body}', kind=RSS),
    }.items():
        url = site.put(label, "/feed", reply)
        crawl_once(lite, source_entry(url, outlet=label))
        assert polled(lite, url).status in ("error", "ok")


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ("feed", b"<!---->" * 9_000 + b"x", "neither RSS"),
        ("feed", b"<!DOCTYPE" * 300_000, "300,000 tags"),
        ("feed", b"<rss version='2.0'><channel>" + b"<a>" * 1_000_000, "1,000,002 tags"),
        ("feed", gzip.compress(b"<rss version='2.0'><channel>" + b" " * 30_000_000, 1), "larger than 8000000 bytes"),
        ("feed", b'<!DOCTYPE rss SYSTEM "<" [<!ATTLIST item a CDATA "xxxx">]><rss/>', "DTD"),
        ("feed", b"<rss version='2.0'><channel " + MANY + b"/></rss>", "attributes"),
        ("feed", ("<rss version='2.0'><channel " + MANY.decode() + "/></rss>").encode("utf-16"), "attributes"),
        ("sitemap", gzip.compress(b"<urlset>" + b"<a/>" * 5_000_000, 1), "5,000,001 tags"),
        ("sitemap", gzip.compress(b"http://[ " * 5_000_000, 1), "lists no URL"),
    ],
    ids=[
        "comments",
        "doctypes",
        "tags",
        "packed feed",
        "declared attributes",
        "attributes",
        "wide attributes",
        "packed sitemap",
        "packed list",
    ],
)
def test_a_listing_that_is_made_to_take_for_ever_is_refused_at_once(
    lite: Store, site: Site, kind: str, body: bytes, why: str
):
    began = time.monotonic()
    url = crawl_beside(lite, site, body, kind=kind)
    assert why in (polled(lite, url).why or "")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("name", ["Retry-After", "Expires", "Date", "Last-Modified", "Age", "Cache-Control"])
def test_a_time_that_no_calendar_has_is_no_time(lite: Store, site: Site, name: str):
    odd = ((name, FAR), ("Expires", FAR))
    site.put("a", "/1", Reply(ARTICLE, headers=odd))
    site.put("a", "/2", Reply("", 429, headers=odd))
    site.put("a", "/feed", Reply(channel("", link=site.url("a", "/1")), kind=RSS, headers=odd))
    site.put("b", "/feed", Reply("", 503, headers=odd))
    counts = crawl_once(
        lite, source_entry(site.url("a", "/feed")), source_entry(site.url("b", "/feed"), outlet="Another")
    )
    assert (counts.stored, counts.polls) == (1, 2)


@pytest.mark.parametrize("delay", ["1e300", "99999999999999999999", "1e9"])
def test_a_crawl_delay_of_ages_is_a_day_and_holds_up_nobody_else(lite: Store, site: Site, delay: str):
    site.put("a", "/robots.txt", Reply(f"User-agent: *\nCrawl-delay: {delay}\n", kind="text/plain"))
    crawl_beside(lite, site, channel("", link=site.url("a", "/1")))
    assert site.paths("a") == ["/robots.txt"]
    assert host_row(lite, "a")["crawl_delay"] == 86_400


def test_slow_hosts_give_their_place_to_others(lite: Store, site: Site, clock: DrivenClock):
    labels = ["a", "b", "c"]
    for label in labels:
        site.put(label, "/robots.txt", Reply("User-agent: *\nCrawl-delay: 3600\n", kind="text/plain"))
        site.put(label, "/1", Reply(ARTICLE))
        keep(lite, source_entry(rss(site, label, "/1"), outlet=label), now=clock.now())
    is_read = Until(lambda: site_has(site, "/1", labels) or clock.elapsed() > 20 * HOUR)
    clock.run_at(2_000.0)
    crawl(
        lite,
        RecordingSink(),
        rate_limits=RateLimits(max_hosts=1),
        allow_private=ALLOW,
        clock=clock,
        stop=cast(Event, is_read),
    )
    # Five requests a host, an hour apart: one host after the other they would take 13 hours at least.
    assert clock.elapsed() < 9 * HOUR
    assert [site.paths(label)[-1] for label in labels] == ["/1"] * 3


def site_has(site: Site, path: str, labels: list[str]) -> bool:
    return all(path in site.paths(label) for label in labels)


class Until:
    """An event that sets itself."""

    def __init__(self, is_set: Callable[[], bool]) -> None:
        self.is_set = is_set


def test_who_keeps_asking_for_no_pause_is_backed_off_from(lite: Store, site: Site, clock: DrivenClock):
    site.put("a", "/1", Reply("", 429, headers=(("Retry-After", "0"),)))
    keep(lite, source_entry(rss(site, "a", "/1")), now=clock.now())
    for _ in range(4):
        crawl_once(lite, clock=clock, host_backoff_seconds=300.0, linger_seconds=0.0)
        clock.put_forward(minutes=2)
    assert site.paths("a") == ["/robots.txt", "/feed", "/1", "/1"]
    assert host_row(lite, "a")["failures"] == 2


def test_a_host_with_more_polls_than_time_gets_its_pages_read_too(lite: Store, site: Site, clock: DrivenClock):
    site.put("a", "/robots.txt", Reply("User-agent: *\nCrawl-delay: 25\n", kind="text/plain"))
    site.put("a", "/page", Reply(ARTICLE))
    for number in range(60):
        url = site.put("a", f"/{number}", Reply(channel("", link=site.url("a", "/page")), kind=RSS))
        keep(lite, source_entry(url), now=clock.now())
    clock.run_at(1_500.0)
    is_read = Until(lambda: "/page" in site.paths("a") or clock.elapsed() > 4 * HOUR)
    crawl(lite, RecordingSink(), rate_limits=RateLimits(), allow_private=ALLOW, clock=clock, stop=cast(Event, is_read))
    assert "/page" in site.paths("a")


def test_an_address_that_is_longer_than_any_index_holds_is_left_out(store: Store, site: Site):
    pick = random.Random(7)
    long = "".join(chr(pick.randrange(0x4E00, 0x9FFF)) for _ in range(1_900))
    url = crawl_beside(store, site, channel(f"<item><link>{site.url('a', '/1')}</link></item>", link=f"/{long}"))
    assert polled(store, url).entries == 1


def test_a_page_whose_names_are_as_long_as_pages_is_an_article_all_the_same(
    store: Store, store_url: str, site: Site, home: Path
):
    pick = random.Random(11)
    long = "".join(chr(pick.randrange(0x4E00, 0x9FFF)) for _ in range(6_000))
    said = {"@type": "NewsArticle", "sourceOrganization": {"name": long}, "creditText": long, "headline": long}
    lines = "".join(f"<p>The ferry number {pick.random()} was late, and {pick.random()} waited on the quay.</p>" * 9)
    head = f'<script type="application/ld+json">{json.dumps(said)}</script><meta name="author" content="{long}">'
    site.put(
        "a", "/1", Reply(f"<!DOCTYPE html><html><head>{head}</head><body><article>{lines}</article></body></html>")
    )
    keep(store, source_entry(rss(site, "a", "/1"), outlet=long[:200]))
    ended([start_crawl(store_url, home=home)])
    with store.read() as connection:
        [row] = connection.execute(select(articles.c.url, articles.c.credit)).all()
    assert (row.url, row.credit) == (site.url("a", "/1"), None)
