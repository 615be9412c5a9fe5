"""The list of sources, and how an operator adds to it."""

from collections import Counter
from pathlib import Path

import pytest

from onestory.crawler.crawl import add_source, poll_sources
from onestory.crawler.sources.source_file import add_new_sources, load_sources
from onestory.errors import BadInput
from onestory.store.database import Store
from onestory.store.sources.source_list import SourceEntry
from onestory.store.sources.source_records import source_records
from tests.crawler.conftest import rss
from tests.site import misbehaving
from tests.site.crawling import ALLOW, QUICK, keep
from tests.site.outlets import source_entry
from tests.site.server import HTML, Reply, Site


def test_the_shipped_list_is_wide():
    entries = load_sources()
    assert len(entries) >= 40
    assert len({entry.country for entry in entries}) >= 12
    assert all(
        entry.homepage and entry.owner and entry.language and entry.url.startswith("https://") for entry in entries
    )
    shared = Counter((agency, entry.language) for entry in entries for agency in entry.agencies)
    assert len([pair for pair, number in shared.items() if number >= 4]) >= 3


def test_it_says_that_it_could_not_be_checked():
    assert "None of them could be checked" in (Path(load_sources.__globals__["SHIPPED"]).read_text())


def test_syncing_twice_adds_nothing(lite: Store):
    assert add_new_sources(lite, load_sources()) == len(load_sources())
    assert add_new_sources(lite, load_sources()) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "contains no sources"),
        ("[[source", "is not TOML"),
        ('[[source]]\noutlet = "A"', "source 1 has no url"),
        ('[[source]]\nurl = "https://a.example/"', "source 1 has no outlet"),
        ('[[source]]\nurl = "a.example"\noutlet = "A"', "is not an http"),
        ('[[source]]\nurl = "https://a.example/"\noutlet = "A"\nkind = "page"', "kind is one of feed, sitemap"),
        ('[[source]]\nurl = "https://a.example/"\noutlet = "A"\ncolour = "red"', "'colour' is no word"),
        ('[[source]]\nurl = "https://a.example/"\noutlet = "A"\ninterval_seconds = 1', "from 60 to 86400"),
        ('[[source]]\nurl = "https://a.example/"\noutlet = "A"\n' * 2, "twice"),
        ('[[source]]\nurl = "https://a.example/"\noutlet = "A"\nours = "yes"', "ours is true or false"),
        ('[[source]]\nurl = "https://a.example/"\noutlet = "A"\ncron = "daily"', "source 1: 'daily' is not a cron"),
        (
            '[[source]]\nurl = "https://a.example/"\noutlet = "A"\nmin_seconds = 900\nmax_seconds = 600',
            "above the longest",
        ),
        ('[[source]]\nurl = "https://a.example/"\noutlet = "A"\ndaily_pages = 0', "a number from 1 up"),
        ('source = ["https://a.example/"]', "is not a table"),
        ('[[source]]\nurl = "https://a.example/"\noutlet = "A"\nlanguage = "a language"', "is no code"),
    ],
)
def test_a_list_that_is_wrong_says_where(tmp_path: Path, text: str, said: str):
    path = tmp_path / "sources.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        load_sources(path)


def test_a_list_may_say_when_each_source_is_polled(tmp_path: Path):
    path = tmp_path / "sources.toml"
    said = 'kind = "section"\ncron = "0 * * * *"\ntimezone = "Asia/Tokyo"\ndaily_pages = 9\nours = true'
    path.write_text(f'[[source]]\nurl = "https://a.example/"\noutlet = "A"\ninterval_seconds = 120\n{said}')
    assert load_sources(path) == (
        SourceEntry(
            "https://a.example/",
            "section",
            "A",
            interval_seconds=120,
            min_seconds=120,
            cron="0 * * * *",
            timezone="Asia/Tokyo",
            daily_pages=9,
            ours=True,
        ),
    )


def test_a_list_that_is_not_there_says_so(tmp_path: Path):
    with pytest.raises(BadInput, match="cannot be read"):
        load_sources(tmp_path / "none.toml")


def added(store: Store, url: str, **given: str):
    return add_source(store, url, contact="test", allow_private=ALLOW, **given)


def test_a_feed_is_added_as_one(lite: Store, site: Site):
    record = added(lite, rss(site, "a", "/1"), outlet="A Paper")
    assert (record.kind, record.outlet, record.status) == ("feed", "A Paper", "new")
    assert added(lite, record.url) == record


def test_a_sitemap_is_added_as_one(lite: Store, site: Site):
    body = f'<?xml version="1.0"?><urlset><url><loc>{site.url("a", "/1")}</loc></url></urlset>'
    record = added(lite, site.put("a", "/sitemap.xml", Reply(body, kind="application/xml")))
    assert (record.kind, record.outlet) == ("sitemap", "a.localhost")


def test_a_homepage_is_asked_for_its_feed(lite: Store, site: Site):
    rss(site, "a", "/1")
    feeds = ("/comments/feed", "/feed")
    link = "".join(f'<link rel="alternate" type="application/rss+xml" href="{feed}">' for feed in feeds)
    home = site.put("a", "/", Reply(f"<!DOCTYPE html><html><head>{link}</head><body></body></html>", kind=HTML))
    assert added(lite, home).url == site.url("a", "/feed")
    assert "/comments/feed" not in site.paths("a")


def test_a_homepage_whose_robots_txt_names_a_news_sitemap_gives_that(lite: Store, site: Site):
    body = f'<?xml version="1.0"?><urlset><url><loc>{site.url("a", "/1")}</loc></url></urlset>'
    at = site.put("a", "/news-sitemap.xml", Reply(body, kind="application/xml"))
    site.put("a", "/robots.txt", Reply(f"User-agent: *\nDisallow:\nSitemap: {at}\n", kind="text/plain"))
    home = site.put("a", "/", Reply("<!DOCTYPE html><html><body>News</body></html>", kind=HTML))
    assert added(lite, home).url == at


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply("<!DOCTYPE html><html><body>No feed</body></html>"), "web page"),
        (Reply("", 404), "404"),
        (misbehaving.redirect("/feed"), "redirects more than"),
        (misbehaving.redirect("http://10.0.0.1/"), "does not resolve|not a public address"),
        (misbehaving.billion_laughs("http://a.localhost/"), "DTD"),
    ],
)
def test_what_can_be_no_source_says_why(lite: Store, site: Site, reply: Reply, said: str):
    with pytest.raises(BadInput, match=said):
        added(lite, site.put("a", "/feed", reply))
    with lite.read() as connection:
        assert source_records(connection) == []


@pytest.mark.parametrize(
    "url", ["a.example", "ftp://a.example/", "http://u:p@a.localhost/", "http://nowhere.invalid/feed"]
)
def test_a_url_that_cannot_be_fetched_is_refused(lite: Store, url: str):
    with pytest.raises(BadInput):
        added(lite, url)


def test_a_source_that_robots_txt_bars_is_not_added(lite: Store, site: Site):
    site.put("a", "/robots.txt", Reply("User-agent: *\nDisallow: /\n", kind="text/plain"))
    with pytest.raises(BadInput, match=r"robots\.txt"):
        added(lite, rss(site, "a", "/1"))
    assert site.paths("a") == ["/robots.txt"]


def test_a_check_asks_each_source_once_and_fetches_no_page(lite: Store, site: Site):
    good, bad = rss(site, "a", "/1"), site.put("b", "/feed", Reply("", 410))
    keep(lite, source_entry(good, outlet="A"), source_entry(bad, outlet="B"))
    records = poll_sources(lite, allow_private=ALLOW, rate_limits=QUICK)
    assert {record.url: record.status for record in records} == {good: "ok", bad: "gone"}
    assert site.paths("a") == ["/robots.txt", "/feed"]
    assert [record.url for record in poll_sources(lite, ["A"], allow_private=ALLOW, rate_limits=QUICK)] == [good]
