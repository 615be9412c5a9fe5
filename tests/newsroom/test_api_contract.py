"""The OpenAPI document against the app that serves it: whatever fits the document is answered as it says."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from onestory.newsroom.lookup.fetch_api import PendingFetches
from onestory.newsroom.server.app import create_app
from onestory.newsroom.server.server import listen_on, serve_in_thread
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.access.api_keys import add_key
from onestory.store.database import Store
from tests.newsroom.news import BRIDGE, FERRY, NOON, put, story_of
from tests.readings import fresh_registry

EXAMPLES = 12
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[tuple[Store, IndexClient]]:
    """A store with two stories, and a registry for whoever serves it."""
    path = tmp_path_factory.mktemp("contract") / "onestory.db"
    store = Store.open(f"sqlite:///{path}")
    ours, theirs = (fresh_registry(store, redis_url, path.parent.name) for _ in range(2))
    ours.rebuild()
    put(store, ours, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
    put(store, ours, story_of(FERRY, copies=1, name="ferry", title="Ferry crews to strike", minutes=60))
    yield store, theirs
    ours.index.redis.close()
    theirs.index.redis.close()
    store.close()


@pytest.fixture(scope="module")
def contract(news: tuple[Store, IndexClient]) -> Iterator[BaseSchema]:
    """The document of a server that asks for no key."""
    store, index_client = news
    app = create_app(store, index_client)
    # No crawler is here to wait for.
    app.state.fetches = PendingFetches(wait_seconds=0.05)
    with listen_on("127.0.0.1", 0) as listening, serve_in_thread(app, listening) as url:
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")


@pytest.fixture(scope="module")
def locked_contract(news: tuple[Store, IndexClient]) -> Iterator[tuple[BaseSchema, dict[str, str]]]:
    """The document of a server that asks for keys, and the header that has one."""
    store, index_client = news
    with store.write() as connection:
        key = add_key(connection, "contract", "admin", now=NOON)
    bearer = {"Authorization": f"Bearer {key.secret}"}
    app = create_app(store, index_client, require_keys=True)
    app.state.strangers.keys.per_minute = 100_000
    with listen_on("127.0.0.1", 0) as listening, serve_in_thread(app, listening) as url:
        yield schemathesis.openapi.from_url(f"{url}/openapi.json", headers=bearer), bearer


def operations(contract: BaseSchema) -> list[APIOperation]:
    """All that ends."""
    found = [one.ok() for one in contract.get_all_operations()]
    return [one for one in found if not one.path.endswith("/stream")]


def test_every_get_is_answered_as_the_document_says(contract: BaseSchema) -> None:
    found = [one for one in operations(contract) if one.method == "get"]
    assert {"/v1/stories", "/v1/search", "/v1/changes", "/v1/stories.atom"} <= {one.path for one in found}
    for operation in found:
        check(operation)


def test_whatever_changes_something_is_answered_as_the_document_says(contract: BaseSchema) -> None:
    found = [one for one in operations(contract) if one.method != "get"]
    assert {"/v1/watches", "/v1/webhooks", "/v1/lookup", "/v1/lookup/fetch"} <= {one.path for one in found}
    for operation in found:
        check(operation)


def test_with_a_key_every_get_is_answered_as_the_document_says(
    locked_contract: tuple[BaseSchema, dict[str, str]],
) -> None:
    """Schemathesis also asks without the key, and with a wrong one, what the document says that it is needed for."""
    contract, bearer = locked_contract
    for operation in operations(contract):
        if operation.method == "get":
            check(operation, headers=bearer)


def test_without_a_key_every_operation_is_refused_as_the_document_says(
    locked_contract: tuple[BaseSchema, dict[str, str]],
) -> None:
    for operation in (one.ok() for one in locked_contract[0].get_all_operations()):
        check_refusal(operation)


def check_refusal(operation: APIOperation) -> None:
    is_open = operation.path in ("/livez", "/readyz")

    @BOUNDED
    @given(case=operation.as_strategy())
    def refused(case: schemathesis.Case) -> None:
        case.headers.pop("Authorization", None)
        answer = case.call()
        assert (answer.status_code == 401) != is_open
        case.validate_response(answer, excluded_checks=[positive_data_acceptance])

    refused()


def check(operation: APIOperation, *, headers: dict[str, str] | None = None) -> None:
    # That nobody came in time is a 503, as the document says.
    waiting = [not_a_server_error] if operation.path == "/v1/lookup/fetch" else []

    @BOUNDED
    @given(case=operation.as_strategy())
    def answered(case: schemathesis.Case) -> None:
        # What a time or a query has to be like is said in words, not by a pattern: some that fit are refused.
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance, *waiting])

    answered()
