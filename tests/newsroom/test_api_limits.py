"""How often a client may ask, and which other sites' pages may read the answers."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from onestory.config import Config
from onestory.errors import BadInput
from onestory.newsroom.access.rate_limit import DEFAULT_PER_MINUTE, MAX_CLIENTS, RateLimiter, requests_per_minute
from onestory.newsroom.server.cors import ApiCors
from tests.newsroom.conftest import Served


def app() -> Starlette:
    def told(request: object) -> PlainTextResponse:
        return PlainTextResponse("ok", headers={"ETag": '"1"'})

    return Starlette(routes=[Route(path, told) for path in ("/v1/stories", "/")])


def test_a_client_may_ask_so_often_and_again_when_it_has_waited() -> None:
    now = 100.0
    client = TestClient(RateLimiter(app(), per_minute=3, clock=lambda: now))
    left = [client.get("/v1/stories").headers["ratelimit"] for _ in range(3)]
    assert left == ['"default";r=2;t=20', '"default";r=1;t=40', '"default";r=0;t=60']
    refused = client.get("/v1/stories")
    assert (refused.status_code, refused.json()["reason"]) == (429, "too_many_requests")
    assert refused.headers["retry-after"] == "20"
    assert refused.headers["ratelimit-policy"] == '"default";q=3;w=60'
    assert client.get("/").status_code == 200
    now += 20
    assert client.get("/v1/stories").status_code == 200
    assert client.get("/v1/stories").status_code == 429


def test_one_client_does_not_use_up_what_another_has() -> None:
    asked_by = "a"
    limits = RateLimiter(app(), per_minute=1, client_key=lambda scope: asked_by, clock=lambda: 0.0)
    client = TestClient(limits)
    assert [client.get("/v1/stories").status_code for _ in range(2)] == [200, 429]
    for name in range(MAX_CLIENTS):
        asked_by = str(name)
        limits._buckets.take(asked_by)
    assert len(limits._buckets) == MAX_CLIENTS
    asked_by = "a"
    assert client.get("/v1/stories").status_code == 200


def test_who_is_alone_on_the_machine_is_not_limited() -> None:
    assert requests_per_minute("127.0.0.1", None) == 0
    assert requests_per_minute("0.0.0.0", None) == DEFAULT_PER_MINUTE
    assert requests_per_minute("0.0.0.0", 0) == 0
    assert requests_per_minute("127.0.0.1", 7) == 7


def test_only_pages_of_sites_on_the_list_may_read() -> None:
    client = TestClient(ApiCors(app(), origins=["https://desk.example"]))
    ours = client.get("/v1/stories", headers={"Origin": "https://desk.example"})
    assert ours.headers["access-control-allow-origin"] == "https://desk.example"
    assert "ETag" in ours.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in ours.headers
    theirs = client.get("/v1/stories", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in theirs.headers
    page = client.get("/", headers={"Origin": "https://desk.example"})
    assert "access-control-allow-origin" not in page.headers
    asked = client.options(
        "/v1/stories",
        headers={
            "Origin": "https://desk.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "If-None-Match",
        },
    )
    assert asked.status_code == 200


def test_without_a_list_no_other_site_reads(served: Served) -> None:
    answer = served.client.get("/v1/stories", headers={"Origin": "https://desk.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert "ratelimit" not in answer.headers


@pytest.mark.parametrize(
    "value", ["*", "desk.example", "https://desk.example/path", "https://a.example, ftp://b", "null"]
)
def test_what_is_no_origin_is_refused_by_name(value: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="ONESTORY_CORS_ORIGINS"):
        Config.read({"ONESTORY_CORS_ORIGINS": value}, home=tmp_path)


@pytest.mark.parametrize("value", ["-1", "many", "1e3", "99999999999", "٣"])
def test_what_is_no_limit_is_refused_by_name(value: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="ONESTORY_RATE_LIMIT"):
        Config.read({"ONESTORY_RATE_LIMIT": value}, home=tmp_path)


def test_origins_and_limit_are_read(tmp_path: Path) -> None:
    config = Config.read(
        {"ONESTORY_CORS_ORIGINS": "https://Desk.example/, http://localhost:3000", "ONESTORY_RATE_LIMIT": "90"},
        home=tmp_path,
    )
    assert config.cors_origins == ("https://desk.example", "http://localhost:3000")
    assert config.rate_limit == 90
