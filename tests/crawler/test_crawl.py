"""Crawls over real HTTP: what is fetched, when, and what becomes of it."""

import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import update

from onestory.crawler.crawl import crawl
from onestory.crawler.demo.rendering import feed
from onestory.crawler.disk_space import DiskSpace
from onestory.errors import BadInput, DiskFull
from onestory.store.database import Store
from onestory.store.schema import sources
from tests.crawler.conftest import rss
from tests.site import misbehaving
from tests.site.crawling import (
    ALLOW,
    QUICK,
    RecordingSink,
    crawl_once,
    ended,
    host_row,
    keep,
    page_rows,
    start_crawl,
)
from tests.site.outlets import COPIES, NORTH, four_outlets, source_entry
from tests.site.server import HTML, RSS, Reply, Site
from tests.waiting import wait_until

ARTICLE = "<!DOCTYPE html><html><body><article><p>A short piece of news.</p></article></body></html>"


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_every_page_is_fetched_once_whatever_crawls_follow(lite: Store, site: Site):
    entries = four_outlets(site)
    crawl_once(lite, *entries)
    crawl_once(lite, *entries)
    listed = [copy.path for copy in COPIES[NORTH]]
    assert site.paths("north") == ["/robots.txt", "/feed.xml", *listed]


def test_a_capture_says_what_the_feed_claims(lite: Store, site: Site):
    copy = COPIES[NORTH][0]
    site.put("north", copy.path, Reply(ARTICLE))
    url = site.put("north", "/feed", Reply(feed(NORTH, [copy], base=site.url("north", "")), kind=RSS))
    sink = RecordingSink()
    crawl_once(lite, source_entry(url, outlet=NORTH.name), sink=sink)
    (capture,) = sink.captures
    assert (capture.url, capture.source, capture.outlet) == (site.url("north", copy.path), url, NORTH.name)
    assert (capture.title, capture.published) == (copy.title, copy.published.isoformat())
    assert capture.body == ARTICLE.encode()
    assert dict(capture.headers)["Content-Type"] == HTML


def test_two_crawlers_on_one_postgresql_fetch_every_page_once(postgres_store_url: str, site: Site):
    store = Store.open(postgres_store_url)
    labels = [f"host{number}" for number in range(6)]
    for label in labels:
        paths = [f"/{number}" for number in range(15)]
        keep(store, source_entry(rss(site, label, *paths), outlet=label))
        for path in paths:
            site.put(label, path, Reply(ARTICLE))
    ended([start_crawl(postgres_store_url, "max_hosts=2", "delay_seconds=0.02") for _ in range(2)])
    store.close()
    for label in labels:
        assert sorted(site.paths(label)) == sorted(["/robots.txt", "/feed", *[f"/{number}" for number in range(15)]])
        assert min(site.gaps(label)) >= 0.02
    assert not site.overlaps()


def test_two_crawlers_on_one_sqlite_fetch_every_page_once(lite: Store, sqlite_store_url: str, site: Site):
    for label in ("a", "b"):
        keep(lite, source_entry(rss(site, label, "/1", "/2"), outlet=label))
    ended([start_crawl(sqlite_store_url) for _ in range(2)])
    assert sorted(site.paths("a")) == ["/1", "/2", "/feed", "/robots.txt"]
    assert sorted(site.paths("b")) == ["/1", "/2", "/feed", "/robots.txt"]


def test_a_page_that_fails_is_tried_again_and_given_up_in_the_end(lite: Store, site: Site):
    site.put("a", "/1", Reply("", 500))
    once = misbehaving.sometimes(Reply(ARTICLE), bad=Reply("", 502), which=lambda number: number == 0)
    site.put("a", "/2", once)
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/2")))
    assert site.paths("a").count("/1") == 1 + len(QUICK.page_retries)
    rows = page_rows(lite)
    assert (rows[site.url("a", "/1")]["state"], rows[site.url("a", "/1")]["reason"]) == ("failed", "http_500")
    assert (rows[site.url("a", "/2")]["state"], rows[site.url("a", "/2")]["attempts"]) == ("done", 2)


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_asked_for_once(lite: Store, site: Site, status: int):
    site.put("a", "/1", Reply("", status))
    crawl_once(lite, source_entry(rss(site, "a", "/1")))
    assert site.paths("a").count("/1") == 1
    assert page_rows(lite)[site.url("a", "/1")]["state"] == "gone"


def test_a_redirect_is_followed_and_remembered(lite: Store, site: Site):
    target = site.put("b", "/here", Reply(ARTICLE))
    site.put("b", "/robots.txt", Reply("User-agent: *\nDisallow: /barred\n", kind="text/plain"))
    site.put("a", "/1", misbehaving.redirect(target))
    site.put("a", "/2", misbehaving.redirect(site.url("b", "/barred")))
    sink = RecordingSink()
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/2")), sink=sink)
    (capture,) = sink.captures
    assert (capture.url, capture.title) == (target, "About /1")
    assert page_rows(lite)[site.url("a", "/1")]["location"] == target
    assert page_rows(lite)[site.url("b", "/barred")]["state"] == "barred"


def test_a_redirect_loop_ends(lite: Store, site: Site):
    site.put("a", "/1", misbehaving.redirect("/2"))
    site.put("a", "/2", misbehaving.redirect("/1"))
    for number in range(10):
        site.put("a", f"/on/{number}", misbehaving.redirect(f"/on/{number + 1}"))
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/on/0")))
    asked = site.paths("a")
    assert (asked.count("/1"), asked.count("/2")) == (1, 1)
    assert "/on/5" in asked
    assert "/on/6" not in asked


def test_a_redirect_that_only_adds_tracking_is_the_same_page(lite: Store, site: Site):
    site.put("a", "/1", misbehaving.redirect("/1?utm_source=feed"))
    site.put("a", "/1?utm_source=feed", Reply(ARTICLE))
    site.put("a", "/2", misbehaving.redirect("/2"))
    sink = RecordingSink()
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/2")), sink=sink)
    assert [capture.url for capture in sink.captures] == [site.url("a", "/1")]
    assert page_rows(lite)[site.url("a", "/2")]["state"] == "failed"


def test_only_the_named_sources_are_crawled(lite: Store, site: Site):
    one, two = rss(site, "a", "/1"), rss(site, "b", "/1")
    crawl_once(lite, source_entry(one, outlet="A"), source_entry(two, outlet="B"), names=["B"])
    assert site.paths("a") == []
    assert site.paths("b") == ["/robots.txt", "/feed", "/1"]


def test_an_unknown_source_is_refused_by_name(lite: Store):
    with pytest.raises(BadInput, match="there is no source 'Nobody'"):
        crawl_once(lite, names=["Nobody"])


def test_a_source_that_is_switched_off_is_left_alone(lite: Store, site: Site):
    keep(lite, source_entry(rss(site, "a", "/1")))
    with lite.write() as connection:
        connection.execute(update(sources).values(enabled=False))
    crawl_once(lite)
    assert site.hits == []


def test_it_stops_in_good_order_when_it_is_told_to(lite: Store, sqlite_store_url: str, site: Site):
    paths = [f"/{number}" for number in range(50)]
    for path in paths:
        site.put("a", path, Reply(ARTICLE))
    keep(lite, source_entry(rss(site, "a", *paths)))
    process = start_crawl(sqlite_store_url, "delay_seconds=0.2")
    wait_until(lambda: len(site.hits) > 4)
    process.send_signal(signal.SIGTERM)
    ended([process])
    assert len(site.hits) < 50
    states = [row["state"] for row in page_rows(lite).values()]
    assert states.count("done") == len(site.hits) - 2
    assert host_row(lite, "a")["lease_holder"] is None


def test_it_does_not_fill_the_disk(lite: Store, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    keep(lite, source_entry(rss(site, "a", "/1")))
    monkeypatch.setattr("onestory.crawler.disk_space.FREE_SHARE", 1.1)
    with pytest.raises(DiskFull, match="is free"):
        crawl(lite, RecordingSink(), once=True, allow_private=ALLOW, folders=[tmp_path])
    assert site.hits == []


def test_it_does_not_fill_the_disk_of_what_it_keeps_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    kept = tmp_path / "warcs"
    kept.mkdir()
    sizes = {tmp_path: (100, 50, 50), kept: (100, 99, 1)}
    monkeypatch.setattr("shutil.disk_usage", lambda place: Usage(*sizes[place]))
    assert DiskSpace([tmp_path], waits=False).look()
    with pytest.raises(DiskFull, match=r"only 1\.0% of the disk of .*warcs/2026 is free"):
        DiskSpace([tmp_path, kept / "2026"], waits=False).look()


def test_what_the_stages_raise_ends_the_crawl_and_leaves_the_page_due(lite: Store, site: Site):
    class Broken:
        def submit(self, capture):
            raise RuntimeError("the stages broke")

    site.put("a", "/1", Reply(ARTICLE))
    with pytest.raises(RuntimeError, match="the stages broke"):
        crawl_once(lite, source_entry(rss(site, "a", "/1", "/2")), sink=Broken())
    assert page_rows(lite)[site.url("a", "/1")]["state"] == "due"
    assert host_row(lite, "a")["lease_holder"] is None


def test_a_disk_that_fills_up_on_the_way_stops_the_fetching(
    lite: Store, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fill(hit, handler):
        monkeypatch.setattr("onestory.crawler.disk_space.FREE_SHARE", 1.1)
        return Reply(ARTICLE)

    paths = [f"/{number}" for number in range(30)]
    for path in paths:
        site.put("a", path, Reply(ARTICLE))
    site.put("a", "/3", fill)
    keep(lite, source_entry(rss(site, "a", *paths)))
    with pytest.raises(DiskFull, match="fetching stopped, nothing is lost"):
        crawl(
            lite,
            RecordingSink(),
            once=True,
            allow_private=ALLOW,
            folders=[tmp_path],
            rate_limits=replace(QUICK, delay_seconds=0.2),
        )
    states = [row["state"] for row in page_rows(lite).values()]
    assert len(site.hits) < 30
    assert states.count("done") == len(site.hits) - 2
    assert states.count("due") == len(paths) - states.count("done")
    assert host_row(lite, "a")["lease_holder"] is None


def test_a_crawl_on_schedule_waits_for_room_on_the_disk_and_goes_on(
    lite: Store, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    keep(lite, source_entry(rss(site, "a", "/1")))
    site.put("a", "/1", Reply(ARTICLE))
    monkeypatch.setattr("onestory.crawler.disk_space.FREE_SHARE", 1.1)
    stop, done = threading.Event(), threading.Event()

    def operator() -> None:
        wait_until(lambda: "fetching stopped" in caplog.text, timeout=30)
        assert site.hits == []
        monkeypatch.setattr("onestory.crawler.disk_space.FREE_SHARE", 0.0)
        wait_until(lambda: "/1" in site.paths("a"), timeout=30)
        done.set()

    helper = threading.Thread(target=lambda: (operator(), stop.set()), daemon=True)
    helper.start()
    crawl(lite, RecordingSink(), allow_private=ALLOW, folders=[tmp_path], rate_limits=QUICK, stop=stop)
    assert done.is_set()
    assert caplog.text.count("fetching stopped") == caplog.text.count("fetching goes on") == 1
