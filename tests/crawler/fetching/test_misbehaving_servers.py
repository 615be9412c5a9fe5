"""Servers that do what no server should: each costs its own page or source, and nothing else."""

import json

import pytest

from onestory.store.database import Store
from tests.crawler.conftest import rss
from tests.site import misbehaving
from tests.site.crawling import RecordingSink, crawl_once, page_rows, polled
from tests.site.outlets import source_entry
from tests.site.server import HTML, RSS, Reply, Site

ARTICLE = "<!DOCTYPE html><html><body><article><p>Another short piece of news.</p></article></body></html>"


@pytest.mark.parametrize(
    ("misbehave", "reason"),
    [
        (lambda site: misbehaving.gzip_bomb(), "too_large"),
        (lambda site: misbehaving.deflate_bomb(), "too_large"),
        (lambda site: misbehaving.brotli_bomb(), "too_large"),
        (lambda site: misbehaving.zstd_bomb(), "too_large"),
        (lambda site: misbehaving.bomb_in_a_bomb(), "too_large"),
        (misbehaving.endless_body, "too_large"),
        (misbehaving.endless_hints, "broken"),
        (misbehaving.endless_headers, "broken"),
        (misbehaving.drip_feeding, "timeout"),
        (lambda site: misbehaving.cut_off(b"half of it"), "cut_off"),
        (lambda site: misbehaving.no_http, "broken"),
        (lambda site: misbehaving.two_lengths, "broken"),
        (lambda site: misbehaving.bad_chunks, "cut_off"),
        (lambda site: Reply("who knows", 999), "http_999"),
        (lambda site: misbehaving.status("9999999999"), "broken"),
        (lambda site: misbehaving.status("99999999999999999999"), "broken"),
        (lambda site: misbehaving.status("7"), "broken"),
        (lambda site: Reply(ARTICLE, 206), "http_206"),
        (
            lambda site: Reply("", 302, headers=(("Location", "http://[half"),)),
            "'http://[half' is not a URL: Invalid IPv6 URL",
        ),
        (lambda site: Reply("", 302, headers=(("Location", "file:///etc/passwd"),)), None),
        (lambda site: Reply("", 302, headers=(("Location", "http://user:pw@a.localhost/"),)), None),
    ],
    ids=[
        "gzip-bomb",
        "deflate-bomb",
        "brotli-bomb",
        "zstd-bomb",
        "bomb-in-a-bomb",
        "endless-body",
        "endless-hints",
        "endless-headers",
        "drip",
        "cut-off",
        "no-http",
        "two-lengths",
        "bad-chunks",
        "status-999",
        "status-over-32-bits",
        "status-over-64-bits",
        "status-7",
        "part-of-a-page",
        "half-a-url",
        "file",
        "user-name",
    ],
)
def test_it_costs_one_page_and_nothing_else(lite: Store, site: Site, misbehave, reason: str | None):
    site.put("a", "/bad", misbehave(site))
    site.put("a", "/good", Reply(ARTICLE))
    sink = RecordingSink()
    crawl_once(lite, source_entry(rss(site, "a", "/bad", "/good")), sink=sink, page_retries=(0.1,))
    assert [capture.url for capture in sink.captures] == [site.url("a", "/good")]
    row = page_rows(lite)[site.url("a", "/bad")]
    assert row["state"] in ("failed", "refused")
    assert row["reason"] == reason if reason else row["reason"]


@pytest.mark.parametrize("place", ["127.0.0.1", "[::1]", "0x7f.1", "2130706433", "169.254.169.254", "10.0.0.1"])
def test_a_redirect_to_a_private_address_is_not_followed(lite: Store, site: Site, place: str):
    """The allow-list of the tests has names under `.localhost` alone."""
    site.put("a", "/1", misbehaving.redirect(f"http://{place}:{site.port}/secret"))
    crawl_once(lite, source_entry(rss(site, "a", "/1")))
    assert not any(hit.path == "/secret" or hit.host != "a" for hit in site.hits)
    (target,) = [row for url, row in page_rows(lite).items() if "/secret" in url]
    assert target["state"] == "refused"
    assert "not a public address" in target["reason"]


def test_what_follows_an_answer_is_not_taken_for_the_next_one(lite: Store, site: Site):
    forged = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nforged"
    site.put("a", "/1", misbehaving.more_than_it_says(b"<p>said</p>", forged))
    site.put("a", "/2", Reply(ARTICLE))
    sink = RecordingSink()
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/2")), sink=sink)
    assert [capture.body for capture in sink.captures] == [b"<p>said</p>", ARTICLE.encode()]


def test_control_characters_in_headers_feeds_and_robots_txt_are_survived(store: Store, site: Site):
    odd = (("ETag", "\x00\x01\xe9"), ("Last-Modified", "\x07"))
    site.put("a", "/robots.txt", Reply(b"User-agent: *\nDisallow: /\x00x\n", kind="text/plain"))
    site.put("a", "/1", Reply(ARTICLE, headers=odd))
    item = {"url": site.url("a", "/1"), "title": "nul \x00 and half a pair \ud800", "date_published": "\x00"}
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]})
    crawl_once(store, source_entry(site.put("a", "/feed", Reply(body, kind="application/json", headers=odd))))
    assert page_rows(store)[site.url("a", "/1")]["state"] == "done"


def test_bytes_arrive_as_they_were_sent_whatever_the_headers_claim(lite: Store, site: Site):
    reply = misbehaving.wrong_charset("<html><body><p>Ein Mädchen aus Köln</p></body></html>")
    site.put("a", "/1", reply)
    site.put("a", "/2", Reply(ARTICLE, kind="image/png"))
    sink = RecordingSink()
    crawl_once(lite, source_entry(rss(site, "a", "/1", "/2")), sink=sink)
    assert {capture.body for capture in sink.captures} == {reply.body, ARTICLE.encode()}


@pytest.mark.parametrize(
    ("reply", "kind", "status", "why"),
    [
        (Reply("<!DOCTYPE html><html><body>Hello</body></html>", kind=HTML), "feed", "error", "web page"),
        (misbehaving.billion_laughs("http://a.localhost/1"), "feed", "error", "DTD"),
        (misbehaving.billion_laughs("http://a.localhost/1"), "sitemap", "error", "DTD"),
        (Reply('<?xml version="1.0"?><urlset/>', kind="application/xml"), "sitemap", "empty", "no URL"),
        (Reply("<html><body/></html>", kind=HTML), "sitemap", "error", "web page"),
        (Reply('<rss version="2.0"><channel/></rss>', kind=RSS), "feed", "empty", "no entry"),
        (Reply("", kind=RSS), "feed", "empty", "empty"),
        (Reply("plainly nothing", kind="text/plain"), "feed", "error", "neither RSS"),
        (Reply(b"\x1f\x8bbroken", kind="application/gzip"), "sitemap", "error", "gzip"),
        (Reply('{"version": "1"}', kind="application/json"), "feed", "error", "JSON Feed"),
        (Reply("", 403), "feed", "blocked", "403"),
        (Reply("", 410), "feed", "gone", "410"),
        (Reply("", 500), "feed", "error", "500"),
        (misbehaving.redirect("/feed"), "feed", "error", "redirects more than"),
        (misbehaving.redirect("ftp://a.localhost/feed"), "feed", "error", "not fetched"),
        (misbehaving.gzip_bomb(), "feed", "error", "too large"),
    ],
)
def test_a_source_says_in_a_word_and_in_plain_words_what_is_wrong(
    lite: Store, site: Site, reply: Reply, kind: str, status: str, why: str
):
    url = site.put("a", "/feed", reply)
    counts = crawl_once(lite, source_entry(url, kind=kind))
    record = polled(lite, url)
    assert (record.status, counts.polls_failed) == (status, 1)
    assert why in (record.why or "")
    assert record.failures == 1


def test_a_host_that_does_not_resolve_says_so(lite: Store):
    url = "http://nowhere.invalid/feed"
    crawl_once(lite, source_entry(url))
    assert (polled(lite, url).status, polled(lite, url).why) == ("error", "nowhere.invalid does not resolve")


def test_a_host_where_nobody_listens_says_so(lite: Store):
    url = "http://a.localhost:9/feed"
    crawl_once(lite, source_entry(url))
    assert polled(lite, url).status == "error"
    assert "refuses the connection" in (polled(lite, url).why or "")


def test_a_source_that_moved_is_polled_where_it_went(lite: Store, site: Site):
    url = site.put("a", "/old", misbehaving.redirect(rss(site, "b", "/1"), 301))
    crawl_once(lite, source_entry(url))
    record = polled(lite, url)
    assert (record.status, record.pages_found) == ("ok", 1)
    assert record.host.startswith("b.localhost")


def test_an_unchanged_feed_is_not_read_again(lite: Store, site: Site):
    def answer(hit, handler):
        if hit.headers.get("if-none-match") == '"1"':
            return Reply("", 304)
        return Reply(
            f'<rss version="2.0"><channel><item><link>{site.url("a", "/1")}</link></item></channel></rss>',
            kind=RSS,
            headers=(("ETag", '"1"'),),
        )

    url = site.put("a", "/feed", answer)
    crawl_once(lite, source_entry(url), names=[url])
    crawl_once(lite, names=[url])
    assert site.hits[-1].headers["if-none-match"] == '"1"'
    assert (polled(lite, url).status, polled(lite, url).entries) == ("ok", 1)
