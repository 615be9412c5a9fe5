"""When an article was published: which of a page's times is its own."""

from datetime import UTC, datetime

import pytest

from onestory.pipelines.extractor import extract
from onestory.store.articles.captures import Capture, ExtractedArticle

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BODY = "".join(
    f"<p>Engineers closed bridge number {n} on Tuesday after a crack was found in one of its piers, officials said.</p>"
    for n in range(6)
)
TEASER = "<aside><a href='/a'>Ferry fares up</a> <time datetime='2019-03-02'>2 March 2019</time></aside>"


def page(head: str = "", *, before: str = "", after: str = "", lang: str = "en", **claims: str) -> ExtractedArticle:
    html = f"<html lang='{lang}'><head><title>Bridge shut</title>{head}</head><body><main><article><h1>Bridge shut</h1>"
    html += f"{before}{BODY}{after}</article></main></body></html>"
    url = claims.pop("url", "https://www.harbourpost.example/local/bridge-shut")
    return extract(Capture(url=url, observed=NOW, body=html.encode(), **claims))  # type: ignore[arg-type]


def day(article: ExtractedArticle) -> str | None:
    return article.published.date().isoformat() if article.published else None


def test_an_update_is_no_publication() -> None:
    assert day(page(before="<p>Published: March 12, 2025 | Updated: June 3, 2025</p>")) == "2025-03-12"
    assert day(page(before="<p>Updated June 3, 2025. First published March 12, 2025</p>")) == "2025-03-12"
    assert day(page(before="<p>Aktualisiert am 3. Juni 2025, veröffentlicht am 12. März 2025</p>", lang="de")) == (
        "2025-03-12"
    )
    changed = (
        "<p>Updated <time datetime='2025-06-03'>3 June</time></p><p><time datetime='2025-03-12'>12 March</time></p>"
    )
    assert day(page(before=changed)) == "2025-03-12"


@pytest.mark.parametrize(
    ("lang", "other", "expected"),
    [
        ("en-US", "", "2026-03-04"),
        ("en-GB", "", "2026-04-03"),
        ("de", "", "2026-04-03"),
        ("en", "03/14/2026", "2026-03-04"),
        ("en", "The council meets on 03/14/2026.", "2026-03-04"),
        ("en-US", "14/03/2026", "2026-04-03"),
        ("en-US", "on 25/12/2025 and 26/12/2025", "2026-04-03"),
    ],
)
def test_language_and_other_dates_tell_day_from_month(lang: str, other: str, expected: str) -> None:
    head = "<meta name='date' content='03/04/2026'>"
    assert day(page(head, after=f"<p>{other}</p>", lang=lang)) == expected


@pytest.mark.parametrize(("locale", "expected"), [("en_US", "2026-03-04"), ("en_GB", "2026-04-03")])
def test_a_region_may_stand_beside_the_language(locale: str, expected: str) -> None:
    head = f"<meta name='date' content='03/04/2026'><meta property='og:locale' content='{locale}'>"
    assert day(page(head, url="https://www.harbourpost.com/local/bridge-shut")) == expected


@pytest.mark.parametrize(
    "before",
    [
        "<span>Updated</span> <time datetime='2025-06-03'>3 June</time> <time datetime='2025-03-12'>12 March</time>",
        "<p>Updated: <b><time datetime='2025-06-03'>3 June</time></b></p><time datetime='2025-03-12'>12 March</time>",
    ],
)
def test_the_label_of_a_time_may_stand_in_another_element(before: str) -> None:
    assert day(page(before=before)) == "2025-03-12"


@pytest.mark.parametrize("name", ["article:modified_time", "og:updated_time", "lastmod"])
def test_a_page_that_tells_only_when_it_changed_was_published_nobody_knows_when(name: str) -> None:
    assert page(f"<meta property='{name}' content='2026-01-09'>").published is None


@pytest.mark.parametrize(
    "line",
    [
        "The bridge opened on March 3, 1961, and was repaired on May 5, 1988.",
        "Applications are due by February 10, 2026 at the town hall.",
        "Marta Ellingsen, 84, of Lower Fenwick, passed away on January 3, 2026, at home.",
    ],
)
def test_a_day_that_the_text_tells_of_is_not_the_articles(line: str) -> None:
    assert page(before=f"<p>{line}</p>").published is None


def test_times_in_lists_of_links_are_not_the_articles() -> None:
    entry = "<li><a href='/local/ferry'>Ferry</a> <time datetime='2025-03-02'>2 March</time></li>"
    assert page(after=f"<h3>More news</h3><ul>{entry * 3}</ul>").published is None


def test_datelines_scripts_and_addresses_tell_a_day() -> None:
    wire = "<p>PORT ELLERY, Jan. 5, 2026 /PRNewswire/ -- Ellery Marine Works was chosen to repair the bridge.</p>"
    assert day(page(before=wire)) == "2026-01-05"
    assert day(page(before="<span data-timestamp='1767600000'>2 weeks ago</span>")) == "2026-01-05"
    assert day(page(url="https://www.harbourpost.example/news/2026/jan/05/bridge")) == "2026-01-05"
    assert day(page('<script type="application/ld+json">{"@type":"Report","datePublished":1767600000}</script>')) == (
        "2026-01-05"
    )


def test_a_day_is_told_closer_by_another_field() -> None:
    head = "<meta name='date' content='2026-01-05'>"
    closer = page(head, before="<time datetime='2026-01-05T23:30:00-05:00'>Monday</time>")
    assert (closer.published, closer.published_source) == (datetime(2026, 1, 6, 4, 30, tzinfo=UTC), "time element")
    assert page(head, before="<time datetime='2026-01-06T08:00:00Z'>Tuesday</time>").published_source == (
        "meta date (day)"
    )


def test_of_two_orders_the_one_that_is_past_is_taken() -> None:
    assert day(page("<meta name='date' content='02/11/2026'>", lang="en-GB")) == "2026-02-11"


def test_times_of_teasers_comments_and_other_objects_are_not_the_articles() -> None:
    own = "<time datetime='2026-01-05T08:00:00Z'>5 January</time>"
    comment = "<div class='comments'><time datetime='2026-01-07T08:00:00Z'>7 January</time></div>"
    assert day(page(before=own, after=TEASER + comment)) == "2026-01-05"
    assert day(page(before=TEASER + comment)) is None
    site = '<script type="application/ld+json">{"@type": "WebSite", "datePublished": "2011-02-01"}</script>'
    assert day(page(site, before=own)) == "2026-01-05"
    zero = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "1970-01-01T00:00:00Z"}</script>'
    )
    assert day(page(zero, before=own)) == "2026-01-05"


def test_the_feeds_time_goes_before_a_guess_and_lends_its_zone() -> None:
    assert day(page(before=TEASER, published="2026-01-05T08:00:00Z")) == "2026-01-05"
    local = "<meta property='article:published_time' content='2026-01-06 21:30'>"
    article = page(local, published="Tue, 06 Jan 2026 20:30:12 GMT")
    assert article.published == datetime(2026, 1, 6, 20, 30, 12, tzinfo=UTC)
    assert page(local, published="Tue, 06 Jan 2026 20:37:00 GMT").published_source == (
        "meta article:published_time (no offset)"
    )


def test_a_page_that_tells_its_zone_once_is_read_by_it() -> None:
    head = "<meta name='pubdate' content='2026-01-06 21:30'><meta name='lastmod' content='2026-01-06T21:45:00+01:00'>"
    assert page(head).published == datetime(2026, 1, 6, 20, 30, tzinfo=UTC)


def test_a_day_without_a_clock_says_so() -> None:
    assert page("<meta name='date' content='January 6, 2026'>").published_source == "meta date (day)"


@pytest.mark.parametrize(
    ("before", "lang", "expected"),
    [
        ("<abbr class='entry published' title='2026-01-06T21:30:00Z'>Tuesday</abbr>", "en", "2026-01-06"),
        ("<p>۱۶ دی ۱۴۰۴</p>", "fa", "2026-01-06"),
        ("<p>1404/10/16 21:30</p>", "fa", "2026-01-06"),
        ("<p>6 كانون الثاني 2026</p>", "ar", "2026-01-06"),
        ("<p>6 Januarie 2026</p>", "af", "2026-01-06"),
        ("<p>Embargoed until January 8, 2026</p>", "en", None),
    ],
)
def test_a_date_is_read_as_the_page_shows_it(before: str, lang: str, expected: str | None) -> None:
    assert day(page(before=before, lang=lang)) == expected


def test_a_change_that_json_ld_dates_is_no_publication() -> None:
    node = '{"@type": "NewsArticle", "headline": "Bridge shut", "dateModified": "2026-01-06T21:30:00Z"}'
    assert page(f'<script type="application/ld+json">{node}</script>').published is None
