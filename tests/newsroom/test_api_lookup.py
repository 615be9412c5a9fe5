"""GET and POST /v1/lookup over HTTP, on SQLite and PostgreSQL."""

import json

import httpx2 as httpx
import pytest

from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, put, story_of


@pytest.fixture
def news(served: Served) -> Served:
    put(served.store, served.index_client, story_of(BRIDGE, copies=2, name="bridge", title="Bridge to close"))
    return served


def reason(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["reason"])


def test_a_text_that_ran_is_found_with_its_spans(news: Served) -> None:
    text = f"Our own first line, which nobody has run before, stands here.\n{BRIDGE}"
    told = news.client.post("/v1/lookup", json={"text": text}).json()
    [found] = told["found"]
    assert (found["title"], found["copies"], found["first_outlet"]) == ("Bridge to close", 2, "Bridge 0")
    assert found["share"] > 0.8
    [[start, end]] = found["spans"]
    assert text[start:end] == BRIDGE.removesuffix(".")
    assert told["index"] == "ready"


def test_a_plain_text_may_be_sent_as_it_is(news: Served) -> None:
    answer = news.client.post("/v1/lookup", content=BRIDGE.encode(), headers={"Content-Type": "text/plain"})
    assert answer.json()["found"][0]["share"] == 1


def test_a_text_that_never_ran_is_not_found(news: Served) -> None:
    told = news.client.post("/v1/lookup", json={"text": FERRY}).json()
    assert told["found"] == []
    assert told["words"] > 50


def test_a_known_url_leads_to_its_story_however_it_is_spelled(news: Served) -> None:
    url = "HTTPS://www.Bridge1.example/bridge?utm_source=mail#top"
    for answer in (
        news.client.get("/v1/lookup", params={"url": url}),
        news.client.post("/v1/lookup", json={"url": url}),
    ):
        [found] = answer.json()["found"]
        assert (found["title"], found["share"], found["copies"]) == ("Bridge to close", 1, 2)


def test_an_unknown_url_is_a_problem_that_says_what_to_do(news: Served) -> None:
    answer = news.client.get("/v1/lookup", params={"url": "https://nowhere.example/x"})
    assert reason(answer, 404) == "not_found"
    assert "look up its text" in answer.json()["detail"]


@pytest.mark.parametrize("url", ["", "nonsense", "javascript:alert(1)", "ftp://a.example/", "https://a\x00b/"])
def test_what_is_no_url_is_a_problem(news: Served, url: str) -> None:
    assert reason(news.client.get("/v1/lookup", params={"url": url}), 422) == "bad_input"


def test_three_words_are_too_few_and_it_says_so(news: Served) -> None:
    answer = news.client.post("/v1/lookup", json={"text": "only three words"})
    assert reason(answer, 422) == "bad_input"
    assert "3 words" in answer.json()["detail"]


def test_two_megabytes_are_too_large(news: Served) -> None:
    answer = news.client.post("/v1/lookup", json={"text": "word " * 400_000})
    assert reason(answer, 413) == "too_large"
    assert news.client.get("/livez").status_code == 200


def test_a_large_text_in_pieces_without_a_length_is_too_large_as_well(news: Served) -> None:
    pieces = (b"word " * 10_000 for _ in range(40))
    answer = news.client.post("/v1/lookup", content=pieces, headers={"Content-Type": "text/plain"})
    assert reason(answer, 413) == "too_large"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{not json", 400),
        (b'{"text": "\\ud800 is half a character and no text"}', 400),
        (b"\xff\xfe", 400),
        (b"[]", 422),
        (b"{}", 422),
        (json.dumps({"text": BRIDGE, "url": "https://a.example/"}).encode(), 422),
        (json.dumps({"text": BRIDGE, "more": 1}).encode(), 422),
        (b'{"text": 7}', 422),
    ],
)
def test_a_body_that_is_no_question_is_a_problem(news: Served, body: bytes, status: int) -> None:
    answer = news.client.post("/v1/lookup", content=body, headers={"Content-Type": "application/json"})
    assert reason(answer, status) == ("bad_request" if status == 400 else "bad_input")


def test_a_form_is_not_what_the_api_takes(news: Served) -> None:
    assert reason(news.client.post("/v1/lookup", data={"text": BRIDGE}), 415) == "unsupported_media_type"


def test_while_the_index_is_not_whole_only_the_same_text_is_found(news: Served) -> None:
    news.index_client.index.redis.flushdb()
    told = news.client.post("/v1/lookup", json={"text": BRIDGE}).json()
    assert told["index"] == "rebuilding"
    assert told["found"][0]["share"] == 1
    assert news.client.get("/readyz").json()["index"] == "rebuilding"


def test_a_text_with_a_nul_is_looked_up_like_any_other(news: Served) -> None:
    told = news.client.post("/v1/lookup", json={"text": BRIDGE.replace("harbour ", "harbour \x00")}).json()
    assert told["found"][0]["title"] == "Bridge to close"
