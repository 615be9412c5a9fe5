"""One capture to one article."""

import pickle
from datetime import UTC, datetime

import pytest

from onestory.errors import Dropped
from onestory.pipelines.extractor import extract
from onestory.store.articles.captures import Capture, ExtractedArticle

URL = "https://www.example.org/news/ferry"
NOW = datetime(2024, 6, 1, tzinfo=UTC)
PARAGRAPHS = (
    "The council of Harlow Bridge voted on Tuesday to close the old ferry landing for two years of repairs.",
    "Shopkeepers on the quay said that they would lose custom and asked the town to run a shuttle meanwhile.",
    "Engineers found that the piles below the waterline had rotted, which nobody had looked at for thirty years.",
    "The work is to begin in the spring, and the first boats should sail again in the autumn two years from now.",
)
BODY = "".join(f"<p>{line}</p>" for line in PARAGRAPHS)


def page(
    head: str = "", body: str = BODY, *, url: str = URL, headers: tuple[tuple[str, str], ...] = ()
) -> ExtractedArticle:
    html = (
        f"<html><head><title>Ferry landing to close</title>{head}</head><body><article>{body}</article></body></html>"
    )
    return extract(Capture(url=url, observed=NOW, body=html.encode(), headers=headers))


def reason(body: bytes, *, url: str = URL) -> str:
    with pytest.raises(Dropped) as dropped:
        extract(Capture(url=url, observed=NOW, body=body))
    return dropped.value.reason


def test_capture_and_article_cross_process_borders() -> None:
    capture = Capture(url=URL, observed=NOW, text="\n".join(PARAGRAPHS))
    article = extract(pickle.loads(pickle.dumps(capture)))
    assert pickle.loads(pickle.dumps(article)) == article


def test_a_canonical_on_the_same_site_is_the_identity() -> None:
    assert page('<link rel="canonical" href="https://example.org/ferry">').url == "https://example.org/ferry"


def test_a_canonical_elsewhere_is_a_credit_and_never_an_identity() -> None:
    article = page('<link rel="canonical" href="https://www.reuters.com/world/ferry">')
    assert (article.url, article.canonical_elsewhere) == (URL, "https://www.reuters.com/world/ferry")
    assert article.credit == "Reuters"


def test_a_canonical_that_is_the_front_page_is_passed_over() -> None:
    assert page('<link rel="canonical" href="/">').url == URL


@pytest.mark.parametrize(
    "when", ["9999-12-31T23:59:59+14:00", "0000-00-00", "yesterday", "2024-13-45", "99999999999999"]
)
def test_a_nonsensical_date_is_passed_over(when: str) -> None:
    assert page(f'<meta property="article:published_time" content="{when}">').published is None


@pytest.mark.parametrize(
    ("when", "iso", "source"),
    [
        ("2024-05-03T08:15:00+02:00", "2024-05-03T06:15:00+00:00", "meta article:published_time"),
        ("20240503T061500Z", "2024-05-03T06:15:00+00:00", "meta article:published_time"),
        ("2024-05-03 08:15", "2024-05-03T08:15:00+00:00", "meta article:published_time (no offset)"),
        ("Fri, 03 May 2024 08:15:00 +0200", "2024-05-03T06:15:00+00:00", "meta article:published_time"),
        ("03.05.2024 08:15", "2024-05-03T08:15:00+00:00", "meta article:published_time (no offset)"),
        ("1714716900", "2024-05-03T06:15:00+00:00", "meta article:published_time"),
    ],
)
def test_a_time_is_read_in_its_many_forms(when: str, iso: str, source: str) -> None:
    article = page(f'<meta property="article:published_time" content="{when}">')
    assert article.published is not None
    assert (article.published.isoformat(), article.published_source) == (iso, source)


@pytest.mark.parametrize(
    ("charset", "declared"),
    [("utf-8", "iso-8859-1"), ("iso-8859-1", "utf-8"), ("cp1252", "cp1252"), ("utf-16", "utf-8"), ("cp1251", "cp1251")],
)
def test_a_charset_that_lies_is_seen_through(charset: str, declared: str) -> None:
    line = (
        "Городской совет во вторник решил закрыть переправу на два года."
        if charset == "cp1251"
        else "Größe für Köln über Jahre."
    )
    head = f'<head><meta charset="{declared}"></head>'
    more = f"<p>{line} Mehr.</p>" * 4
    body = f"<html>{head}<body><article><p>{line}</p>{more}</article></body></html>"
    article = extract(
        Capture(
            url=URL,
            observed=NOW,
            body=body.encode(charset),
            headers=(("Content-Type", f"text/html; charset={declared}"),),
        )
    )
    assert line in article.text


def test_nul_bytes_lone_surrogates_and_entities_do_no_harm() -> None:
    text = extract(Capture(url=URL, observed=NOW, text=f"{PARAGRAPHS[0]}\x00\ud800\n{PARAGRAPHS[1]}")).text
    assert text.encode("utf-8")
    assert "\x00" not in text
    assert (
        "&amp;"
        not in page(
            body=BODY + "<p>Fish &amp; chips were sold on the quay, &#xD800; and nobody paid &nbsp; for them.</p>"
        ).text
    )


@pytest.mark.parametrize(
    "json_ld",
    ["{", "[" * 100_000, '{"@graph": 7}', "null", '{"@type": ["NewsArticle"], "headline": [{}], "author": [[1]]}'],
)
def test_malformed_json_ld_is_passed_over(json_ld: str) -> None:
    assert page(f'<script type="application/ld+json">{json_ld}</script>').title == "Ferry landing to close"


def test_what_is_no_page_is_dropped_with_a_reason() -> None:
    assert reason(b"") == "empty"
    assert reason(b" \x00 ") == "empty"
    assert reason(b"%PDF-1.7 stream") == "not_html"
    assert reason(b"<html><body>" + b"<div>" * 100_000) == "too_deep"
    assert reason(b"<html><body>" + b"<p>x" * 100_000) == "too_large"
    assert reason(b"<html>" + b"x" * 50_000_000) == "too_large"
    assert reason(b"<html><body></body></html>") == "empty"


def test_an_error_page_a_consent_wall_and_a_front_page_are_no_articles() -> None:
    gone = b"<html><head><title>404 Page not found</title></head><body><p>Sorry, it is gone.</p></body></html>"
    assert reason(gone) == "not_found"
    closed = b"<html><head><title>403 Forbidden</title></head><body><p>You may not see this.</p></body></html>"
    assert reason(closed) == "error_page"
    wall = "We and our partners use cookies to personalise ads. You consent to tracking: see our privacy policy. " * 3
    assert reason(f"<html><body><main><p>{wall}</p></main></body></html>".encode()) == "consent_wall"
    links = "".join(f'<li><a href="/{n}">Ferry landing to close for {n} years of repairs</a></li>' for n in range(20))
    front = (
        f"<html><body><main><p>The news of the day from both banks.</p><ul>{links}</ul></main></body></html>".encode()
    )
    assert reason(front, url="https://www.example.org/") == "section_front"


def test_a_short_article_about_something_not_found_is_an_article() -> None:
    text = "\n".join(PARAGRAPHS[:2])
    assert extract(Capture(url=URL, observed=NOW, text=text, title="Ferry wreck not found in second search")).text


def test_a_correction_is_noticed() -> None:
    assert page(body=f"<p>Correction: an earlier text gave a wrong year.</p>{BODY}").notice == "correction"
    assert page('<meta property="og:title" content="KILL: Ferry landing to close">').notice == "kill"
    assert page().notice is None


def test_claims_beside_a_text_are_used() -> None:
    capture = Capture(
        url=URL,
        observed=NOW,
        text="\n".join(PARAGRAPHS),
        title="Ferry",
        published="2024-05-03T06:15:00Z",
        outlet="Gazette",
    )
    article = extract(capture)
    assert (article.title, article.outlet, article.published_source) == ("Ferry", "Gazette", "claim")


@pytest.mark.parametrize("caption", ["Landing", "Harbour master", "The old landing"])
@pytest.mark.parametrize("tail", ["Tagged in", "Tagged in:", "Tags"])
def test_a_scraped_text_loses_its_doubled_caption_and_its_dangling_tail(caption: str, tail: str) -> None:
    """As a careless scraper leaves a page: empty lines, the caption of a picture twice, a label without its links."""
    text = "\n\n".join([PARAGRAPHS[0], caption, caption, *PARAGRAPHS[1:], "", tail, ""])
    article = extract(Capture(url=URL, observed=NOW, text=text))
    assert article.text == "\n".join(PARAGRAPHS)
    assert {gone.line for gone in article.removed} == {caption, tail}
    assert all(gone.reason for gone in article.removed)


def test_what_is_kept_and_not_quite_an_article_is_marked() -> None:
    def marked(json_ld: str = "{}", *, url: str = URL, body: str = BODY) -> str:
        return page(f'<script type="application/ld+json">{json_ld}</script>', body, url=url).kind

    assert marked() == "article"
    assert marked('{"@type": "LiveBlogPosting", "headline": "Ferry landing to close"}') == "live_blog"
    assert marked(url="https://www.example.org/news/live-blog/ferry") == "live_blog"
    assert marked('{"@type": "NewsArticle", "isAccessibleForFree": "False"}') == "paywall_stub"
    assert marked('{"@type": "NewsArticle", "isAccessibleForFree": false}', body=BODY + long_body()) == "article"


def long_body() -> str:
    return "".join(
        f"<p>On day {n} the council heard the people of quarter {n} speak about the old ferry.</p>" for n in range(20)
    )
