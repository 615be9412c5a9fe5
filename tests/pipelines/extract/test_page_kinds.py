"""Galleries, live blogs, lists of teasers and press releases; and what stands in a page beside its text."""

import pytest

from onestory.errors import Dropped
from tests.pipelines.extract.test_text_and_headline import BODY, LINES, TITLE, URL, json_ld, page

CAPTIONS = [
    "A diver goes down at the third pier on Tuesday. Photo: Ben Marsh",
    "Queues at the old tunnel at noon. Photo: Ben Marsh",
    "Ferry passengers on the north bank. Photo: Ben Marsh",
    "The crack, marked in red paint. Photo: Ben Marsh",
]
KNEW = "I knew it all along, and so did everybody else on the north bank."


def text_of(body: str, head: str = "") -> str:
    return page(body, head).text


@pytest.mark.parametrize(
    "picture",
    ["<figure><img src='a.jpg'><figcaption>{}</figcaption></figure>", "<div><img><p class='caption'>{}</p></div>"],
)
def test_a_page_of_captions_is_a_gallery(picture: str) -> None:
    pictures = "".join(picture.format(caption) for caption in CAPTIONS)
    assert page(pictures, title="Bridge in pictures", h1="<h1>Bridge in pictures</h1>").kind == "gallery"
    assert page(BODY + pictures).kind == "article"


def test_a_live_blog_keeps_the_headings_of_its_entries() -> None:
    times = ("10:30 Ferry added", "09:15 Bridge shut", "08:00 Crack found")
    entries = "".join(f"<div><h2>{time}</h2><p>{line}</p></div>" for time, line in zip(times, LINES, strict=False))
    blog = page(entries, title="Bridge closure: live updates", h1="<h1>Bridge closure: live updates</h1>")
    assert blog.kind == "live_blog"
    assert all(time in blog.text for time in times)


@pytest.mark.parametrize("path", ["/news/local/harbour", "/?s=bridge", "/tag/bridge", "/author/ada-quill/"])
def test_a_list_of_teasers_is_no_article_wherever_it_stands(path: str) -> None:
    cards = "".join(
        f"<div><h2><a href='/n/{n}'>Story number {n} about the harbour</a></h2><p>{line}</p></div>"
        for n, line in enumerate(LINES * 2)
    )
    with pytest.raises(Dropped) as dropped:
        page(cards, title="Harbour", h1="<h1>Harbour</h1>", url=f"https://www.harbourpost.com{path}")
    assert dropped.value.reason == "section_front"


@pytest.mark.parametrize(
    ("trimming", "gone"),
    [
        ("<div itemprop='comment'><p>{}</p></div>", KNEW),
        ("<section aria-label='Comments'><article><p>{}</p></article></section>", KNEW),
        ("<p hidden>{}</p>", KNEW),
        ("<blockquote class='tiktok-embed'><section><a href='/a'>@x</a><p>A crack</p><a href='/b'>♬ sound</a>", "♬"),
        ("<blockquote class='reddit-embed-bq'><a href='/a'>The bridge</a> by <a href='/b'>u/x</a>", "u/x"),
        ("<p>CONTACT: Jane Doe, press@works.example, +1 555 0100</p>", "CONTACT"),
    ],
)
def test_what_stands_beside_the_text_leaves_it(trimming: str, gone: str) -> None:
    text = text_of(BODY + trimming.format(KNEW))
    assert gone not in text
    assert text.split("\n")[: len(LINES)] == LINES


def test_a_paywalled_text_that_is_hidden_stays() -> None:
    assert text_of(f"<p>{LINES[0]}</p><div hidden>{BODY}</div>").split("\n")[-len(LINES) :] == LINES


def test_a_reading_time_is_no_text() -> None:
    assert text_of(f"<p>3 min read</p>{BODY}").split("\n") == LINES
    assert "3 minutes" in text_of(f"{BODY}<p>3 minutes</p>")


def test_an_article_body_that_lacks_a_table_or_a_paragraph_takes_neither_out() -> None:
    row = "<table><tr><td>North Bank</td><td>4,112</td></tr><tr><td>Old Town</td><td>2,871</td></tr></table>"
    more = "<p>The ferry will run on Sunday as well, and the fare stays the same until the month is over, it said.</p>"
    teaser = (
        "<div class='promo'><p>Divers tell what they saw below the third pier, and why they will not go back.</p></div>"
    )
    lines = [f"Pier {n}: {line}" for n in range(4) for line in LINES]
    head = json_ld({"@type": "NewsArticle", "headline": TITLE, "articleBody": "\n".join(lines)})
    paragraphs = [f"<p>{line}</p>" for line in lines]
    text = text_of("".join([*paragraphs[:6], row, more, teaser, *paragraphs[6:]]), head)
    assert "4,112" in text
    assert "on Sunday" in text
    assert "Divers" not in text


def test_an_article_body_is_the_text_of_a_page_that_shows_none() -> None:
    head = json_ld({"@type": "NewsArticle", "headline": TITLE, "url": URL, "articleBody": "\n".join(LINES)})
    assert text_of("", head).split("\n") == LINES


def test_a_reading_above_a_word_breaks_no_line() -> None:
    line = "の橋は火曜日、点検でひびが見つかったため、閉鎖されたと市当局が発表した。交通は旧トンネルに誘導された。"
    assert f"東京{line}" in text_of(f"<p><ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>{line}</p>")


def test_the_next_article_of_a_page_without_end_is_not_this_ones() -> None:
    other = "".join(
        f"<p>Ferries number {n} will cost more from spring on, the council said after a long debate.</p>"
        for n in range(9)
    )
    following = f"<div class='below'><article><h1>Ferry fares to rise</h1>{other}</article></div>"
    text = page(BODY * 2 + "</article>" + following, title=TITLE).text
    assert "Ferries" not in text
    assert text.split("\n")[: len(LINES)] == LINES
    entries = "".join(f"<article><h2>Entry {n}</h2><p>{line}</p></article>" for n, line in enumerate(LINES))
    assert all(line in text_of(entries) for line in LINES)


def test_who_posted_is_no_text() -> None:
    post = (
        "<blockquote><p>The bridge is shut until further notice.</p>— Port (@pe_traffic) January 5, 2026</blockquote>"
    )
    text = text_of(BODY + post + BODY.replace("Engineers", "Builders"))
    assert "until further notice" in text
    assert "@pe_traffic" not in text
