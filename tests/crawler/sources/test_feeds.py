"""What feeds and sitemaps list, whatever state they are in."""

import gzip
import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onestory.crawler.sources.feeds import BadSource, feed_entries
from onestory.crawler.sources.sitemaps import children_of, decompress, read_sitemap, recent_entries
from onestory.store.frontier.pages import PageEntry

URL = "https://news.example/feeds/all.xml"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def rss(items: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def test_rss_gives_links_titles_and_times():
    body = rss(
        "<item><title>A &amp; B</title><link>/1?utm_source=x</link>"
        "<pubDate>Mon, 23 Nov 2026 10:00:00 +0100</pubDate></item>"
    )
    assert feed_entries(body, url=URL) == [PageEntry("https://news.example/1", "A & B", "2026-11-23T09:00:00+00:00")]


def test_atom_gives_the_alternate_link():
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>One</title>
    <link rel="enclosure" href="https://cdn.example/a.mp3"/><link rel="alternate" href="https://news.example/one"/>
    <updated>2026-11-23T10:00:00Z</updated></entry></feed>"""
    assert feed_entries(body, url=URL) == [PageEntry("https://news.example/one", "One", "2026-11-23T10:00:00+00:00")]


def test_json_feed_gives_the_same():
    body = b'{"version":"https://jsonfeed.org/version/1.1","items":[{"url":"/one","title":"One","date_published":"2026-11-23T10:00:00Z"},{"id":"2"},3]}'
    assert feed_entries(body, url=URL) == [PageEntry("https://news.example/one", "One", "2026-11-23T10:00:00Z")]


def test_a_guid_that_is_a_link_is_one_and_one_that_says_it_is_not_is_none():
    body = rss(
        '<item><guid>https://news.example/1</guid></item><item><guid isPermaLink="false">https://news.example/2</guid></item>'
    )
    assert [entry.url for entry in feed_entries(body, url=URL)] == ["https://news.example/1"]


def test_a_feed_that_repeats_itself_counts_once():
    body = rss(
        "<item><link>/1</link></item><item><link>/1#part</link></item><item><link>/1?utm_medium=rss</link></item>"
    )
    assert [entry.url for entry in feed_entries(body, url=URL)] == ["https://news.example/1"]


def test_links_that_are_not_fetched_are_left_out():
    links = (
        "javascript:x()",
        "ftp://a.example/",
        "http://u:p@a.example/",
        "file:///etc/passwd",
        "https://a.example/ok",
        "http://[x",
    )
    body = rss("".join(f"<item><link>{link}</link></item>" for link in links))
    assert [entry.url for entry in feed_entries(body, url=URL)] == ["https://a.example/ok"]


def test_a_feed_that_is_not_well_formed_is_read_as_far_as_it_can_be():
    body = rss("<item><title>Tom & Jerry</title><link>https://news.example/1</link></item>").replace(b"</rss>", b"")
    assert [entry.url for entry in feed_entries(body, url=URL)] == ["https://news.example/1"]


def test_a_plain_document_type_is_no_harm():
    body = rss(
        "<item><link>/1</link></item>",
        head='<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">',
    )
    assert len(feed_entries(body, url=URL)) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("read", [lambda body: feed_entries(body, url=URL), lambda body: read_sitemap(body, url=URL)])
def test_entities_are_never_expanded(encoding: str, read):
    doctype = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    text = f'<?xml version="1.0"?>{doctype}<rss version="2.0"><channel>&e;</channel></rss>'
    with pytest.raises(BadSource, match="DTD"):
        read(text.encode(encoding))


def test_at_most_a_thousand_entries_are_taken():
    body = rss("".join(f"<item><link>/{number}</link></item>" for number in range(1500)))
    assert len(feed_entries(body, url=URL)) == 1000


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_readers(noise: bytes):
    for read in (feed_entries, read_sitemap):
        for body in (
            noise,
            b"<rss>" + noise,
            b"{" + noise,
            b"\x1f\x8b" + noise,
            b'<?xml version="1.0"?><urlset>' + noise,
        ):
            with suppress(BadSource):
                read(body, url=URL)  # type: ignore[operator]


def sitemap(*urls: tuple[str, datetime | None], root: str = "urlset", one: str = "url") -> bytes:
    rows = "".join(
        f"<{one}><loc>{loc}</loc>{f'<lastmod>{moment.isoformat()}</lastmod>' if moment else ''}</{one}>"
        for loc, moment in urls
    )
    return f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</{root}>'.encode()


def test_a_sitemap_gives_what_is_news_the_newest_first():
    body = sitemap(
        ("https://news.example/old", NOW - timedelta(days=9)),
        ("https://news.example/1", NOW - timedelta(hours=5)),
        ("https://news.example/2", NOW - timedelta(hours=1)),
        ("https://news.example/undated", None),
    )
    urls = [entry.url for entry in recent_entries(read_sitemap(body, url=URL), now=NOW)]
    assert urls == [f"https://news.example/{name}" for name in ("2", "1", "undated")]


def test_a_news_sitemap_gives_titles_and_times_of_publication():
    body = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">
    <url><loc>https://news.example/1</loc><lastmod>2020-01-01</lastmod><n:news><n:publication><n:name>News</n:name></n:publication>
    <n:publication_date>2026-11-23T10:00:00Z</n:publication_date><n:title>One</n:title></n:news></url></urlset>"""
    assert recent_entries(read_sitemap(body, url=URL), now=NOW) == [
        PageEntry("https://news.example/1", "One", "2026-11-23T10:00:00Z")
    ]


def test_an_index_names_those_sitemaps_of_its_own_host_that_changed():
    body = sitemap(
        ("https://news.example/a.xml", NOW),
        ("https://news.example/old.xml", NOW - timedelta(days=30)),
        ("https://other.example/b.xml", NOW),
        root="sitemapindex",
        one="sitemap",
    )
    index = read_sitemap(body, url=URL)
    assert children_of(index, url=URL, since=NOW - timedelta(days=2)) == ["https://news.example/a.xml"]
    assert len(children_of(index, url=URL, since=None)) == 2


def test_a_packed_sitemap_is_unpacked_within_bounds():
    body = sitemap(("https://news.example/1", None))
    assert read_sitemap(gzip.compress(body), url=URL) == read_sitemap(body, url=URL)
    started = time.monotonic()
    with pytest.raises(BadSource, match="larger than"):
        decompress(gzip.compress(bytes(200 << 20), 1))
    assert time.monotonic() - started < 20


def test_a_picture_before_the_address_of_a_page_is_not_taken_for_it():
    body = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:i="http://www.google.com/schemas/sitemap-image/1.1"
    xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><i:image><i:loc>https://cdn.example/1.jpg</i:loc>
    <i:title>A bridge</i:title></i:image><loc><![CDATA[ https://news.example/1 ]]></loc>
    <n:news><n:title>One</n:title></n:news></url></urlset>"""
    assert recent_entries(read_sitemap(body, url=URL), now=NOW) == [PageEntry("https://news.example/1", "One", None)]


def test_a_sitemap_may_be_plain_text():
    read = read_sitemap(b"\xef\xbb\xbfhttps://news.example/1\r\n\r\nhttps://news.example/2\nftp://x/\n", url=URL)
    assert [dated.entry.url for dated in read.urls] == ["https://news.example/1", "https://news.example/2"]


@pytest.mark.parametrize(
    ("said", "is_news"),
    [
        ("2026-11", True),
        ("2026", True),
        ("2019-05", False),
        ("2019", False),
        ("Sun, 22 Nov 2026 10:00:00 GMT", True),
        ("Tue, 22 Jan 2019 10:00:00 +0100", False),
        ("2026-13", True),
        ("9999-12-31", True),
        ("0001-01-01T00:00:00+14:00", True),
        ("yesterday", True),
    ],
)
def test_dates_are_read_as_they_are_found_and_what_is_none_is_no_date(said: str, is_news: bool):
    body = f"<urlset><url><loc>https://news.example/1</loc><lastmod>{said}</lastmod></url></urlset>".encode()
    assert len(recent_entries(read_sitemap(body, url=URL), now=NOW)) == is_news


def test_a_json_feed_that_has_ended_says_so():
    body = b'{"version":"https://jsonfeed.org/version/1.1","expired":true,"items":[{"url":"/one"}]}'
    with pytest.raises(BadSource, match="has ended") as bad:
        feed_entries(body, url=URL)
    assert (bad.value.status, bad.value.is_dead) == ("gone", True)


def test_where_a_proxys_link_leads_is_taken_from_the_feed():
    body = rss(
        "<item><link>https://proxy.example/~r/1</link><f:origLink>https://news.example/1</f:origLink></item>",
        head="",
    ).replace(b"<rss ", b'<rss xmlns:f="http://rssnamespace.org/feedburner/ext/1.0" ')
    assert [entry.url for entry in feed_entries(body, url=URL)] == ["https://news.example/1"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Playing D&D on the pier", "Playing D&D on the pier"),
        ("Q&amp;amp;A: who pays?", "Q&A: who pays?"),
        ("<![CDATA[<b>Bridge</b> &amp; tunnel <em>shut</em>]]>", "Bridge & tunnel shut"),
        ("<![CDATA[Q&A]]>", "Q&A"),
        ("&lt;![CDATA[Bridge]]&gt;", "Bridge"),
        ("Inflation &lt; 2% while growth &gt; 3%", "Inflation < 2% while growth > 3%"),
    ],
)
def test_a_title_is_read_however_it_is_escaped(written: str, read: str) -> None:
    body = rss(f"<item><title>{written}</title><link>https://a.example/1?a=1&b=2</link></item>")
    [entry] = feed_entries(body, url="https://a.example/feed")
    assert (entry.title, entry.url) == (read, "https://a.example/1?a=1&b=2")


def test_two_byte_order_marks_and_an_enclosure_that_is_the_only_link() -> None:
    body = rss(
        "<item><guid>https://a.example/1</guid><enclosure url='https://a.example/1.mp3' type='audio/mpeg'/></item>"
    )
    [entry] = feed_entries(b"\xef\xbb\xbf\xef\xbb\xbf" + body, url="https://a.example/feed")
    assert entry.url == "https://a.example/1"


def test_a_json_feed_whose_ids_are_its_addresses() -> None:
    items = [
        {"id": "1", "url": "/n/1"},
        {"id": "https://a.example/n/2"},
        {"id": "3", "external_url": "https://b.example/3"},
    ]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()
    found = feed_entries(body, url="https://a.example/feed.json")
    assert [entry.url for entry in found] == ["https://a.example/n/1", "https://a.example/n/2"]


def test_sitemaps_as_servers_serve_them() -> None:
    address = "https://www.harbourpost.com/n/1"
    body = f"<urlset><url><loc>{address}</loc><lastmod>6 January 2026</lastmod></url></urlset>".encode()
    twice = gzip.compress(gzip.compress(b"\xef\xbb\xbf\xef\xbb\xbf" + body))
    [dated] = read_sitemap(twice, url="https://www.harbourpost.com/sitemap.xml").urls
    assert (dated.entry.url, dated.moment) == (address, datetime(2026, 1, 7, tzinfo=UTC))
    lines = f"\xef\xbb\xbf# ours\r\n{address}\r\n# more\r\n".encode("latin-1")
    assert len(read_sitemap(lines, url="https://www.harbourpost.com/sitemap.txt").urls) == 1


def test_an_index_names_sitemaps_on_hosts_of_its_own_site_alone() -> None:
    hosts = ("harbourpost.com", "www.harbourpost.com", "sitemaps.harbourpost.com", "stranger.example")
    locs = "".join(f"<sitemap><loc>https://{host}/s.xml</loc></sitemap>" for host in hosts)
    index = read_sitemap(f"<sitemapindex>{locs}</sitemapindex>".encode(), url="https://harbourpost.com/index.xml")
    children = children_of(index, url="https://harbourpost.com/index.xml", since=None)
    assert sorted(children) == sorted(f"https://{host}/s.xml" for host in hosts[:3])


@pytest.mark.parametrize("link", ["", "www.a.example/n/1", "//www.a.example/n/1", "\n https://www.a.example/n/1\n"])
def test_a_link_is_read_however_it_is_written(link: str) -> None:
    body = rss(f"<item><link>{link}</link><guid>https://www.a.example/n/1</guid></item>")
    [entry] = feed_entries(body, url="https://www.a.example/feed")
    assert entry.url == "https://www.a.example/n/1"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mon, 05 Jan 2026 08:00:00 +0100", "2026-01-05T07:00:00+00:00"),
        ("Mon, 05 Jan 2026 08:00:00 CET", "2026-01-05T07:00:00+00:00"),
        ("Mon, 05 Jan 2026 08:00:00 IST", "2026-01-05T02:30:00+00:00"),
        ("Mon, 05 Jan 2026 08:00 PM +0000", "2026-01-05T20:00:00+00:00"),
        ("1767600000", "2026-01-05T08:00:00+00:00"),
        ("2026.01.05 20:00:00", "2026-01-05T20:00:00"),
        ("2026-01-05", "2026-01-05"),
        ("1/5/2026 8:00:00 PM", "1/5/2026 8:00:00 PM"),
        ("soon", "soon"),
    ],
)
def test_times_of_a_feed_are_read_by_the_one_parser(written: str, read: str) -> None:
    [entry] = feed_entries(rss(f"<item><link>/1</link><pubDate>{written}</pubDate></item>"), url=URL)
    assert entry.published == read


def test_a_stray_byte_leaves_a_feed_and_a_sitemap_what_they_are() -> None:
    body = rss("<item><title>Brücke gesperrt</title><link>/ö</link></item>").replace(b"<item>", b"<item>\xa9", 1)
    [entry] = feed_entries(body, url=URL)
    assert entry.title == "Brücke gesperrt"
    latin = (
        '<?xml version="1.0" encoding="iso-8859-1"?><rss version=\'2.0\'><channel><item><title>Brücke gesperrt</title>'
    )
    [entry] = feed_entries(f"{latin}<link>/1</link></item></channel></rss>".encode("latin-1"), url=URL)
    assert entry.title == "Brücke gesperrt"


def test_addresses_of_a_sitemap_keep_their_ampersands() -> None:
    for written in ("?a=1&b=2", "?a=1&amp;b=2", "?a=1&amp;amp;b=2"):
        [dated] = read_sitemap(
            f"<urlset><url><loc>https://a.example/n{written}</loc></url></urlset>".encode(), url=URL
        ).urls
        assert dated.entry.url == "https://a.example/n?a=1&b=2"


def test_a_list_of_addresses_in_utf_16_and_a_web_page_in_its_place() -> None:
    assert len(read_sitemap("https://a.example/1\n".encode("utf-16"), url=URL).urls) == 1
    with pytest.raises(BadSource, match="web page"):
        read_sitemap(b"<!doctype html><html><body>Not here</body></html>", url=URL)


SECOND = "<item><title>Bridge</title><link>https://a.example/2</link></item>"


def test_an_element_that_nobody_closed_does_not_take_the_entries_behind_it() -> None:
    body = rss("<item><title>Ferry<link>https://a.example/1</link></item>" + SECOND)
    assert [entry.url for entry in feed_entries(body, url=URL)] == ["https://a.example/2"]


def test_a_cut_or_padded_sitemap_a_notice_before_it_and_a_feed_in_its_place_are_read() -> None:
    plain = b"<urlset>" + b"".join(b"<url><loc>https://a.example/%d</loc></url>" % n for n in range(500)) + b"</urlset>"
    packed = gzip.compress(plain)
    assert len(read_sitemap(packed[: len(packed) // 2], url=URL).urls) > 10
    for padded in (packed + b"\x00" * 20, packed + b"\r\n", b"<br />\n<b>Notice</b>: x\n" + plain):
        assert len(read_sitemap(padded, url=URL).urls) == 500
    found = read_sitemap(rss(SECOND), url=URL)
    assert [dated.entry.url for dated in found.urls] == ["https://a.example/2"]
