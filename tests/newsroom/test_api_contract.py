"""The OpenAPI document against the app that serves it: whatever fits the document is answered as it says."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

from newsroom.api.fetching import Fetches
from newsroom.server import make_app, open_socket, serving
from store.database import Store
from tests.newsroom.news import BRIDGE, FERRY, put, story_of
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
def contract(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[BaseSchema]:
    """The document of a server with two stories."""
    path = tmp_path_factory.mktemp("contract") / "onestory.db"
    store = Store.open(f"sqlite:///{path}")
    ours, theirs = (fresh_registry(store, redis_url, path.parent.name) for _ in range(2))
    ours.rebuild()
    put(store, ours, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
    put(store, ours, story_of(FERRY, copies=1, name="ferry", title="Ferry crews to strike", minutes=60))
    app = make_app(store, theirs)
    # No crawler is here to wait for.
    app.state.fetches = Fetches(wait_seconds=0.05)
    with open_socket("127.0.0.1", 0) as listening, serving(app, listening) as url:
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")
    ours.index.redis.close()
    theirs.index.redis.close()
    store.close()


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


def check(operation: APIOperation) -> None:
    # That nobody came in time is a 503, as the document says.
    waiting = [not_a_server_error] if operation.path == "/v1/lookup/fetch" else []

    @BOUNDED
    @given(case=operation.as_strategy())
    def answered(case: schemathesis.Case) -> None:
        # What a time or a query has to be like is said in words, not by a pattern: some that fit are refused.
        case.call_and_validate(excluded_checks=[positive_data_acceptance, *waiting])

    answered()
