"""What holds for every address: problems, headers, hosts, health and the OpenAPI document."""

import socket
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from jsonschema_rs import Draft202012Validator

from onestory.errors import BadInput
from onestory.newsroom.http.schemas import ProblemDetails
from onestory.newsroom.server.app import create_app
from onestory.newsroom.server.server import PortInUse, listen_on, serve_in_thread
from onestory.store.database import Store
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, put, story_of
from tests.readings import fresh_registry
from tests.servers import redis_server

NO_ID = "f" * 24


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/stories/", 404),
        ("GET", "/v1/stories/7", 404),
        ("GET", "/v1/stories/%00", 404),
        ("GET", "/v1/stories/..%2f..%2fetc", 404),
        ("GET", f"/v1/stories/{NO_ID}", 404),
        ("GET", f"/v1/articles/{NO_ID}", 404),
        ("GET", f"/v1/articles/{NO_ID.upper()}", 404),
        ("POST", "/v1/stories", 405),
        ("DELETE", f"/v1/stories/{NO_ID}", 405),
        ("GET", "/v1/stories?limit=0", 422),
        ("GET", "/v1/stories?limit=many", 422),
        ("GET", "/v1/stories?limit=" + "9" * 5000, 422),
        ("GET", "/v1/stories?min_copies=99999999999", 422),
        ("GET", "/v1/stories?langauge=en", 422),
        ("GET", "/v1/stories?language=englisch", 422),
        ("GET", "/v1/stories?since=yesterday", 422),
        ("GET", "/v1/stories?cursor=", 400),
        ("GET", "/v1/stories?cursor=%ff%00", 400),
        ("GET", "/v1/stories?cursor=WzEsMiwzXQ", 400),
        ("GET", "/v1/lookup", 422),
        ("PUT", "/livez", 405),
    ],
)
def test_every_error_is_a_problem(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = ProblemDetails.model_validate(answer.json())
    assert problem.status == status
    assert problem.detail.endswith(".")


def test_a_problem_of_parameters_names_each_of_them(client: httpx.Client) -> None:
    problem = client.get("/v1/stories?limit=0&since=soon").json()
    assert {fault["parameter"] for fault in problem["errors"]} == {"limit", "since"}


def test_405_names_what_is_allowed(client: httpx.Client) -> None:
    assert "GET" in client.post("/v1/stories").headers["allow"]


def test_nul_and_friends_in_filters_are_no_fault(client: httpx.Client) -> None:
    statuses = {"query=%00": 200, "outlet=a%00b": 200, "query=%ff": 422, "query=%25_%5C": 422, "language=%00en": 422}
    assert {query: client.get(f"/v1/stories?{query}").status_code for query in statuses} == statuses


def test_a_fault_of_ours_is_a_problem_that_tells_nothing(store: Store, redis_url: str, prefix: str) -> None:
    app = create_app(store, fresh_registry(store, redis_url, prefix))

    @app.get("/v1/broken")
    def broken() -> None:
        raise RuntimeError("the password is hunter2")

    answer = ask(app, "/v1/broken")
    assert answer.status_code == 500
    assert answer.json()["reason"] == "error"
    assert "hunter2" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def ask(app: FastAPI, path: str, **headers: str) -> httpx.Response:
    with listen_on("127.0.0.1", 0) as listening, serve_in_thread(app, listening) as url:
        return httpx.get(url + path, headers=headers, trust_env=False)


@pytest.mark.parametrize("path", ["/", "/v1/stories", "/v1/nothing", "/static/style.css", "/nothing"])
def test_every_answer_carries_the_headers_that_protect_it(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert {"'self'", "'none'"} >= set(policy.values())
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.7", "api", ""])
def test_on_loopback_a_foreign_host_name_is_not_answered(client: httpx.Client, host: str) -> None:
    answer = client.get("/v1/stories", headers={"Host": host})
    assert (answer.status_code, answer.json()["reason"]) == (421, "misdirected")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:80", "[::1]:8000"])
def test_loopback_by_any_name_is_answered(client: httpx.Client, host: str) -> None:
    assert client.get("/livez", headers={"Host": host}).status_code == 200


def test_live_and_ready(client: httpx.Client) -> None:
    assert client.get("/livez").text == "ok\n"
    assert client.get("/readyz").json() == {
        "status": "ready",
        "database": "ok",
        "redis": "ok",
        "index": "ready",
    }


def test_without_redis_it_is_alive_lists_stories_and_is_not_ready(store: Store) -> None:
    with redis_server() as short_lived:
        orphan = fresh_registry(store, short_lived, "p")
    with listen_on("127.0.0.1", 0) as listening, serve_in_thread(create_app(store, orphan), listening) as url:
        assert httpx.get(f"{url}/livez").status_code == 200
        assert httpx.get(f"{url}/v1/stories").status_code == 200
        ready = httpx.get(f"{url}/readyz")
        lookup = httpx.post(f"{url}/v1/lookup", json={"text": BRIDGE})
        page = httpx.post(f"{url}/lookup", files={"text": (None, BRIDGE)})
    assert (ready.status_code, ready.json()["reason"]) == (503, "not_ready")
    assert list(ready.json()["checks"]) == ["redis"]
    assert (lookup.status_code, lookup.json()["reason"]) == (503, "index_unavailable")
    assert lookup.headers["retry-after"] == "5"
    assert page.status_code == 503
    assert "Try again" in page.text


def test_a_port_in_use_is_told_in_plain_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} on 127.0.0.1 is in use.*--port"):
            listen_on("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_told_in_plain_words() -> None:
    with pytest.raises(BadInput, match=r"cannot listen on 203\.0\.113\.9"):
        listen_on("203.0.113.9", 0)
    with pytest.raises(BadInput, match="70000 is not a port"):
        listen_on("127.0.0.1", 70_000)


def test_the_document_is_openapi_3_1_and_every_error_in_it_a_problem(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    paths = set(document["paths"])
    assert paths >= {"/v1/stories", "/v1/articles/{article_id}", "/v1/lookup", "/v1/search", "/v1/events", "/livez"}
    assert all(path.startswith("/v1/") for path in paths - {"/livez", "/readyz", "/metrics"})
    assert "HTTPValidationError" not in str(document)
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["operationId"]
            for status, response in operation["responses"].items():
                if status >= "4":
                    assert list(response["content"]) == ["application/problem+json"], operation


def test_everything_in_the_document_has_an_example_that_fits_it(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for one in operation.get("parameters", ()):
                examples = examples_of(one)
                assert examples, (path, one["name"])
                assert [faults(each, one["schema"], document) for each in examples] == [[]] * len(examples), one["name"]
            answers = [one["content"] for status, one in operation["responses"].items() if "content" in one]
            asked = [operation["requestBody"]["content"]] if "requestBody" in operation else []
            for media_type, told in (pair for content in asked + answers for pair in content.items()):
                examples = examples_of(told)
                assert examples, (method, path, media_type)
                for each in examples:
                    assert faults(each, told.get("schema", {}), document) == [], (method, path, media_type)
                    assert "…" not in str(each), (method, path, "a member without an example")


def examples_of(told: dict[str, Any]) -> list[Any]:
    return [told["example"]] if "example" in told else list(told["schema"].get("examples", ()))


def faults(example: object, schema: dict[str, Any], document: dict[str, Any]) -> list[str]:
    validator = Draft202012Validator({**schema, "components": document["components"]}, validate_formats=True)
    return [f"{error.instance_path} {error.message[:200]}" for error in validator.iter_errors(example)]


def test_what_the_document_says_is_what_is_sent(served: Served) -> None:
    put(served.store, served.index_client, story_of(BRIDGE, copies=2, name="bridge", title="Bridge"))
    document = served.client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    [story] = served.client.get("/v1/stories").json()["stories"]
    told = served.client.get(f"/v1/stories/{story['id']}").json()
    article = served.client.get(f"/v1/articles/{story['id']}").json()
    for name, sent in (
        ("Story", story),
        ("StoryWithCopies", told),
        ("StoryCopy", told["articles"][0]),
        ("CopyEvidence", told["evidence"][0]),
        ("Article", article),
    ):
        assert set(sent) == set(schemas[name]["properties"]) == set(schemas[name]["required"]), name
