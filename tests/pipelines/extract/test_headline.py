"""The headline of a page: without outlet, section and logo, whole, and as the page shows it."""

import orjson
import pytest

from onestory.pipelines.extractor import extract
from onestory.pipelines.markup.affixes import Names, bare_title
from onestory.pipelines.markup.plain import plain
from onestory.store.articles.captures import Capture
from tests.pipelines.extract.test_text_and_headline import BODY, NOW, TITLE, URL

SITE = "<meta property='og:site_name' content='Harbour Post'>"
NAMES = Names(outlet=frozenset(["harbourpost", "港新聞", "海港邮报"]), sections=frozenset(["local"]))


def og(title: str) -> str:
    return f"<meta property='og:title' content='{title}'>"


def told(**claims: str) -> str:
    node = {"@type": "NewsArticle", **claims}
    return f"<script type='application/ld+json'>{orjson.dumps(node).decode()}</script>"


def headline(h1: str = "", *, title: str = "", head: str = "", before: str = "") -> str | None:
    html = f"<html lang='en'><head><title>{title}</title>{head}</head><body>{before}<main><article>{h1}{BODY}"
    return extract(Capture(url=URL, observed=NOW, body=html.encode())).title


@pytest.mark.parametrize(
    "title",
    [
        *("{} | Harbour Post", "{} - Harbour Post", "{} — The Harbour Post", "{} :: Harbour Post", "{}|Harbour Post"),
        *("{} / Harbour Post", "{} ~ Harbour Post", "{} >> Harbour Post", "{} (Harbour Post)", "{}, Harbour Post"),
        *(
            "{}: Harbour Post",
            "Harbour Post | {}",
            "Harbour Post: {}",
            "{} | Harbour Post News",
            "{} | harbourpost.com",
        ),
        *("{} | Local | Harbour Post", "{} - Local News - Harbour Post", "{} | Harbour Post | Local News"),
        *("Local | {} | Harbour Post", "Harbour Post » Local » {}", "{} | Port Ellery | Harbour Post"),
        *("{} | Harbour Post - Port Ellery's newspaper", "{} | By Ada Quill | Harbour Post"),
    ],
)
def test_outlet_and_section_are_cut_off_with_any_sign(title: str) -> None:
    assert bare_title(title.format(TITLE), NAMES) == TITLE
    assert headline(title=title.format(TITLE), head=SITE) == TITLE
    assert headline(f"<h2>{TITLE}</h2>", title=title.format(TITLE), head=SITE) == TITLE


@pytest.mark.parametrize(
    "title", ["港の橋が通行止め｜港新聞", "港の橋が通行止め：港新聞", "港の橋が通行止め_新闻_海港邮报"]
)
def test_outlets_are_cut_off_where_no_spaces_are_written(title: str) -> None:
    assert bare_title(title, NAMES) == "港の橋が通行止め"


@pytest.mark.parametrize(
    "title",
    [
        *("Bridge shut - what we know", "Bridge | tunnel: the long quarrel", "Mayor sues Harbour Post"),
        *("Local: a history of the word", "Trains at 12:30, says the mayor"),
    ],
)
def test_signs_within_a_headline_stay(title: str) -> None:
    assert bare_title(title, NAMES) == title
    assert bare_title(f"{title} | Harbour Post", NAMES) == title


@pytest.mark.parametrize(
    ("before", "h1"),
    [
        ("<header><h1>Harbour Post – News from the quay since 1888</h1></header>", f"<h2>{TITLE}</h2>"),
        ("<header><h1>News from the quay</h1></header>", f"<h2>{TITLE}</h2>"),
        ("", "<h1>Harbour bridge shut<br>after crack found</h1>"),
        ("", f"<h1><span class='kicker'>Local</span> {TITLE}</h1>"),
        ("", f"<h1>{TITLE}<button>Share</button><script>var x;</script></h1>"),
        ("", f"<h1>\u200e{TITLE}\u200f</h1>"),
        ("", f"<h1>{TITLE}<span class='sr-only'> opens in a new window</span></h1>"),
    ],
)
def test_what_else_a_heading_holds_is_no_headline(before: str, h1: str) -> None:
    assert headline(h1, title=f"{TITLE} | Harbour Post", head=SITE, before=before) == TITLE


@pytest.mark.parametrize("title", ["Harbour Post", "Untitled Document", ""])
def test_a_page_whose_title_says_nothing_shows_its_headline_below(title: str) -> None:
    assert headline(f"<h2 class='headline'>{TITLE}</h2>", title=title, head=SITE) == TITLE


def test_a_headline_that_was_cut_is_told_whole() -> None:
    assert headline(f"<h1>{TITLE}</h1>", head=og(f"{TITLE[:30]}…")) == TITLE
    assert headline(f"<h1>{TITLE}</h1>", head=told(headline=f"{TITLE[:30]}...")) == TITLE
    assert headline("<h1>And then there was silence...</h1>") == "And then there was silence..."


def test_of_two_headlines_the_one_that_the_page_calls_an_alternative_gives_way() -> None:
    other = "Crack closes the bridge of Port Ellery"
    both = og(other) + told(headline=TITLE, alternativeHeadline=other)
    assert headline(f"<h1>{TITLE}</h1>", title=TITLE, head=both) == TITLE
    assert headline(f"<h1>{TITLE}</h1>", title=TITLE, head=og(other) + told(headline=TITLE)) == other
    longer = f"Port Ellery harbour: {TITLE} | Bridges"
    assert headline(f"<h1>{TITLE}</h1>", title=longer, head=og(longer) + told(headline=TITLE)) == TITLE


def test_quotes_and_dashes_are_those_that_readers_see() -> None:
    shown = "‘It cracked’ – mayor shuts bridge"
    assert headline(f"<h1>{shown}</h1>", head=og("&#39;It cracked&#39; - mayor shuts bridge")) == shown
    assert headline(f"<h1>{TITLE.upper()}</h1>", head=og(TITLE)) == TITLE


def test_a_headline_may_name_a_tag() -> None:
    assert plain("Why the &lt;blink&gt; tag died") == "Why the <blink> tag died"
    assert plain("Why the &lt;b&gt;tag&lt;/b&gt; died<br/>") == "Why the tag died"


def test_a_label_in_the_heading_and_another_one_in_a_field_are_both_left_out() -> None:
    labelled = f"<h1><span class='article-title__overline'>Closure</span><span> - </span><span>{TITLE}</span></h1>"
    assert headline(labelled, title=f"Harbour: {TITLE}", head=og(f"Harbour: {TITLE}")) == TITLE
    assert headline(f"<h1>{TITLE}</h1>", title=f"Opinion | {TITLE}", head=og(f"Opinion | {TITLE}")) == TITLE
    # One and the same label everywhere belongs to the headline.
    same = labelled.replace("Closure", "Harbour").replace("<span> - </span>", ": ")
    whole = f"Harbour: {TITLE}"
    assert headline(same, title=f"{whole} - Other.example", head=og(f"{whole} - Other.example")).startswith(whole)
    assert headline(f"<h1>{TITLE}</h1>", title=whole, head=og(whole)) == whole
