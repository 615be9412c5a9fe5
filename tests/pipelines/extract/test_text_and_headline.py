"""What stays in a text and what leaves it; which headline and which JSON-LD are the page's own."""

from datetime import UTC, datetime

import orjson
import pytest

from onestory.errors import Dropped
from onestory.pipelines.extractor import extract
from onestory.store.articles.captures import Capture, ExtractedArticle

NOW = datetime(2026, 6, 1, tzinfo=UTC)
URL = "https://www.harbourpost.com/local/harbour-bridge-shut"
LINES = [
    "Engineers closed the harbour bridge on Tuesday after a crack was found in one of its main piers, officials said.",
    "Traffic was sent through the old tunnel, where queues of up to two hours built up before noon on both banks.",
    "The city expects repairs to last three weeks. A second inspection is planned for Friday, the office said.",
    "Shop owners on the north bank said that they had lost half of their customers within a day of the closure.",
]
BODY = "".join(f"<p>{line}</p>" for line in LINES)
TITLE = "Harbour bridge shut after crack found"


def page(
    body: str = BODY, head: str = "", *, title: str = TITLE, h1: str = f"<h1>{TITLE}</h1>", url: str = URL
) -> ExtractedArticle:
    html = (
        f"<html lang='en'><head><title>{title}</title>{head}</head><body><header><a href='/'>Harbour Post</a></header>"
    )
    html += f"<main><article>{h1}{body}</article></main></body></html>"
    return extract(Capture(url=url, observed=NOW, body=html.encode()))


def json_ld(*nodes: object) -> str:
    return "".join(f'<script type="application/ld+json">{orjson.dumps(node).decode()}</script>' for node in nodes)


@pytest.mark.parametrize(
    "line",
    [
        "Also on Thursday, the minister of ports told a panel that no money had been set aside it.",
        "Also on Thursday, the minister met the engineers and promised money.",
        "Advertisement of the tender was delayed by three months, auditors found.",
        "ADVERTISEMENT The council’s disregard of several requests for documents left it with no choice but to sue.",
        "The ice cream makers said in a letter that they would pause all paid advertising on Facebook and Instagram.",
        "The first poll appeared on Oct. 19 and showed the mayor ahead of the two other candidates by eleven points.",
    ],
)
def test_a_sentence_that_begins_like_boilerplate_is_body(line: str) -> None:
    assert line in page(BODY + f"<p>{line}</p>{BODY[: len(LINES[0]) + 7]}").text


@pytest.mark.parametrize(
    "line",
    [
        "Read more: Ferry fares will rise by a tenth in spring, the port authority said after talks with shops.",
        "Sign up for our morning letter and get the coast in five minutes, with the best of our reporters every day.",
    ],
)
def test_a_sentence_that_speaks_to_the_reader_is_not(line: str) -> None:
    assert line not in page(BODY + f"<p>{line}</p>" + BODY).text


def test_an_article_body_that_tells_its_text_twice_replaces_nothing() -> None:
    told = " ".join(LINES + LINES)
    assert (
        page(head=json_ld({"@type": "NewsArticle", "headline": TITLE, "articleBody": told})).text.split("\n") == LINES
    )


def test_a_quotation_that_article_body_lacks_stays() -> None:
    quoted = "We asked for divers in October and were told that there was no money for any divers this year."
    head = json_ld({"@type": "NewsArticle", "headline": TITLE, "articleBody": " ".join(LINES * 2)})
    assert quoted in page(f"<p>{LINES[0]}</p><blockquote><p>{quoted}</p></blockquote>" + BODY[100:], head).text


def test_comments_and_the_trimmings_of_posts_leave_the_text() -> None:
    post = (
        "<blockquote class='twitter-tweet'><p>Bridge is shut, use the tunnel. <a href='https://t.co/x'>pic.twitter.com/x</a>"
        "</p>&mdash; Traffic (@pe_traffic) <a href='https://twitter.com/x/1'>January 5, 2026</a></blockquote>"
    )
    comments = "<section class='reader-reactions'><p>They should have closed it years ago, we knew.</p></section>"
    text = page(BODY + post + BODY.replace("Engineers", "Divers") + comments).text
    assert "pic.twitter" not in text
    assert "@pe_traffic" not in text
    assert "years ago" not in text


def test_footnote_numbers_leave_and_powers_stay() -> None:
    notes = "<p>Engineers closed the bridge, officials said<sup>1</sup>. Its 40,000 m<sup>2</sup> are above the tunnel"
    text = page(f"{notes}<sup><a href='#2'>2</a></sup>.</p>" + BODY).text
    assert "said1" not in text
    assert "tunnel2" not in text
    assert "m2" in text.replace(" ", "")


def test_placeholders_that_come_again_and_again_leave_the_text() -> None:
    line = "Your settings keep this outside content from being shown, so please change them to see it."
    assert line not in page("".join(f"<p>{one}</p><p>{line}</p>" for one in LINES)).text


def test_a_body_that_only_the_pages_state_has_is_read_from_it() -> None:
    blocks = [{"type": "paragraph", "id": number, "text": line} for number, line in enumerate(LINES * 2)]
    state = {"props": {"pageProps": {"article": {"body": blocks}, "menu": [{"text": "News"}]}}}
    script = f'<script id="__NEXT_DATA__" type="application/json">{orjson.dumps(state).decode()}</script>'
    assert page("<div id='root'></div>" + script).text.split("\n") == LINES


def test_a_page_of_teasers_is_a_section() -> None:
    cards = "".join(
        f"<div class='card'><h3><a href='/n/{n}'>Bridge {n} shut</a></h3><p>{line}</p></div>"
        for n, line in enumerate(LINES * 2)
    )
    with pytest.raises(Dropped) as dropped:
        page(
            cards, title="Local news | Harbour Post", h1="<h1>Local news</h1>", url="https://www.harbourpost.com/local"
        )
    assert dropped.value.reason == "section_front"


def test_markup_in_a_rows_text_is_taken_off() -> None:
    row = Capture(
        url=URL, observed=NOW, text="".join(f"<p>{line.replace('city', '<b>city</b>')}</p>" for line in LINES)
    )
    assert extract(row).text.split("\n") == LINES


@pytest.mark.parametrize(
    ("title", "h1", "head"),
    [
        (f"{TITLE} | Harbour Post", "<h1><a href='/'>Harbour Post</a></h1>", ""),
        (f"Harbour Post: {TITLE}", f"<h1>Harbour Post: {TITLE}</h1>", ""),
        (f"{TITLE} - Harbour Post Online", "", ""),
        (TITLE, f"<h1>{TITLE}</h1>", "<meta property='og:title' content='Harbour Post'>"),
        (TITLE, f"<h1>{TITLE}</h1>", f"<meta property='og:title' content='{TITLE} | Local | Harbour Post'>"),
        (TITLE.replace("bridge", "bri\u00addge"), "", ""),
    ],
)
def test_a_headline_without_logo_outlet_and_section(title: str, h1: str, head: str) -> None:
    assert page(title=title, h1=h1, head=head).title == TITLE


def test_signs_in_a_headline_are_no_tags() -> None:
    title = "Inflation &lt; 2% while growth &gt; 3%: what changes"
    assert page(title=title, h1=f"<h1>{title}</h1>").title == "Inflation < 2% while growth > 3%: what changes"


def test_the_object_that_speaks_for_the_page() -> None:
    own = {"@type": "NewsArticle", "headline": TITLE, "author": {"@type": "Person", "name": "Ada Quill"}}
    other = {
        "@type": "NewsArticle",
        "headline": "Ferry fares to rise",
        "author": {"@type": "Person", "name": "Cora Lind"},
    }
    listed = {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": other | {"url": "/local/ferry"}}]}
    assert page(head=json_ld([other, own])).byline == ("Ada Quill",)
    assert page(head=json_ld(listed)).byline == ()
    assert page(head=json_ld(listed, own | {"headline": "x", "url": URL})).byline == ("Ada Quill",)


@pytest.mark.parametrize(
    "script",
    [
        '{"@type": "NewsArticle", "author": {"name": "Ada Quill",},}',
        '{"@type": "NewsArticle", "description": "He said "no" to it", "author": "Ada Quill"}',
        '{"@type": "NewsArticle", "author": "Ada Quill"}{"@type": "WebSite", "name": "x"}',
        '<!-- {"@type": "NewsArticle", "author": "Ada Quill"} -->',
        '/* x */ {"@type": "NewsArticle", "author": "Ada Quill"};',
    ],
)
def test_malformed_json_ld_is_repaired(script: str) -> None:
    assert page(head=f'<script type="application/ld+json">{script}</script>').byline == ("Ada Quill",)


ENDINGS = "<p>The bridge was built in 1931.</p><ul><li>North tunnel: open to buses only</li></ul>"


def test_the_end_of_an_article_stays_where_its_article_body_lacks_it() -> None:
    claimed = json_ld({"@type": "NewsArticle", "headline": TITLE, "articleBody": "\n".join(LINES)})
    found = page(BODY + ENDINGS, claimed).text
    assert "The bridge was built in 1931." in found
    assert "North tunnel: open to buses only" in found
    elsewhere = page(f"<div>{BODY}</div><div><p>Our office is in the town hall.</p></div>", claimed)
    assert "town hall" not in elsewhere.text


def test_a_page_that_loads_its_text_has_that_of_its_article_body() -> None:
    claimed = json_ld({"@type": "NewsArticle", "headline": TITLE, "articleBody": "\n".join(LINES)})
    assert page("<p>Loading…</p>", claimed).text == "\n".join(LINES)


@pytest.mark.parametrize(
    "post",
    [
        '<blockquote class="instagram-media"><p>View this post on Instagram</p><p>A post shared by P</p></blockquote>',
        '<div class="fb-post"><p>No.</p>Posted by <a href="/p">Port</a> on <a href="/q">May 5</a></div>',
    ],
)
def test_the_frame_of_an_embedded_post_is_left_out(post: str) -> None:
    found = page(BODY + post + BODY[:130]).text
    assert not any(said in found for said in ("View this post", "shared by", "Posted by", "May 5"))
