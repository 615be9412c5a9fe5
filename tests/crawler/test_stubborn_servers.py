"""Servers that are read although they do not make it easy: cookies, consent pages, lying validators, other hosts."""

import gzip
from http.server import BaseHTTPRequestHandler

import pytest

from onestory.store.database import Store
from onestory.store.sources.polls import SourceEntry
from tests.crawler.conftest import rss
from tests.crawler.sources.test_discovery import make_due
from tests.site.crawling import RecordingSink, crawl_once, page_rows, polled
from tests.site.listings import feed_reply, index, sitemap
from tests.site.outlets import source_entry
from tests.site.server import Hit, Reply, Site


def asking_for_a_cookie(reply: Reply, location: str, name: str = "seen=1"):
    """The reply for who sends the cookie; others are sent to `location`, with the cookie or without."""

    def answer(hit: Hit, handler: object) -> Reply:
        if name in hit.headers.get("cookie", ""):
            return reply
        cookie = (("Set-Cookie", f"{name}; Path=/; HttpOnly"),) if location == hit.path else ()
        return Reply(b"", 302, headers=(("Location", location), *cookie))

    return answer


def test_a_feed_that_sets_a_cookie_and_redirects_to_itself_is_read(lite: Store, site: Site) -> None:
    url = site.put("a", "/feed", asking_for_a_cookie(feed_reply(site, "a", "/1"), "/feed"))
    crawl_once(lite, source_entry(url))
    assert (polled(lite, url).status, polled(lite, url).entries) == ("ok", 1)


def test_a_consent_page_that_leads_back_is_followed_within_the_fetch(lite: Store, site: Site) -> None:
    url = rss(site, "a", "/news/1")
    page = Reply("<html><body><p>The ferry was late again.</p></body></html>")
    site.put("a", "/news/1", asking_for_a_cookie(page, "/consent?back=/news/1", "agreed=yes"))
    back = (("Location", "/news/1"), ("Set-Cookie", "agreed=yes; Path=/"))
    site.put("a", "/consent?back=/news/1", Reply(b"", 302, headers=back))
    crawl_once(lite, source_entry(url))
    [page_row] = page_rows(lite).values()
    assert (page_row["url"], page_row["state"]) == (site.url("a", "/news/1"), "done")


def test_a_redirect_within_the_host_that_leads_elsewhere_is_a_page_of_its_own(lite: Store, site: Site) -> None:
    url = rss(site, "a", "/news/1")
    moved = (("Location", "/new/1"), ("Set-Cookie", "seen=1"))
    site.put("a", "/news/1", Reply(b"", 301, headers=moved))
    site.put("a", "/new/1", Reply("<html><body><p>The ferry was late again.</p></body></html>"))
    crawl_once(lite, source_entry(url))
    states = {row["url"]: row["state"] for row in page_rows(lite).values()}
    assert states == {site.url("a", "/news/1"): "moved", site.url("a", "/new/1"): "done"}


def test_a_server_that_always_says_not_modified_is_asked_without_validators(lite: Store, site: Site) -> None:
    listed = ["/1"]

    def answer(hit: Hit, handler: object) -> Reply:
        if hit.headers.get("if-none-match"):
            return Reply(b"", 304)
        return feed_reply(site, "a", *listed, headers=(("ETag", '"constant"'),))

    url = site.put("a", "/feed", answer)
    crawl_once(lite, source_entry(url))
    listed.append("/2")
    for _ in range(2):
        make_due(lite, url)
        crawl_once(lite)
    assert site.url("a", "/2") in page_rows(lite)


def test_an_index_leads_to_the_sitemaps_of_another_host_of_its_site(lite: Store, site: Site) -> None:
    url = site.put("www.a", "/sitemap.xml", index([site.url("a", "/news.xml")]))
    site.put("a", "/news.xml", sitemap([site.url("www.a", "/news/1")]))
    crawl_once(lite, SourceEntry(url, "sitemap", "A"))
    assert site.url("www.a", "/news/1") in page_rows(lite)
    assert site.paths("a") == ["/robots.txt", "/news.xml"]


def test_the_other_hosts_robots_are_kept(lite: Store, site: Site) -> None:
    url = site.put("www.a", "/sitemap.xml", index([site.url("a", "/news.xml")]))
    site.put("a", "/robots.txt", Reply("User-agent: *\nDisallow: /", kind="text/plain"))
    crawl_once(lite, SourceEntry(url, "sitemap", "A"))
    assert site.paths("a") == ["/robots.txt"]
    assert polled(lite, url).status == "robots"


def test_an_index_of_a_strangers_sitemaps_says_what_it_left_out(lite: Store, site: Site) -> None:
    url = site.put("a", "/sitemap.xml", index([site.url("b", "/news.xml")]))
    crawl_once(lite, SourceEntry(url, "sitemap", "A"))
    assert site.paths("b") == []
    assert "other sites" in (polled(lite, url).left_out_why or "")


def test_an_advertisers_page_in_a_feed_is_left_out(lite: Store, site: Site) -> None:
    links = [site.url("a", "/1"), site.url("a", "/2"), site.url("boats", "/sale")]
    items = "".join(f"<item><title>About {link}</title><link>{link}</link></item>" for link in links)
    url = site.put("a", "/feed", Reply(f'<rss version="2.0"><channel>{items}</channel></rss>', kind="text/xml"))
    crawl_once(lite, source_entry(url))
    assert set(page_rows(lite)) == set(links[:2])
    assert "other sites" in (polled(lite, url).left_out_why or "")


def test_a_feed_that_moved_twice_and_to_another_host_is_read_where_it_is(lite: Store, site: Site) -> None:
    url = site.put("a", "/feed", Reply(b"", 308, headers=(("Location", "/rss"),)))
    site.put("a", "/rss", Reply(b"", 301, headers=(("Location", site.url("b", "/rss.xml")),)))
    site.put("b", "/rss.xml", feed_reply(site, "b", "/1"))
    for _ in range(2):
        make_due(lite, url)
        crawl_once(lite, source_entry(url))
    assert site.url("b", "/1") in page_rows(lite)


def test_two_addresses_in_two_feeds_that_lead_to_one_article_are_one_page(lite: Store, site: Site) -> None:
    page = site.put("c", "/n/1", Reply("<html><body><p>The ferry was late again.</p></body></html>"))
    feeds = [site.put(label, "/feed", feed_reply(site, label, f"/go/{label}")) for label in ("a", "b")]
    for label in ("a", "b"):
        site.put(label, f"/go/{label}", Reply(b"", 302, headers=(("Location", page),)))
    crawl_once(lite, *[source_entry(url) for url in feeds])
    done = [row["url"] for row in page_rows(lite).values() if row["state"] == "done"]
    assert done == [page]
    assert site.paths("c").count("/n/1") == 1


PAGE = Reply("<html><body><p>The ferry was late again.</p></body></html>")


def test_the_target_of_a_redirect_may_be_written_in_utf_8(lite: Store, site: Site) -> None:
    def answer(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write("HTTP/1.1 302 Found\r\nLocation: /brücke\r\nContent-Length: 0\r\n\r\n".encode())

    url = rss(site, "a", "/news/1")
    site.put("a", "/news/1", answer)
    site.put("a", "/br%C3%BCcke", PAGE)
    crawl_once(lite, source_entry(url))
    assert {row["url"]: row["state"] for row in page_rows(lite).values()}[site.url("a", "/br%C3%BCcke")] == "done"


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply("<meta http-equiv='refresh' content='0; URL=&quot;/new/1&quot;'>"), "moved"),
        (Reply("<META CONTENT=0;url=/new/1 HTTP-EQUIV=Refresh>"), "moved"),
        (Reply("<meta content='x'><meta http-equiv=refresh content='0;url=/new/1'>"), "moved"),
        (Reply("", headers=(("Refresh", "0; url=/new/1"),)), "moved"),
        (Reply("<script>window.location.replace('\\/new\\/1')</script>"), "moved"),
        (Reply("<script>location.href='/new/1'</script><p>The ferry was late again.</p>"), "done"),
        (Reply("<meta http-equiv=refresh content='300;url=/new/1'><p>Live</p>"), "done"),
        (Reply("<meta http-equiv=refresh content='0;url=/news/1'><p>Live</p>"), "done"),
    ],
)
def test_a_page_that_only_leads_on_is_a_redirect(lite: Store, site: Site, reply: Reply, state: str) -> None:
    url = rss(site, "a", "/news/1")
    site.put("a", "/news/1", reply)
    site.put("a", "/new/1", PAGE)
    crawl_once(lite, source_entry(url))
    assert {row["url"]: row["state"] for row in page_rows(lite).values()}[site.url("a", "/news/1")] == state


def test_a_page_packed_twice_or_without_a_word_is_unpacked(lite: Store, site: Site) -> None:
    url, sink, plain = rss(site, "a", "/1", "/2"), RecordingSink(), PAGE.body.encode()  # type: ignore[union-attr]
    site.put("a", "/1", Reply(gzip.compress(gzip.compress(plain)), headers=(("Content-Encoding", "gzip"),)))
    site.put("a", "/2", Reply(gzip.compress(plain)))
    crawl_once(lite, source_entry(url), sink=sink)
    assert [capture.body for capture in sink.captures] == [plain, plain]
