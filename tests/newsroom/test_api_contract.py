"""The OpenAPI document against the app that serves it: whatever fits the document is answered as it says."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from newsroom.api.fetching import Fetches
from newsroom.app import make_app
from newsroom.listening import open_socket
from newsroom.server import serving
from pipelines.registry import Registry
from store.database import Store
from store.keys import add_key
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
def news(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[tuple[Store, Registry]]:
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
def contract(news: tuple[Store, Registry]) -> Iterator[BaseSchema]:
    """The document of a server that asks for no key."""
    store, registry = news
    app = make_app(store, registry)
    # No crawler is here to wait for.
    app.state.fetches = Fetches(wait_seconds=0.05)
    with open_socket("127.0.0.1", 0) as listening, serving(app, listening) as url:
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")


@pytest.fixture(scope="module")
def locked_contract(news: tuple[Store, Registry]) -> Iterator[tuple[BaseSchema, dict[str, str]]]:
    """The document of a server that asks for keys, and the header that has one."""
    store, registry = news
    with store.write() as connection:
        key = add_key(connection, "contract", "admin", now=NOON)
    bearer = {"Authorization": f"Bearer {key.secret}"}
    app = make_app(store, registry, require_keys=True)
    app.state.strangers.keys.per_minute = 100_000
    with open_socket("127.0.0.1", 0) as listening, serving(app, listening) as url:
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
