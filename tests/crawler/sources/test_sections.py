"""Section pages and page traps: links that are articles, links that are not, and links without end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestory.crawler.crawler_traps import trap_kind
from onestory.crawler.sources.feeds import BadSource
from onestory.crawler.sources.sections import is_article, read_section
from onestory.store.frontier.pages import PageEntry
from onestory.urls import normalize_url

URL = "https://news.example/politics/"


def page(*links: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body><main>{''.join(links)}</main></body></html>".encode()


def link(href: str, text: str = "More") -> str:
    return f'<p><a href="{href}">{text}</a></p>'


def test_a_section_gives_its_own_articles_in_their_order_with_their_headlines():
    body = page(
        link("/politics/council-votes-for-new-bridge", "<img alt=''>"),
        link("/politics/council-votes-for-new-bridge", "Council votes for a new bridge"),
        link("https://news.example/story/1234567#comments", "More"),
        link("https://other.example/politics/not-one-of-our-own-articles", "Somebody else's long headline stands here"),
        link("/about-us", "About us"),
        link("/tag/bridges", "Everything we wrote about all the bridges"),
        link("javascript:void(0)"),
        link("http://[broken", "A link that is broken in its very middle"),
        link("/politics/", "Politics"),
    )
    assert read_section(body, url=URL).entries == (
        PageEntry("https://news.example/politics/council-votes-for-new-bridge", "Council votes for a new bridge"),
        PageEntry("https://news.example/story/1234567", None),
    )


def test_links_are_read_from_the_base_that_a_page_names():
    body = page(link("council-votes-for-new-bridge"), head='<base href="/2026/">')
    assert [entry.url for entry in read_section(body, url=URL).entries] == [
        "https://news.example/2026/council-votes-for-new-bridge"
    ]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("/news/uk-12345678", ""),
        ("/panorama/eisenbruecke-fuer-lastwagen-gesperrt-100.html", ""),
        ("/story.asp?id=4711", ""),
        ("/%E6%96%B0%E3%81%97%E3%81%84%E6%A9%8B%E3%81%8C%E9%96%8B%E9%80%9A%E3%81%97%E3%81%BE%E3%81%97%E3%81%9F", ""),
        ("/2026/11/23/bridge", "Bridge is shut to all lorries"),
    ],
)
def test_the_look_of_an_article(url: str, text: str):
    assert is_article(f"https://news.example{url}", text)


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/politics",
        "/about-us",
        "/author/jane-doe-our-own-reporter",
        "/login?next=/a",
        "/img/a-b-c-d.jpg",
        "/contact",
    ],
)
def test_the_look_of_something_else(url: str):
    assert not is_article(f"https://news.example{url}", "More")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("/calendar/2031/05/07", "calendar"),
        ("/calendar/2031/05/07/some-event-with-a-long-name", "calendar"),
        ("/events/2026-12-24/", "calendar"),
        ("/2026/11/", "calendar"),
        ("/agenda?date=2099-01-01", "calendar"),
        ("/news/page/812", "pagination"),
        ("/news?page=812", "pagination"),
        ("/news/seite-3", "pagination"),
        ("/search?q=a&offset=40", "pagination"),
        ("/a/b/a/b/a/b", "repetition"),
        ("/x/x/x/story-of-the-day", "repetition"),
        ("/1/2/3/4/5/6/7/8/9/10/11/12/13", "depth"),
        ("/a?" + "&".join(f"k{number}=1" for number in range(9)), "depth"),
        ("/news/2026/11/23/iron-bridge-shut-to-lorries.html", None),
        ("/2026/11/23/4711", None),
        ("/2026/nov/23/iron-bridge", None),
        ("/news/the-page-three-affair", None),
        ("/page/turner-prize-goes-to-a-painter", None),
        ("/story.asp?id=4711", None),
        ("/", None),
    ],
)
def test_traps_are_told_by_their_look(url: str, kind: str | None):
    assert trap_kind(f"https://news.example{url}") == kind


def test_a_page_of_traps_leaves_them_out_and_says_how_many():
    calendar = [
        link(f"/calendar/{year}/{month:02}/01", f"{month}") for year in range(2026, 2066) for month in range(1, 13)
    ]
    pages = [link(f"/politics?page={number}", str(number)) for number in range(2, 90)]
    section = read_section(page(link("/politics/one-true-article-here"), *calendar, *pages), url=URL)
    assert [entry.url for entry in section.entries] == ["https://news.example/politics/one-true-article-here"]
    assert section.left_out == {"calendar": 480, "pagination": 88}


def test_a_page_with_links_without_end_gives_two_hundred():
    section = read_section(page(*(link(f"/story/{10_000 + number}") for number in range(900))), url=URL)
    assert (len(section.entries), section.left_out) == (200, {"beyond 200 links": 700})


@pytest.mark.parametrize(("body", "status"), [(b"", "error"), (page(), "empty"), (page(link("/about")), "empty")])
def test_a_page_without_articles_says_so(body: bytes, status: str):
    with pytest.raises(BadSource) as bad:
        read_section(body, url=URL)
    assert bad.value.status == status


@given(st.text(max_size=80))
def test_no_path_breaks_the_looks(path: str):
    url = normalize_url(f"https://news.example/{path.replace(chr(0), '')}") if path.isprintable() else URL
    trap_kind(url)
    is_article(url, path)


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/a?PHPSESSID=0123456789abcdef0123456789abcdef",
        "https://news.example/a;jsessionid=4F1A",
        "https://news.example/a;JSESSIONID=4F1A.node1?",
        "https://news.example/a?sid=0123456789abcdef0123456789abcdef",
        "https://news.example/(S(lit3py55t21z5v55vlm25s55))/a",
        "https://news.example/a?aspsessionidabcd=1&CFID=12&CFTOKEN=34",
    ],
)
def test_a_session_is_no_part_of_a_url(url: str):
    assert normalize_url(url).rstrip("?") == "https://news.example/a"


@pytest.mark.parametrize(
    "url", ["https://news.example/a?sid=4711", "https://news.example/a;b=1", "https://news.example/a?s=bridge"]
)
def test_what_only_looks_like_a_session_stays(url: str):
    assert normalize_url(url) == url
