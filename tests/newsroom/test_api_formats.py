"""Lists as feeds, stories and articles as ninjs: over HTTP."""

from typing import Any
from xml.etree import ElementTree as Xml

import feedparser
import httpx2 as httpx
import pytest
from sqlalchemy import insert, select, update

from onestory.newsroom.stories.feeds import StoryFeed, render_atom, render_json_feed
from onestory.store.schema import articles, outlets, stories
from onestory.store.stories.records import StoryRecord
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, NOON, put, story_of
from tests.newsroom.ninjs import faults_of

NINJS = "application/vnd.iptc.ninjs+json"


@pytest.fixture
def news(served: Served) -> Served:
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge <b>&amp; to close"))
    put(served.store, served.index_client, story_of(FERRY, copies=2, name="ferry", title="Ferry crews", minutes=60))
    return served


def is_ninjs(told: dict[str, Any]) -> None:
    assert faults_of(told) == []
    assert told["uri"].startswith("urn:uuid:")
    assert (told["type"], told["standard"]["version"]) == ("text", "3.1")
    [body] = told["bodies"]
    assert body["charCount"] == len(body["value"])


def test_a_story_is_ninjs_by_its_format_and_by_accept(news: Served) -> None:
    listed = news.client.get("/v1/stories", params={"min_copies": 3}).json()["stories"][0]
    by_format = news.client.get(f"/v1/stories/{listed['id']}", params={"format": "ninjs"})
    by_accept = news.client.get(f"/v1/stories/{listed['id']}", headers={"Accept": NINJS})
    assert by_format.content == by_accept.content
    assert by_accept.headers["content-type"] == NINJS
    assert by_accept.headers["vary"] == "Accept"
    told = by_format.json()
    is_ninjs(told)
    assert told["headlines"][0]["value"] == listed["title"]
    assert told["bodies"][0]["value"] == BRIDGE
    assert [one["rel"] for one in told["associations"]] == ["verbatim", "verbatim"]
    again = news.client.get(
        f"/v1/stories/{listed['id']}", headers={"Accept": NINJS, "If-None-Match": by_accept.headers["etag"]}
    )
    assert again.status_code == 304


def test_an_article_is_ninjs_and_names_its_story(news: Served) -> None:
    listed = news.client.get("/v1/stories", params={"min_copies": 3}).json()["stories"][0]
    story = news.client.get(f"/v1/stories/{listed['id']}?format=ninjs").json()
    told = news.client.get(f"/v1/articles/{listed['original']}?format=ninjs").json()
    is_ninjs(told)
    assert told["associations"] == [{"name": "story", "rel": "partOf", "uri": story["uri"]}]
    assert news.client.get(f"/v1/articles/{listed['original']}?format=xml").status_code == 422


def test_what_is_not_known_is_left_out_of_ninjs_and_what_was_withdrawn_is_canceled(served: Served) -> None:
    put(served.store, served.index_client, story_of(FERRY, copies=2, name="ferry", title=""))
    with served.store.write() as connection:
        one = select(articles.c.id).order_by(articles.c.id).limit(1).scalar_subquery()
        connection.execute(update(articles).where(articles.c.id == one).values(withdrawn=NOON, withdrawn_reason="gone"))
        connection.execute(update(articles).values(title=None, language=""))
    listed = served.client.get("/v1/stories").json()["stories"][0]
    told = served.client.get(f"/v1/stories/{listed['id']}?format=ninjs").json()
    is_ninjs(told)
    assert sorted([told["pubStatus"], told["associations"][0]["pubStatus"]]) == ["canceled", "usable"]
    assert not {"headlines", "language", "by"} & {*told, *told["associations"][0]}


@pytest.mark.parametrize(
    "spoiled",
    [
        {"language": None},
        {"more": 1},
        {"pubStatus": "gone"},
        {"firstCreated": "noon"},
        {"associations": [{"rel": "x"}]},
    ],
)
def test_what_is_no_ninjs_is_found(news: Served, spoiled: dict[str, object]) -> None:
    listed = news.client.get("/v1/stories").json()["stories"][0]
    told = news.client.get(f"/v1/stories/{listed['id']}?format=ninjs").json()
    assert len(faults_of({**told, **spoiled})) >= 1


def test_a_browser_gets_json_as_before(news: Served) -> None:
    for accept in ("text/html,*/*;q=0.8", "*/*", "", "application/json", f"{NINJS};q=0.1, application/json"):
        answer = news.client.get("/v1/stories", headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/json"


def test_any_list_is_an_atom_feed(news: Served) -> None:
    by_path = news.client.get("/v1/stories.atom", params={"q": "harbour"})
    assert by_path.headers["content-type"].startswith("application/atom+xml")
    read = feedparser.parse(by_path.content)
    assert not read.bozo
    assert read.version == "atom10"
    [entry] = read.entries
    assert Xml.fromstring(by_path.content).find("{*}entry/{*}title").text == "Bridge <b>&amp; to close"  # type: ignore[union-attr]
    assert entry.link.endswith(f"/stories/{news.client.get('/v1/stories?q=harbour').json()['stories'][0]['id']}")
    by_accept = news.client.get("/v1/stories", headers={"Accept": "application/atom+xml"})
    assert feedparser.parse(by_accept.content).entries[0].title == "Ferry crews"


def test_an_entry_has_the_lead_the_outlets_and_the_credit(news: Served) -> None:
    with news.store.write() as connection:
        connection.execute(update(stories).values(credit="Coast & Wire"))
        connection.execute(insert(outlets).values(name="Bridge 2", ours=True))
    body = news.client.get("/v1/stories.atom", params={"q": "harbour"}).content
    [entry] = feedparser.parse(body).entries
    assert entry.summary.startswith("The harbour bridge at Port Ellery will close for six weeks")
    assert "3 copies in 3 outlets: Bridge 2, Bridge 0, Bridge 1. First seen" in entry.summary
    assert entry.summary.endswith("Credit: Coast & Wire.")
    assert entry.author == "Bridge 0"
    assert [one.name for one in entry.contributors] == ["Bridge 2", "Bridge 1"]
    assert [tag.term for tag in entry.tags] == ["Coast & Wire"]
    [item] = news.client.get("/v1/stories.json-feed", params={"q": "harbour"}).json()["items"]
    assert item["_onestory"]["outlet_names"] == ["Bridge 2", "Bridge 0", "Bridge 1"]
    assert (item["tags"], item["summary"][:11]) == (["Credit: Coast & Wire"], "The harbour")


def test_a_feed_goes_on_and_is_not_sent_twice(news: Served) -> None:
    first = news.client.get("/v1/stories.atom", params={"limit": 1})
    [following] = [link.href for link in feedparser.parse(first.content).feed.links if link.rel == "next"]
    second = feedparser.parse(news.client.get(following).content)
    assert len(second.entries) == 1
    assert "Bridge" in second.entries[0].title
    tag = {"If-None-Match": first.headers["etag"]}
    assert news.client.get("/v1/stories.atom", params={"limit": 1}, headers=tag).status_code == 304


def test_any_list_is_a_json_feed(news: Served) -> None:
    answer = news.client.get("/v1/stories.json-feed", params={"limit": 1})
    assert answer.headers["content-type"] == "application/feed+json"
    told = answer.json()
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert told["items"][0]["title"] == "Ferry crews"
    assert told["items"][0]["id"].startswith("urn:uuid:")
    assert "2 copies in 2 outlets" in told["items"][0]["content_text"]
    assert len(httpx.get(told["next_url"], trust_env=False).json()["items"]) == 1
    by_accept = news.client.get("/v1/stories", params={"limit": 1}, headers={"Accept": "application/feed+json"})
    assert by_accept.json()["items"] == told["items"]


def test_an_empty_list_is_a_feed_too(client: httpx.Client) -> None:
    read = feedparser.parse(client.get("/v1/stories.atom").content)
    assert (read.bozo, read.entries) == (False, [])
    assert client.get("/v1/stories.json-feed").json()["items"] == []


def test_what_xml_cannot_hold_is_left_out_of_atom() -> None:
    record = StoryRecord(
        "5f" * 12, "a\x01b\ufffe ]]> <x>", "en", None, "5f" * 12, "only", NOON, NOON, None, "Ou\x0btlet", 1, 1, 1, NOON
    )
    feed = StoryFeed("list", "Onestory", "http://h", "http://h/v1", None, [record])
    read = feedparser.parse(render_atom(feed))
    assert not read.bozo
    assert Xml.fromstring(render_atom(feed)).find("{*}entry/{*}title").text == "ab ]]> <x>"  # type: ignore[union-attr]
    assert render_json_feed(feed)["items"][0]["authors"] == [{"name": "Ou\x0btlet"}]


def test_a_feed_says_nothing_of_a_language_that_could_not_be_told() -> None:
    record = StoryRecord("5f" * 12, "7", "und", None, "5f" * 12, "only", NOON, NOON, None, "Outlet", 1, 1, 1, NOON)
    feed = StoryFeed("list", "Onestory", "http://h", "http://h/v1", None, [record])
    assert "language" not in render_json_feed(feed)["items"][0]
