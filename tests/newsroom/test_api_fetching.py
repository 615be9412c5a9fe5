"""An address that is not stored is fetched by a crawler, under its guard, while whoever asked for it waits."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import insert

from onestory.newsroom.lookup.fetch_api import PendingFetches
from onestory.newsroom.server.app import create_app
from onestory.newsroom.server.server import listen_on, serve_in_thread
from onestory.store.database import Store
from onestory.store.frontier.hosts import database_time
from onestory.store.schema import tombstones
from onestory.store.tombstones import article_digest
from onestory.urls import article_id_of_url
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, NOON, put, story_of
from tests.readings import fresh_registry
from tests.site.crawling import ended, page_rows, start_crawl
from tests.site.server import Reply, Site
from tests.site.server import serving as serving_site
from tests.waiting import LONGEST_WAIT, wait_until

PAGE = "<html lang=en><title>{0}</title><body><main><article><h1>{0}</h1>{1}</article></main></body></html>"


def page_of(text: str, title: str = "Bridge shuts on Monday") -> Reply:
    return Reply(PAGE.format(title, "".join(f"<p>{line}</p>" for line in text.split("\n"))))


def later(ask: Callable[[], httpx.Response]) -> "Future[httpx.Response]":
    """The answer of a request that waits for what the test does meanwhile."""
    answer: Future[httpx.Response] = Future()
    threading.Thread(target=lambda: answer.set_result(ask()), daemon=True).start()
    return answer


def fetched(served: Served, urls: Sequence[str], store_url: str, home: Path) -> list[httpx.Response]:
    """The answers, in the order of the URLs, while one crawler does what is to do."""
    answers = [
        later(lambda url=url: served.client.post("/v1/lookup/fetch", json={"url": url}, timeout=LONGEST_WAIT))  # type: ignore[misc]
        for url in urls
    ]
    wait_until(lambda: set(urls) <= set(page_rows(served.store)))
    ended([start_crawl(store_url, home=home)])
    return [answer.result(LONGEST_WAIT) for answer in answers]


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site


def test_an_unknown_article_is_fetched_and_leads_to_its_story(
    served: Served, store_url: str, site: Site, home: Path
) -> None:
    put(served.store, served.index_client, story_of(BRIDGE, copies=2, name="bridge", title="Bridge to close"))
    site.put("news", "/bridge", page_of(BRIDGE))
    moved = site.put("news", "/old", Reply(status=301, headers=(("Location", "/bridge"),)))
    [answer] = fetched(served, [moved], store_url, home)
    assert answer.status_code == 200, answer.text
    [found] = answer.json()["found"]
    assert answer.headers["cache-control"] == "no-store"
    # The index of this test is its own, so the crawl cannot know the other copies: it is a story of one.
    assert found["article_id"] in {one["id"] for one in article_story(served, found["story_id"])["articles"]}
    assert site.paths("news")[0] == "/robots.txt"
    again = served.client.post("/v1/lookup/fetch", json={"url": site.url("news", "/bridge")})
    assert again.json()["found"][0]["story_id"] == found["story_id"]
    assert site.paths("news").count("/bridge") == 1


def article_story(served: Served, story_id: str) -> dict[str, Any]:
    told: dict[str, Any] = served.client.get(f"/v1/stories/{story_id}").json()
    return told


def test_what_is_not_fetched_is_told_in_plain_words(served: Served, store_url: str, site: Site, home: Path) -> None:
    site.put("bar", "/robots.txt", Reply("User-agent: *\nDisallow: /", kind="text/plain"))
    said = {
        site.put("bar", "/x", page_of(BRIDGE)): "the robots.txt of bar.localhost",
        site.put("gone", "/x", Reply("", 410)): "responds with status 410",
        site.put("failing", "/x", Reply("", 500)): "responds with status 500",
        site.put("empty", "/x", Reply("<html><body></body></html>")): "has no article",
        site.put("inside", "/x", led_to("http://10.0.0.1/admin")): "10.0.0.1, which is not a public address",
        site.put("circle", "/x", led_to("/x")): "redirects too often",
        "http://127.0.0.1:1/x": "not a public address",
        "http://[::ffff:a00:1]/x": "not a public address",
        "http://169.254.169.254/latest": "not a public address",
    }
    for url, answer in zip(said, fetched(served, list(said), store_url, home), strict=True):
        assert answer.status_code == 422, (url, answer.text)
        assert answer.json()["reason"] == "not_fetched"
        assert said[url] in answer.json()["detail"]
    assert site.paths("bar") == ["/robots.txt"]


def led_to(place: str) -> Reply:
    return Reply("", 302, headers=(("Location", place),))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": ""},
        {"url": 7},
        {"url": "nonsense"},
        {"url": "file:///etc/passwd"},
        {"url": "https://user@a.example/"},
        {"url": "https://a\x00b/"},
        {"url": "https://a.example/" + "x" * 3000},
        {"url": "https://a.example/", "more": 1},
    ],
)
def test_what_is_no_address_is_refused_at_once_and_makes_no_page(served: Served, body: dict[str, object]) -> None:
    assert served.client.post("/v1/lookup/fetch", json=body).status_code == 422
    assert page_rows(served.store) == {}


def test_what_was_taken_down_is_not_fetched_again(served: Served) -> None:
    url = "https://www.gone.example/x"
    with served.store.write() as connection:
        row = {"digest": article_digest(article_id_of_url(url)), "kind": "article", "reason": "asked", "at": NOON}
        connection.execute(insert(tombstones).values(row))
    answer = served.client.post("/v1/lookup/fetch", json={"url": url})
    assert (answer.status_code, answer.json()["reason"]) == (410, "taken_down")


def test_no_other_sites_page_has_anything_fetched(served: Served) -> None:
    for path in ("/v1/lookup/fetch", "/lookup/fetch"):
        answer = served.client.post(path, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
    assert page_rows(served.store) == {}


@pytest.fixture
def hasty(store: Store, redis_url: str, prefix: str) -> Iterator[httpx.Client]:
    """Of a server that waits half a second for crawlers, of which there is none."""
    index_client = fresh_registry(store, redis_url, prefix)
    app = create_app(store, index_client)
    app.state.fetches = PendingFetches(wait_seconds=0.5)
    with (
        listen_on("127.0.0.1", 0) as listening,
        serve_in_thread(app, listening) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield client
    index_client.index.redis.close()


def test_without_a_crawler_it_says_so_in_time_and_stays_first_in_line(hasty: httpx.Client, store: Store) -> None:
    url = "https://www.slow.example/x"
    answer = hasty.post("/v1/lookup/fetch", json={"url": url})
    assert (answer.status_code, answer.json()["reason"]) == (503, "not_fetched_yet")
    assert "check that a crawler is running" in answer.json()["detail"]
    assert answer.headers["retry-after"]
    row = page_rows(store)[url]
    assert (row["state"], row["priority"]) == ("due", 1)
    with store.read() as connection:
        assert row["due"] <= database_time(connection)


def test_the_page_offers_to_fetch_and_tells_why_not(hasty: httpx.Client) -> None:
    asked = hasty.get("/lookup", params={"url": "https://www.slow.example/x"})
    assert asked.status_code == 404
    assert "Fetch it now" in asked.text
    told = hasty.post("/lookup/fetch", data={"url": "https://www.slow.example/x"})
    assert told.status_code == 503
    assert "No crawler fetched https://www.slow.example/x" in told.text
    assert "Fetch it now" in told.text
    refused = hasty.post("/lookup/fetch", data={"url": "nonsense"})
    assert (refused.status_code, "Fetch it now" in refused.text) == (422, False)
