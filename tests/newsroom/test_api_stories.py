"""GET /v1/stories, /v1/stories/{id}, /v1/articles/{id} over HTTP, on SQLite and PostgreSQL."""

import httpx2 as httpx
import pytest
from sqlalchemy import update

from onestory.store.schema import outlets, stories
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, Piece, put, story_of


@pytest.fixture
def news(served: Served) -> Served:
    """A story of three copies at noon, a later one of two, and a single piece."""
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
    put(
        served.store,
        served.index_client,
        story_of(FERRY, copies=2, name="ferry", title="Ferry crews to strike", minutes=60),
    )
    single = Piece("https://kiosk.example/chess", CHESS, title="A draw", outlet="Kiosk", minutes=30)
    put(served.store, served.index_client, [single])
    return served


CHESS = (
    "Two grandmasters agreed to a draw after nine hours in the town library of Lower Wexing on Sunday, where "
    "the heating had failed and both of them played in borrowed coats and woollen gloves until the very end."
)


def titles(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [story["title"] for story in answer.json()["stories"]]


def test_stories_are_listed_with_the_newest_copy_first(news: Served) -> None:
    answer = news.client.get("/v1/stories")
    assert titles(answer) == ["Ferry crews to strike", "A draw", "Bridge to close"]
    assert answer.json()["next"] is None
    assert "link" not in answer.headers
    ferry = answer.json()["stories"][0]
    assert (ferry["copies"], ferry["outlets"], ferry["first_outlet"]) == (2, 2, "Ferry 0")
    assert ferry["first_seen"] == "2026-11-23T13:00:00Z"
    assert ferry["last_seen"] == "2026-11-23T13:01:00Z"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"min_copies": 3}, ["Bridge to close"]),
        ({"outlet": "Ferry 1"}, ["Ferry crews to strike"]),
        ({"outlet": "ferry 1"}, []),
        ({"query": "HARBOUR bearings"}, ["Bridge to close"]),
        ({"query": "100% _ nothing"}, []),
        ({"language": "EN", "min_copies": 2}, ["Ferry crews to strike", "Bridge to close"]),
        ({"language": "de"}, []),
        ({"since": "2026-11-23T12:30:00Z"}, ["Ferry crews to strike", "A draw"]),
        ({"since": "2026-11-23T13:30:00+01:00"}, ["Ferry crews to strike", "A draw"]),
        ({"since": "65m"}, ["Ferry crews to strike"]),
        ({"until": "2026-11-23T12:30"}, ["Bridge to close"]),
        ({"published_since": "2026-01-01"}, []),
        ({"limit": 1}, ["Ferry crews to strike"]),
    ],
)
def test_filters_narrow_the_list(news: Served, filters: dict[str, str | int], expected: list[str]) -> None:
    assert titles(news.client.get("/v1/stories", params=filters)) == expected


def test_a_time_with_a_plus_that_nobody_encoded_is_understood(news: Served) -> None:
    answer = news.client.get("/v1/stories?since=2026-11-23T13:30:00+01:00")
    assert titles(answer) == ["Ferry crews to strike", "A draw"]


def test_the_cursor_walks_the_whole_list_once(news: Served) -> None:
    seen, cursor = [], None
    while True:
        params = {"limit": 1, "language": "en"} | ({"cursor": cursor} if cursor else {})
        answer = news.client.get("/v1/stories", params=params)
        seen += titles(answer)
        cursor = answer.json()["next"]
        if cursor is None:
            break
    assert seen == ["Ferry crews to strike", "A draw", "Bridge to close"]


def test_the_link_header_leads_to_the_next_page_with_the_same_filters(news: Served) -> None:
    first = news.client.get("/v1/stories", params={"limit": 1, "min_copies": 2})
    assert first.links["next"]["url"].startswith("/v1/stories?")
    second = news.client.get(first.links["next"]["url"])
    assert titles(second) == ["Bridge to close"]


def test_a_cursor_of_another_list_is_refused(news: Served) -> None:
    cursor = news.client.get("/v1/stories", params={"limit": 1}).json()["next"]
    answer = news.client.get("/v1/stories", params={"min_copies": 2, "cursor": cursor})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["reason"] == "bad_cursor"
    assert "another list" in answer.json()["detail"]


def test_a_cursor_goes_on_with_another_page_size(news: Served) -> None:
    cursor = news.client.get("/v1/stories", params={"limit": 1}).json()["next"]
    answer = news.client.get("/v1/stories", params={"limit": 50, "cursor": cursor})
    assert titles(answer) == ["A draw", "Bridge to close"]


def test_a_story_comes_with_its_copies_and_their_evidence(news: Served) -> None:
    with news.store.write() as connection:
        connection.execute(outlets.insert().values(name="Bridge 1", owner="Coast Media", ours=False))
    listed = news.client.get("/v1/stories", params={"min_copies": 3}).json()["stories"][0]
    told = news.client.get(f"/v1/stories/{listed['id']}").json()
    assert {key: told[key] for key in listed} == listed
    assert [copy["outlet"] for copy in told["articles"]] == ["Bridge 0", "Bridge 1", "Bridge 2"]
    assert [copy["owner"] for copy in told["articles"]] == [None, "Coast Media", None]
    assert sum(copy["relation"] == "original" for copy in told["articles"]) == 1
    assert {copy["story_id"] for copy in told["articles"]} == {told["id"]}
    assert len(told["evidence"]) == 3
    assert told["evidence"][0]["evidence"]["jaccard"] == 1


def test_an_article_comes_with_its_text(news: Served) -> None:
    [story] = news.client.get("/v1/stories", params={"query": "grandmasters"}).json()["stories"]
    told = news.client.get(f"/v1/articles/{story['original']}").json()
    assert told["text"] == CHESS
    assert told["url"] == "https://kiosk.example/chess"
    assert told["story_id"] == story["id"]
    assert told["facts"]["language"] == "en"


def test_an_absorbed_id_leads_to_its_survivor_and_is_not_cached(news: Served) -> None:
    old, survivor = (story["id"] for story in news.client.get("/v1/stories?limit=2").json()["stories"])
    with news.store.write() as connection:
        connection.execute(update(stories).where(stories.c.id == old).values(absorbed_into=survivor))
    answer = news.client.get(f"/v1/stories/{old}")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"/v1/stories/{survivor}"
    assert answer.headers["cache-control"] == "no-store"
    assert news.client.get(f"/v1/stories/{old}", follow_redirects=True).json()["id"] == survivor
    assert news.client.get(f"/stories/{old}").headers["location"] == f"/stories/{survivor}"


def test_who_has_an_answer_already_gets_304(news: Served) -> None:
    first = news.client.get("/v1/stories")
    again = news.client.get("/v1/stories", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    put(news.store, news.index_client, [Piece("https://new.example/a", FERRY, outlet="New", minutes=90)])
    changed = news.client.get("/v1/stories", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


def test_head_tells_what_get_would_without_the_body(news: Served) -> None:
    answer = news.client.head("/v1/stories")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == news.client.get("/v1/stories").headers["content-length"]


def test_times_far_out_are_no_fault(served: Served) -> None:
    for value, status in (("0001-01-01", 200), ("9999-12-31T23:59:59-14:00", 422), ("99999w", 200)):
        assert served.client.get("/v1/stories", params={"since": value}).status_code == status
