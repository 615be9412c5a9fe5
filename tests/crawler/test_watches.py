"""Watches in a crawl over real HTTP: what goes first, what is searched for, and which links are followed."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy import select, text, update

from onestory.crawler.crawl import poll_sources
from onestory.crawler.pages.outlinks import outlinks
from onestory.crawler.sources.search_feeds import load_templates
from onestory.errors import BadInput
from onestory.pipelines.watches.creation import CreatedWatch, SearchTemplate, WatchRequest, create_watch
from onestory.store.database import Store
from onestory.store.schema import events, sources
from onestory.store.watches.report import WatchReport, watch_report
from onestory.store.watches.watches import end_watch
from tests.crawler.conftest import rss
from tests.site.crawling import ALLOW, QUICK, RecordingSink, crawl_once, ended, keep, page_rows, start_crawl
from tests.site.misbehaving import redirect
from tests.site.outlets import source_entry
from tests.site.server import RSS, Reply, Site

FERRY = (
    "<p>The night ferry from Skarvoy ran aground on a sandbank outside Port Ellery on Tuesday with two hundred "
    "people on board, and all of them were taken off by lifeboats before dawn, the coastguard said.</p>"
    "<p>Engineers will try to float the ship at the next spring tide, which is expected on Friday morning, while "
    "divers look at the hull for cracks and seal what they find with steel plates.</p>"
    "<p>Passengers described a long scraping noise, then silence, then an announcement in three languages that told "
    "them to put on warm clothes and to gather on the upper deck near the boats.</p>"
)
ORCHARD = (
    "<p>Growers in the Orle valley expect their smallest harvest of pears for thirty years after hail in May tore the "
    "blossom from the trees in a single afternoon, their association said on Wednesday.</p>"
    "<p>Wholesalers have begun to buy abroad, and the cider mill in the valley will close a month early for want of "
    "fruit, which leaves forty seasonal workers without pay until the winter pruning.</p>"
)


def page(title: str, body: str) -> Reply:
    return Reply(
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head>'
        f"<body><article><h1>{title}</h1>{body}</article></body></html>"
    )


def feed(site: Site, label: str, *entries: tuple[str, str, str], path: str = "/feed") -> str:
    """A feed of (URL, title, description)."""
    items = "".join(
        f"<item><link>{link}</link><title>{title}</title><description>{said}</description></item>"
        for link, title, said in entries
    )
    return site.put(label, path, Reply(f'<rss version="2.0"><channel>{items}</channel></rss>', kind=RSS))


def watching(
    store: Store, *phrases: str, urls: Sequence[str] = (), templates: Sequence[SearchTemplate] = ()
) -> CreatedWatch:
    return create_watch(store, WatchRequest(phrases, urls, templates=templates))


def report(store: Store, begun: CreatedWatch) -> WatchReport:
    with store.read() as connection:
        return watch_report(connection, begun.watch.id, limit=100)


def articles_asked(site: Site, label: str) -> list[str]:
    return [path for path in site.paths(label) if path not in ("/robots.txt", "/feed")]


def listed(site: Site) -> str:
    return feed(
        site,
        "a",
        *((site.url("a", f"/{number}.html"), f"Other news, part {number}", "Nothing new.") for number in range(1, 4)),
        (site.url("a", "/4.html"), "Stranded ferry floats again", "At the third attempt."),
        (site.url("a", "/5.html"), "At sea", "&lt;p&gt;The &lt;b&gt;stranded&lt;/b&gt; ferry seen from the air"),
    )


def test_entries_whose_title_or_summary_match_go_first(lite: Store, site: Site):
    watching(lite, "stranded ferry")
    crawl_once(lite, source_entry(listed(site), outlet="A"))
    assert articles_asked(site, "a") == ["/4.html", "/5.html", "/1.html", "/2.html", "/3.html"]


def test_pages_that_wait_already_go_first_for_a_new_watch(store: Store, site: Site):
    keep(store, source_entry(listed(site), outlet="A"))
    poll_sources(store, allow_private=ALLOW, rate_limits=QUICK)
    assert watching(store, "stranded ferry").first == 2
    crawl_once(store)
    assert articles_asked(site, "a")[:2] == ["/4.html", "/5.html"]
    assert {row["summary"] for row in page_rows(store).values()} == {None}


def test_of_a_source_for_watched_matters_alone_nothing_else_is_fetched(lite: Store, site: Site):
    keep(lite, source_entry(listed(site), outlet="A"))
    with lite.write() as connection:
        connection.execute(update(sources).values(watched_only=True))
    crawl_once(lite)
    assert articles_asked(site, "a") == []
    watching(lite, "stranded ferry")
    # Nothing has changed there, and yet what it listed all along is wanted now.
    with lite.write() as connection:
        connection.execute(update(sources).values(next_poll=text("status_since")))
    crawl_once(lite)
    assert articles_asked(site, "a") == ["/4.html", "/5.html"]


def test_a_search_is_polled_for_a_watch_until_that_ends(store: Store, site: Site):
    found = feed(site, "search", (site.url("b", "/ferry.html"), "Found", ""), path="/q?words=%22stranded%20ferry%22")
    site.put("b", "/ferry.html", page("Found", FERRY))
    template = SearchTemplate("Somebody's search", site.url("search", "/q?words={query}"))
    begun = watching(store, "stranded ferry", templates=[template])
    assert begun.searches == 1
    sink = RecordingSink()
    crawl_once(store, sink=sink)
    assert [(capture.url, capture.outlet, capture.source) for capture in sink.captures] == [
        (site.url("b", "/ferry.html"), None, "search")
    ]
    assert report(store, begun).found == {"entry": 0, "search": 1, "link": 0}
    with store.write() as connection:
        end_watch(connection, begun.watch.id, now=begun.watch.created)
    site.hits.clear()
    crawl_once(store, names=[found])
    assert site.hits == []


def test_what_is_searched_for_arrives_as_it_was_typed(lite: Store, site: Site):
    template = SearchTemplate("Search", site.url("search", "/q?lang=en&words={query}"))
    watching(lite, "50% & more #1? + a/b", "橋 閉鎖", templates=[template])
    crawl_once(lite)
    asked = {path.partition("words=")[2] for path in site.paths("search") if path.startswith("/q")}
    assert {unquote(words) for words in asked} == {'"50% & more #1?" a/b', '"橋 閉鎖"'}
    assert not any(set("&#?/") & set(words) for words in asked)


def test_a_search_that_finds_nothing_is_well(lite: Store, site: Site):
    feed(site, "search", path="/q?words=ferry")
    begun = watching(lite, "ferry", templates=[SearchTemplate("Search", site.url("search", "/q?words={query}"))])
    crawl_once(lite)
    assert [search.status for search in report(lite, begun).searches] == ["ok"]


def test_seeds_are_fetched_first_also_where_they_redirect(lite: Store, site: Site):
    keep(lite, source_entry(rss(site, "a", "/1", "/2"), outlet="A"))
    poll_sources(lite, allow_private=ALLOW, rate_limits=QUICK)
    site.put("a", "/short", redirect("/long-way.html"))
    site.put("a", "/long-way.html", page("Ferry", FERRY))
    begun = watching(lite, urls=[site.url("a", "/short")])
    crawl_once(lite)
    assert articles_asked(site, "a")[0] == "/short"
    assert page_rows(lite)[site.url("a", "/long-way.html")]["priority"] == 1
    assert [seed.state for seed in report(lite, begun).seeds] == ["moved", "done"]


def test_a_seed_that_was_given_up_is_tried_again(lite: Store, site: Site):
    url = site.put("a", "/ferry.html", Reply("", 404))
    watching(lite, urls=[url])
    crawl_once(lite)
    assert page_rows(lite)[url]["state"] == "gone"
    site.put("a", "/ferry.html", page("Ferry", FERRY))
    watching(lite, urls=[url])
    crawl_once(lite)
    assert page_rows(lite)[url]["state"] == "done"


def harbour(site: Site) -> str:
    """Two outlets with the same copy, one of another story, and links from the first copy to wherever."""
    links = "".join(
        f'<p>Divers said so: <a {more} href="{link}">what the divers said about the hull</a></p>'
        for link, more in [
            (site.url("c", "/2026/what-the-divers-said.html"), ""),
            (site.url("d", "/2026/paid-for-by-somebody.html"), 'rel="sponsored"'),
            (site.url("a", "/2026/our-own-earlier-story.html"), ""),
            ("http://10.0.0.7/2026/a-page-on-the-intranet.html", ""),
            ("javascript:alert(1)", ""),
            (site.url("e", "/2026/a-page-that-is-broken.html"), ""),
        ]
    )
    around = f'<nav><p><a href="{site.url("f", "/2026/other-paper-of-the-house.html")}">Read on there</a></p></nav>'
    site.put("a", "/ferry.html", page("All safe", FERRY + links + around))
    site.put("b", "/ferry.html", page("All saved from the ship", FERRY))
    site.put("b", "/pears.html", page("Small harvest", ORCHARD))
    further = f'<p><a href="{site.url("g", "/2026/one-link-further-than-that.html")}">and one link further on</a></p>'
    site.put("c", "/2026/what-the-divers-said.html", page("What the divers said", FERRY + further))
    site.put("e", "/2026/a-page-that-is-broken.html", Reply("", 500))
    return feed(site, "a", (site.url("a", "/ferry.html"), "At sea", ""))


def test_a_watch_gathers_the_copies_of_its_stories_and_follows_their_links_once(
    store: Store, store_url: str, site: Site, home: Path
):
    other = feed(site, "b", (site.url("b", "/ferry.html"), "", ""), (site.url("b", "/pears.html"), "", ""))
    keep(store, source_entry(harbour(site), outlet="A Paper"), source_entry(other, outlet="B Paper"))
    begun, idle = watching(store, "ran aground + sandbank"), watching(store, "the moon landing")
    ended([start_crawl(store_url, home=home)])
    [story] = report(store, begun).stories
    copies = {
        site.url("a", "/ferry.html"),
        site.url("b", "/ferry.html"),
        site.url("c", "/2026/what-the-divers-said.html"),
    }
    assert {one.copy.url for one in story.copies} == copies
    assert report(store, idle).stories == ()
    with store.read() as connection:
        told = connection.execute(select(events).where(events.c.kind == "watch.matched")).all()
    assert [(event.watch_id, event.story_id) for event in told] == [(begun.watch.id, story.story.id)]
    # By links of a copy, to other sites, of its text, that are vouched for; each once; and no further.
    assert articles_asked(site, "c") == ["/2026/what-the-divers-said.html"]
    assert articles_asked(site, "e") == ["/2026/a-page-that-is-broken.html"]
    assert {hit.host for hit in site.hits} == {"a", "b", "c", "e"}
    assert articles_asked(site, "a") == ["/ferry.html"]
    assert page_rows(store)["http://10.0.0.7/2026/a-page-on-the-intranet.html"]["state"] == "refused"


def linking(*hrefs: str, head: str = "", rel: str = "") -> bytes:
    links = "".join(f'<p>Text <a rel="{rel}" href="{href}">the words of a link</a></p>' for href in hrefs)
    return f"<html><head>{head}</head><body><article>{links}</article></body></html>".encode()


STORY = "https://b.example/2026/11/harbour-bridge-closes-today.html"


def test_links_to_articles_of_other_sites_are_taken_in_order_and_bounded():
    hrefs = [f"https://b{number}.example/2026/harbour-bridge-closes-again-{number}.html" for number in range(40)]
    assert outlinks(linking(*hrefs, hrefs[0]), url="https://a.example/x", limit=10) == hrefs[:10]


@pytest.mark.parametrize(
    "href",
    [
        "https://www.example.com/2026/11/harbour-bridge-closes-today.html",
        "https://b.example/",
        "https://b.example/tag/bridges",
        "https://b.example/2026/harbour-bridge-photo.jpg",
        "https://www.facebook.com/harbour/posts/harbour-bridge-closes-today",
        "ftp://b.example/2026/harbour-bridge-closes-today.html",
        "https://user@b.example/2026/harbour-bridge-closes-today.html",
        "javascript:void(0)",
        "//[",
        "",
    ],
)
def test_other_links_are_left_alone(href: str):
    assert outlinks(linking(href, STORY), url="https://example.com/2026/x.html", limit=10) == [STORY]


@pytest.mark.parametrize(
    "body",
    [
        linking(STORY, rel="nofollow"),
        linking(STORY, rel="noopener UGC"),
        linking(STORY, head='<meta name="ROBOTS" content="index, NoFollow">'),
        b"",
        b"\x00" * 100,
        b"%PDF-1.7",
        b"<html>" * 10_000,
    ],
)
def test_a_page_that_asks_for_it_or_is_none_has_no_links(body: bytes):
    assert outlinks(body, url="https://a.example/2026/x.html", limit=10) == []


def test_the_shipped_searches_can_be_used():
    templates = load_templates()
    assert templates
    assert all(template.url.startswith("https://") for template in templates)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ('[[search]]\nname = "A"', "search 1 has no url"),
        ('[[search]]\nurl = "https://a.example/?q={query}"', "search 1 has no name"),
        ('[[search]]\nname = "A"\nurl = "https://a.example/?q=words"', "{query}"),
        ('[[search]]\nname = "A"\nurl = "https://{query}.example/?q=words"', "{query}"),
        ('[[search]]\nname = "A"\nurl = "file:///etc/passwd?{query}"', "is not an http"),
        ('[[search]]\nname = "A"\nurl = "https://a.example/?q={query}"\nkey = "b"', "'key' is no word"),
        ('search = "A"', "begins with"),
        ("[[search", "is not TOML"),
    ],
)
def test_a_search_that_is_wrong_says_where(tmp_path: Path, said: str, complaint: str):
    path = tmp_path / "sources.toml"
    path.write_text(said)
    with pytest.raises(BadInput, match=complaint):
        load_templates(path)
