"""The pages over HTTP: what is on them, what is refused, and what hostile text may not do."""

import re
from datetime import timedelta

import httpx2 as httpx
import pytest
from lxml import html
from sqlalchemy import insert, update

from onestory.store.audits import AuditRecord, write_last_audit
from onestory.store.events.event_log import add_event
from onestory.store.schema import articles, sources, stories, versions
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, NOON, Piece, put, story_of
from tests.readings import stories_of


@pytest.fixture
def news(served: Served) -> Served:
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
    put(served.store, served.index_client, story_of(FERRY, copies=1, name="ferry", title="Ferry crews", minutes=60))
    return served


def read(answer: httpx.Response, status: int = 200) -> html.HtmlElement:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = html.document_fromstring(answer.text)
    assert page.get("lang") == "en"
    assert len(page.xpath("//main")) == len(page.xpath("//h1")) == 1
    assert not page.xpath("//*[@style] | //style | //img | //iframe")
    [script] = page.xpath("//script")
    assert script.get("src", "").startswith("/static/desk.js?v=")
    assert not script.text_content()
    return page


def words(page: html.HtmlElement, path: str = "//main") -> str:
    return re.sub(r"\s+", " ", " ".join(found.text_content() for found in page.xpath(path))).strip()


def test_the_front_page_lists_stories_and_filters_them(news: Served) -> None:
    front = read(news.client.get("/"))
    assert words(front, "//h2") == "Bridge to close Ferry crews"
    assert words(front, "//details[@class='singles']/summary") == "1 more story in one outlet only"
    page = read(news.client.get("/?min_copies=3&query=harbour&since=&outlet=&language="))
    assert words(page, "//h2") == "Bridge to close"
    shown = words(page, "//ol")
    assert "3 copies" in shown
    assert "Bridge 0 (original) Bridge 1 Bridge 2" in shown
    assert "first seen 2 h ago" in shown
    assert "1 h ago" in shown
    assert page.xpath("//ol//time/@datetime") == ["2026-11-23T12:00:00Z", "2026-11-23T12:02:00Z"]
    assert page.xpath("//ol//time/@title")[0] == "23 Nov 2026, 12:00 UTC"
    assert page.xpath("//input[@id='q']/@value") == ["harbour"]


def test_the_list_goes_on_to_older_stories_and_back(served: Served) -> None:
    pieces = [
        Piece(f"https://www.a{n}.example/x", f"{BRIDGE.replace('bridge', f'bridge{n}')} {n}", f"Story {n}", minutes=n)
        for n in range(3)
    ]
    put(served.store, served.index_client, pieces)
    with served.store.write() as connection:
        made = [
            {
                "id": f"{n:024x}",
                "title": f"Old {n}",
                "representative": f"{n:024x}",
                "first_seen": NOON - timedelta(days=n + 1),
                "last_seen": NOON - timedelta(days=n + 1),
                "first_outlet": "A",
                "updated": NOON,
            }
            for n in range(60)
        ]
        connection.execute(insert(stories), made)
    first = page = read(served.client.get("/"))
    seen = page.xpath("//h2/a/@href")
    while older := page.xpath("//a[@rel='next']/@href"):
        page = read(served.client.get(older[0]))
        seen += page.xpath("//ol//h2/a/@href")
        assert page.xpath("//p[@class='pager']/a/@href")
    assert first.xpath("//a[@rel='next']")
    assert len(seen) == len(set(seen)) == len(stories_of(served.store)) > 60
    assert words(page, "//h2[last()]").endswith("Old 59")


def test_the_first_page_is_light_with_all_that_it_is_drawn_with(served: Served) -> None:
    pieces = [
        Piece(
            f"https://www.isle{number}-{copy}.example/x",
            f"In {1700 + 3 * number} the isle of Ellery{number} counted {number * 31 + 5} boats in harbour{number}, "
            f"{number + 3} captains, of whom {number * 7} were called Holm{number}, like mill {number * 13} on a hill.",
            f"What the council of isle {number} decided about boats, captains, harbours and mills, and why",
            f"The Morning Courier of Isle {number}-{copy}",
            minutes=copy * 15,
        )
        for number in range(25)
        for copy in range(4)
    ]
    put(served.store, served.index_client, pieces)
    page = served.client.get("/")
    assert page.text.count("data-story=") == 25
    drawn = sum(len(served.client.get(path).content) for path in set(re.findall(r"/static/[^\"]+", page.text)))
    assert len(page.content) + drawn <= 80_000


def test_what_came_back_is_told_so_among_what_changed(news: Served) -> None:
    home = news.client.get("/v1/stories").json()["stories"][0]["id"]
    with news.store.write() as connection:
        data = {"is_original": True, "returned": True}
        add_event(connection, "story.corrected", now=NOON + timedelta(hours=1), story_id=home, data=data)
    told = " ".join(news.client.get("/changed").text.split())
    assert re.search("the original came back [^<]* ago<", told), told[-1500:]


def test_a_list_says_where_its_feed_is_with_the_same_filters(news: Served) -> None:
    page = news.client.get("/", params={"language": "en", "q": "bridge", "order": "relevance"}).text
    assert '<link rel="alternate" type="application/atom+xml" title="These stories"' in page
    [address] = set(re.findall(r"/v1/stories\.atom[^\"]*", page))
    assert news.client.get(address.replace("&amp;", "&")).status_code == 200
    assert "/v1/stories.atom" not in news.client.get("/", params={"since": "nonsense"}).text


def test_a_filter_that_cannot_be_used_is_told_beside_the_form(news: Served) -> None:
    page = read(news.client.get("/?since=soon&min_copies=lots"), 422)
    assert "'soon' is not a time" in words(page, "//*[@role='alert']")
    assert "min copies" in words(page, "//*[@role='alert']")
    assert page.xpath("//form")


def test_empty_pages_say_what_happens_next(served: Served) -> None:
    assert "onestory import" in words(read(served.client.get("/")))
    assert "Add source" in words(read(served.client.get("/sources")))
    add_source(served, "https://a.example/feed")
    assert "is polling its first sources" in words(read(served.client.get("/")))
    put(served.store, served.index_client, story_of(BRIDGE, copies=1, name="bridge", title="Bridge"))
    assert "No stories match" in words(read(served.client.get("/?outlet=Nobody")))


def add_source(served: Served, url: str, **state: object) -> None:
    row = {"outlet": "A", "kind": "feed", "host": "a.example", "interval_seconds": 900, "next_poll": NOON}
    with served.store.write() as connection:
        connection.execute(insert(sources).values(url=url, **(row | state)))


def test_sources_are_shown_and_listed_with_the_worst_first(served: Served) -> None:
    add_source(served, "https://ok.example/feed", status="ok", outlet="Well")
    add_source(served, "https://off.example/feed", status="blocked", enabled=False, outlet="Off")
    add_source(
        served,
        "https://bad.example/feed",
        status="blocked",
        outlet="Bad",
        why="The host answers 403.",
        status_since=NOON - timedelta(hours=1),
    )
    add_source(served, "https://odd.example/feed", status="unheard", outlet="Odd", failures=2)
    page = read(served.client.get("/sources"))
    assert page.xpath("//tbody//th/a[1]//text()") == ["Bad", "Odd", "Well", "Off"]
    assert "2 need attention" in words(page)
    assert "The host answers 403." in words(page, "//tbody/tr[1]")
    listed = served.client.get("/v1/sources").json()["sources"]
    assert [source["outlet"] for source in listed] == ["Bad", "Odd", "Well", "Off"]
    assert listed[0]["why"] == "The host answers 403."


def test_the_page_of_sources_tells_what_the_last_audit_of_the_stories_found(served: Served) -> None:
    add_source(served, "https://ok.example/feed", status="ok")
    assert "audit" not in words(read(served.client.get("/sources")))
    for differences, told in (
        (0, "no differences"),
        (1, "1 group of stories differs"),
        (2, "2 groups of stories differ"),
    ):
        with served.store.write() as connection:
            write_last_audit(connection, AuditRecord(NOON, 1_480, 1_000, differences))
        page = words(read(served.client.get("/sources")))
        assert "1,480 articles in 1,000 stories" in page
        assert told in page


def test_a_story_shows_its_original_its_copies_and_their_evidence(news: Served) -> None:
    [link] = read(news.client.get("/?min_copies=3")).xpath("//h2/a/@href")
    page = read(news.client.get(link))
    assert words(page, "//h1") == "Bridge to close"
    assert "The harbour bridge at Port Ellery" in words(page, "//div[@class='text']")
    assert len(page.xpath("//form//tbody/tr")) == len(page.xpath("//details[not(ancestor::form)]//tbody/tr")) - 1 == 3
    assert not page.xpath("//details/@open")
    assert "First seen" in words(page, "//thead")
    assert "Published (per page)" in words(page, "//thead")
    [*_, outside] = page.xpath("//tbody//a[contains(@class, 'outside')]")
    assert set(outside.get("rel").split()) >= {"noopener", "nofollow", "noreferrer"}
    article = read(news.client.get(page.xpath("//tbody//th/a/@href")[0]))
    assert "One of 3 copies" in words(article)


def test_a_pasted_text_is_shown_with_what_ran_before_marked(news: Served) -> None:
    text = f"A first line of our own that nobody ran.\r\n{BRIDGE}"
    page = read(news.client.post("/lookup", files={"text": (None, text)}))
    marked = words(page, "//mark")
    assert "The harbour bridge at Port Ellery" in marked
    assert "line of our own" not in marked
    assert "Found in 1 story" in words(page)
    assert "line of our own" in words(page, "//textarea")


def test_a_lookup_that_cannot_be_done_keeps_what_was_typed(news: Served) -> None:
    page = read(news.client.post("/lookup", data={"text": "three words only"}), 422)
    assert "3 words" in words(page, "//*[@role='alert']")
    assert words(page, "//textarea") == "three words only"
    page = read(news.client.get("/lookup", params={"url": "https://nowhere.example/x"}), 404)
    assert page.xpath("//input[@id='url']/@value") == ["https://nowhere.example/x"]
    assert read(news.client.post("/lookup", data={"text": "word " * 300_000}), 413) is not None
    assert read(news.client.post("/lookup", json={"text": BRIDGE}), 415) is not None


def test_a_known_address_leads_to_its_story(news: Served) -> None:
    answer = news.client.get("/lookup", params={"url": "https://www.bridge2.example/bridge"})
    assert answer.status_code == 303
    assert words(read(news.client.get(answer.headers["location"])), "//h1") == "Bridge to close"


def test_a_text_that_never_ran_says_so(news: Served) -> None:
    page = read(news.client.post("/lookup", data={"text": "The mayor of Lower Wexing opened a new library today."}))
    assert "No match." in words(page)


def test_what_is_not_there_is_a_page_too(client: httpx.Client) -> None:
    for path in ("/nothing", "/stories/7", f"/articles/{'0' * 24}", "/static/../server.py", "/static/x.css"):
        assert "Page not found" in words(read(client.get(path), 404), "//h1")
    assert "another list" in words(read(client.get("/?cursor=WyJhIiwxLCJhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWEiLDFd"), 400))


def test_the_style_sheet_is_kept_for_ever_under_its_digest(client: httpx.Client) -> None:
    [sheet] = read(client.get("/")).xpath("//link[@rel='stylesheet']/@href")
    answer = client.get(sheet)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert "http" not in answer.text


HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</title><script>alert(1)</script>",
    "</textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
    "=HYPERLINK(\"https://evil.example\")",
    "safe\u202egpj.exe\u2066\u200b\u2069",
    "Z\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a",
    "\x1b[31mred\x07\x9b",
    "a\u2028b\u2029c",
    "<!--", "]]>", "&lt;b&gt;", "x" * 5000,
]  # fmt: skip


def test_hostile_text_becomes_neither_markup_nor_a_link_nor_turns_the_page(served: Served) -> None:
    for number, evil in enumerate(HOSTILE):
        put_everywhere(served, evil, number)
    listed = served.client.get("/v1/stories").json()["stories"]
    assert len(listed) == len(HOSTILE)
    for story in listed:
        check_harmless(served.client.get(f"/stories/{story['id']}"))
        check_harmless(served.client.get(f"/articles/{story['id']}"))
    for evil in HOSTILE:
        check_harmless(served.client.get("/", params={"outlet": evil[:300]}))
        check_harmless(served.client.get("/", params={"query": evil[:300], "language": '"><b>'}), 422)
        check_harmless(served.client.post("/lookup", files={"text": (None, f"{BRIDGE}\n{evil}")}))
    check_harmless(served.client.get("/"))
    check_harmless(served.client.get("/sources"))


def put_everywhere(served: Served, evil: str, number: int) -> None:
    """One article, and one source, that has it wherever a page tells something."""
    [identity] = put(
        served.store,
        served.index_client,
        [Piece(f"https://www.evil{number}.example/x", f"{CALM[number]}\n{evil}", title=evil, outlet=evil)],
    )
    facts = {
        "language": 'en" onclick="alert(1)',
        "byline": [evil, evil],
        "canonical_elsewhere": "javascript:alert(1)//",
        **dict.fromkeys(("credit_evidence", "section", "notice", "published_source"), evil),
    }
    with served.store.write() as connection:
        connection.execute(update(versions).where(versions.c.article_id == identity).values(facts=facts))
        connection.execute(update(articles).where(articles.c.id == identity).values(credit=evil, language='"><b>'))
        connection.execute(update(stories).where(stories.c.id == identity).values(language='"><b>', credit=evil))
    add_source(served, f"javascript:alert({number})", outlet=evil, why=evil, status=evil[:16])


# A sentence for each, so that none is a copy of another.
CALM = [
    f"In the year {1900 + 7 * number} the town of Ellery{number} counted {number * 31 + 5} boats in its harbour, and "
    f"as many captains, {number + 3} of whom were called Holm, like the mill on hill number {number * 13}."
    for number in range(len(HOSTILE))
]


def check_harmless(answer: httpx.Response, status: int = 200) -> None:
    page = read(answer, status)
    assert not page.xpath("//@onerror | //@onclick | //@onmouseover | //@onload | //svg | //b")
    for link in page.xpath("//@href | //@action"):
        assert link.startswith(("/", "#", "https://www.evil")), link
    text = page.text_content()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b\x7f-\x9f]", text)
    assert not re.search("[\u0300-\u036f]{5}", text)
