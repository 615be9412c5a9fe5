"""What polls find: sources that adapt, sections, indexes, feeds that die, and what is left out."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from onestory.crawler.crawl import add_source
from onestory.crawler.sources.discovery import discover_section
from onestory.store.database import Store
from onestory.store.schema import sources
from onestory.store.sources.polls import SourceEntry
from onestory.store.stories.outlets import outlet_records
from tests.crawler.conftest import rss
from tests.site import misbehaving
from tests.site.crawling import ALLOW, crawl_once, keep, page_rows, polled
from tests.site.listings import calendar_trap, feed_reply, homepage, index, section, sitemap
from tests.site.outlets import source_entry
from tests.site.server import Hit, Reply, Site


def make_due(store: Store, url: str, **values: object) -> None:
    """Due now; with `last_success` so long ago as given."""
    with store.write() as connection:
        now = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(update(sources).where(sources.c.url == url).values(next_poll=now, **values))


def row(store: Store, url: str):
    with store.read() as connection:
        return connection.execute(select(sources).where(sources.c.url == url)).one()


def test_an_interval_adapts_to_what_polls_find(lite: Store, site: Site):
    url = rss(site, "a", "/1")
    crawl_once(lite, source_entry(url))
    assert polled(lite, url).interval_seconds == 900
    make_due(lite, url)
    crawl_once(lite)
    assert polled(lite, url).interval_seconds == 945
    rss(site, "a", *(f"/{number}" for number in range(9)))
    make_due(lite, url, last_success=datetime.now(UTC) - timedelta(minutes=15))
    crawl_once(lite)
    record = polled(lite, url)
    assert 300 <= record.interval_seconds < 500
    assert record.next_poll - record.last_poll == timedelta(seconds=record.interval_seconds)


def test_what_a_feed_asks_for_is_waited_also_when_it_says_not_modified(lite: Store, site: Site):
    reply = feed_reply(site, "a", "/1", said="<ttl>60</ttl>", headers=(("ETag", '"1"'),))

    def answer(hit: Hit, handler: object) -> Reply:
        return Reply(b"", 304) if hit.headers.get("if-none-match") == '"1"' else reply

    url = site.put("a", "/feed", answer)
    for _ in range(2):
        crawl_once(lite, source_entry(url))
        record = polled(lite, url)
        assert record.next_poll - record.last_poll == timedelta(hours=1)
        assert record.asks_seconds == 3_600
        make_due(lite, url)
    make_due(lite, url, max_seconds=1_200)
    crawl_once(lite)
    assert polled(lite, url).next_poll - polled(lite, url).last_poll == timedelta(minutes=20)


def test_a_cache_that_says_how_old_its_copy_is_is_asked_when_that_has_expired(lite: Store, site: Site):
    headers = (("Cache-Control", "public, max-age=3000"), ("Age", "1000"))
    url = site.put("a", "/feed", feed_reply(site, "a", "/1", headers=headers))
    crawl_once(lite, source_entry(url))
    assert polled(lite, url).asks_seconds == 2_000


def test_a_source_with_a_cron_expression_is_polled_when_that_says(lite: Store, site: Site):
    url = rss(site, "a", "/1")
    crawl_once(lite, SourceEntry(url, "feed", "A", cron="30 4 1 1 *", timezone="Asia/Kathmandu"))
    due = polled(lite, url).next_poll
    assert (due.month, due.day, due.hour, due.minute) in {(12, 31, 22, 45)}


def test_a_section_page_gives_its_articles_once(store: Store, site: Site):
    links = ("/story/10001", "/story/10002")
    for link in links:
        site.put("a", link, Reply("<!DOCTYPE html><html><body><p>Text</p></body></html>"))
    url = site.put("a", "/politics/", section(*links, "/politics/?page=2"))
    crawl_once(store, source_entry(url, kind="section"))
    assert set(page_rows(store)) == {site.url("a", link) for link in links}
    site.put("a", "/politics/", section("/story/10003", *links))
    make_due(store, url)
    assert crawl_once(store).pages_found == 1
    record = polled(store, url)
    assert (record.pages_found, record.status) == (3, "ok")


def test_a_section_is_added_as_one(lite: Store, site: Site):
    url = site.put("a", "/politics/", section("/story/10001", "/story/10002"))
    record = add_source(lite, url, finding=discover_section, contact="test", allow_private=ALLOW)
    assert (record.kind, record.url, record.outlet) == ("section", url, "a.localhost")


def test_a_calendar_trap_finds_one_page_however_often_it_is_polled(lite: Store, site: Site):
    url = site.put("a", "/news/", calendar_trap("/story/10001"))
    for _ in range(4):
        crawl_once(lite, source_entry(url, kind="section"))
        make_due(lite, url)
    assert set(page_rows(lite)) == {site.url("a", "/story/10001")}
    record = polled(lite, url)
    assert record.left_out == 40
    assert "look like a trap: calendar" in (record.left_out_why or "")


def test_a_sitemap_without_end_brings_what_a_day_allows_and_the_rest_on_another(lite: Store, site: Site):
    urls = [site.url("b", f"/story/{number}") for number in range(30)]
    url = site.put("a", "/sitemap.xml", sitemap(urls))
    keep(lite, SourceEntry(url, "sitemap", "A", daily_pages=20))
    crawl_once(lite, names=[url], page_retries=())
    make_due(lite, url)
    crawl_once(lite, names=[url], page_retries=())
    record = polled(lite, url)
    assert (record.pages_found, record.left_out, len(page_rows(lite))) == (20, 10, 20)
    assert "10 new pages" in (record.left_out_why or "")
    make_due(lite, url, day="2026-01-01")
    crawl_once(lite, names=[url], page_retries=())
    assert (polled(lite, url).pages_found, polled(lite, url).left_out) == (30, 0)


def test_an_index_whose_first_sitemap_hangs_up_is_a_recorded_failure_and_pages_are_fetched(lite: Store, site: Site):
    site.put("a", "/first.xml", misbehaving.hangs_up)
    site.put("a", "/second.xml", sitemap([site.url("a", "/1")]))
    url = site.put("a", "/sitemap.xml", index([site.url("a", "/first.xml"), site.url("a", "/second.xml")]))
    crawl_once(lite, source_entry(url, kind="sitemap"))
    record = polled(lite, url)
    assert record.status not in ("new", "ok")
    assert "/first.xml" in (record.why or "")
    assert record.next_poll is not None
    assert record.next_poll - record.last_poll > timedelta(seconds=60)


def test_an_index_that_never_changes_is_read_down_to_its_sitemaps_each_time(lite: Store, site: Site):
    inner = site.put(
        "a", "/inner.xml.gz", index([site.url("a", "/news.xml"), site.url("a", "/gone.xml")], is_packed=True)
    )
    site.put("a", "/news.xml", sitemap([site.url("a", "/story/1")]))
    url = site.put("a", "/sitemap.xml", index([inner]))
    crawl_once(lite, source_entry(url, kind="sitemap"))
    assert set(page_rows(lite)) == {site.url("a", "/story/1")}
    site.put("a", "/news.xml", sitemap([site.url("a", "/story/2")]))
    make_due(lite, url)
    assert crawl_once(lite).pages_found == 1
    assert polled(lite, url).status == "ok"


@pytest.mark.parametrize("dead", [Reply("", 410), homepage()], ids=["gone", "a-web-page"])
def test_a_feed_that_died_is_replaced_by_the_one_its_homepage_names(lite: Store, site: Site, dead: Reply):
    url = site.put("a", "/feed", dead)
    new = site.put("a", "/feed/new", feed_reply(site, "a", "/story/1"))
    home = site.put("www", "/", homepage(site.url("a", "/feed/new")))
    keep(lite, SourceEntry(url, "feed", "A", homepage=home))
    for _ in range(5):
        crawl_once(lite)
        make_due(lite, url)
    record = polled(lite, url)
    assert (record.status, record.location, record.pages_found) == ("ok", new, 1)
    assert f"{home} names this one instead" in (record.location_why or "")
    assert site.paths("www").count("/") == 1
    # A moment's trouble of the new one does not lead back to the dead one; its end does.
    site.put("a", "/feed/new", Reply("", 500))
    crawl_once(lite)
    assert (polled(lite, url).status, polled(lite, url).location) == ("error", new)
    site.put("a", "/feed/new", Reply("", 404))
    make_due(lite, url)
    crawl_once(lite)
    assert (polled(lite, url).status, polled(lite, url).location) == ("gone", None)


def test_a_homepage_is_asked_for_another_feed_at_most_once_a_day(lite: Store, site: Site):
    url = site.put("a", "/feed", Reply("", 404))
    home = site.put("a", "/", homepage("/feed", "/also-gone"))
    keep(lite, SourceEntry(url, "feed", "A", homepage=home))
    for _ in range(8):
        crawl_once(lite)
        make_due(lite, url)
    assert site.paths("a").count("/") == 1
    record = polled(lite, url)
    assert (record.status, record.location) == ("gone", None)
    make_due(lite, url, sought=datetime.now(UTC) - timedelta(hours=25))
    for _ in range(2):
        crawl_once(lite)
        make_due(lite, url)
    assert site.paths("a").count("/") == 2


def test_a_feed_that_is_gone_since_an_hour_is_not_replaced(lite: Store, site: Site):
    url = rss(site, "a", "/1")
    crawl_once(lite, SourceEntry(url, "feed", "A", homepage=site.put("a", "/", homepage("/other"))))
    site.put("a", "/feed", Reply("", 404))
    for _ in range(5):
        make_due(lite, url)
        crawl_once(lite)
    assert "/" not in site.paths("a")


def test_ours_reaches_an_outlet_that_is_known_and_silence_leaves_it(store: Store):
    def entry(ours: bool | None) -> SourceEntry:
        return SourceEntry("https://a.example/feed", "feed", "A", ours=ours)

    said = []
    for ours in (None, True, None, False):
        keep(store, entry(ours))
        with store.read() as connection:
            said += [record.ours for record in outlet_records(connection)]
    assert said == [False, True, True, False]
