"""GET /v1/search, `q`, `fields` and the further filters over HTTP, on SQLite and PostgreSQL."""

import pytest

from onestory.store.schema import outlets
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, Piece, put, story_of


@pytest.fixture
def news(served: Served) -> Served:
    """A story of three copies, one of two, and a hostile one."""
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
    put(
        served.store,
        served.index_client,
        story_of(FERRY, copies=2, name="ferry", title="Ferry crews to strike", minutes=60),
    )
    hostile = Piece("https://evil.example/x", HOSTILE, title="<script>alert(1)</script>", outlet="Evil", minutes=90)
    put(served.store, served.index_client, [hostile])
    with served.store.write() as connection:
        connection.execute(outlets.insert().values(name="Bridge 1", owner="Coast Media", ours=True))
    return served


HOSTILE = (
    '<img src=x onerror=alert(1)> "><svg onload=alert(2)> the lighthouse keeper of Wexing said on Sunday that nobody '
    "had ever asked him what he thought of markup, and that he would rather be asked about the lamp and the stairs."
)


FILTERED: list[tuple[dict[str, str | int], list[str]]] = [
    ({"q": "harbour"}, ["Bridge to close"]),
    ({"query": "harbour"}, ["Bridge to close"]),
    ({"owner": "Coast Media"}, ["Bridge to close"]),
    ({"owner": "Ferry 0"}, ["Ferry crews to strike"]),
    ({"owner": "Bridge 1"}, []),
    ({"ours": "true"}, ["Bridge to close"]),
    ({"ours": "false", "min_outlets": 2}, ["Ferry crews to strike"]),
    ({"min_owners": 3}, ["Bridge to close"]),
    ({"credit": "Reuters"}, []),
    ({"watch": 1}, []),
    ({"updated_since": "2026-11-23T11:59Z", "min_copies": 2}, ["Ferry crews to strike", "Bridge to close"]),
    ({"updated_since": "2026-11-23T12:01Z"}, []),
]


def test_a_search_tells_the_story_and_where_it_says_so(news: Served) -> None:
    assert news.client.get("/v1/search", params={"q": '"harbour bridge" -ferries'}).json()["found"] == []
    told = news.client.get("/v1/search", params={"q": '"HARBOUR bridge" close'}).json()
    [hit] = told["found"]
    assert (hit["story"]["title"], hit["story"]["copies"]) == ("Bridge to close", 3)
    where = hit["where"]
    assert [where["excerpt"][a:b] for a, b in where["excerpt_spans"]] == ["harbour bridge", "close"]
    assert [where["title"][a:b] for a, b in where["title_spans"]] == ["close"]
    assert (told["next"], told["waiting"]) == (None, 0)


def test_a_search_by_time_goes_on_with_its_cursor(news: Served) -> None:
    params = {"q": "the", "order": "time", "limit": 2}
    first = news.client.get("/v1/search", params=params)
    titles = [hit["story"]["title"] for hit in first.json()["found"]]
    rest = news.client.get(first.links["next"]["url"]).json()
    titles += [hit["story"]["title"] for hit in rest["found"]]
    assert titles == ["<script>alert(1)</script>", "Ferry crews to strike", "Bridge to close"]
    assert rest["next"] is None


def test_what_is_found_is_text_and_never_markup(news: Served) -> None:
    answer = news.client.get("/v1/search", params={"q": "lighthouse"})
    assert answer.headers["content-type"] == "application/json"
    [hit] = answer.json()["found"]
    assert hit["where"]["title"] == "<script>alert(1)</script>"
    assert "onerror" in hit["where"]["excerpt"]
    assert "<mark" not in answer.text


def test_a_query_without_a_word_is_refused_with_the_reason(news: Served) -> None:
    for asked in ("-only", '"', "!!!", "x" * 1_001):
        for path in ("/v1/search", "/v1/stories"):
            answer = news.client.get(path, params={"q": asked})
            assert answer.status_code == 422, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
    assert news.client.get("/v1/search", params={"q": ""}).status_code == 422


def test_hostile_queries_are_words(news: Served) -> None:
    for asked in ("a' OR 1=1", "\x00 lighthouse", "light*", '"unbalanced', "NEAR(a b)", "title:x"):
        assert news.client.get("/v1/search", params={"q": asked}).status_code == 200
    assert news.client.get("/v1/search", params={"q": "\\"}).status_code == 422


def test_further_filters_narrow_the_list(news: Served) -> None:
    for filters, expected in FILTERED:
        answer = news.client.get("/v1/stories", params=filters)
        assert [story["title"] for story in answer.json()["stories"]] == expected, filters


def test_fields_leave_the_rest_out(news: Served) -> None:
    told = news.client.get("/v1/stories", params={"fields": "title, copies", "limit": 1}).json()
    assert set(told) == {"stories", "next"}
    assert set(told["stories"][0]) == {"id", "title", "copies"}
    one = news.client.get(f"/v1/stories/{told['stories'][0]['id']}", params={"fields": "articles"}).json()
    assert set(one) == {"id", "articles"}
    refused = news.client.get("/v1/stories", params={"fields": "title,colour"})
    assert refused.status_code == 422
    assert "colour" in refused.json()["detail"]


def test_fields_name_the_same_list_to_a_cursor(news: Served) -> None:
    first = news.client.get("/v1/stories", params={"limit": 1, "fields": "title"})
    assert "fields=title" in first.links["next"]["url"]
    second = news.client.get(first.links["next"]["url"]).json()["stories"]
    assert [set(story) for story in second] == [{"id", "title"}]


@pytest.mark.parametrize("order", ["relevance", "time"])
def test_filters_by_copies_narrow_a_search_in_either_order(news: Served, order: str) -> None:
    for name, value, titles in (
        ("outlet", "Bridge 2", ["Bridge to close"]),
        ("owner", "Coast Media", ["Bridge to close"]),
        ("ours", "true", ["Bridge to close"]),
        ("outlet", "Ferry 0", []),
        ("credit", "Reuters", []),
        ("watch", "1", []),
    ):
        told = news.client.get("/v1/search", params={"q": "bridge", "order": order, name: value})
        assert [one["story"]["title"] for one in told.json()["found"]] == titles, (name, value)
