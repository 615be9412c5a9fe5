"""A real server over a real store and a real Redis, with a clock that stands still."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx2 as httpx
import pytest

from onestory.newsroom.lookup.fetch_api import PendingFetches
from onestory.newsroom.server.app import create_app
from onestory.newsroom.server.server import listen_on, serve_in_thread
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.database import Store
from tests.newsroom.locked import Locked, locked_desk
from tests.newsroom.news import NOON
from tests.readings import fresh_registry
from tests.waiting import LONGEST_WAIT


@dataclass(frozen=True, slots=True)
class Served:
    """What is served, and a client that asks for it; `index_client` is the test's own."""

    store: Store
    index_client: IndexClient
    client: httpx.Client


@pytest.fixture
def served(store: Store, redis_url: str, prefix: str) -> Iterator[Served]:
    yield from serve_store(store, redis_url, prefix)


def serve_store(store: Store, redis_url: str, prefix: str) -> Iterator[Served]:
    """Once; the store is closed by whoever opened it."""
    ours, theirs = (fresh_registry(store, redis_url, prefix) for _ in range(2))
    ours.rebuild()
    app = create_app(store, theirs, clock=lambda: NOON + timedelta(hours=2))
    app.state.fetches = PendingFetches(wait_seconds=LONGEST_WAIT)
    with (
        listen_on("127.0.0.1", 0) as listening,
        serve_in_thread(app, listening) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=LONGEST_WAIT) as client,
    ):
        yield Served(store, ours, client)
    ours.index.redis.close()
    theirs.index.redis.close()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[httpx.Client]:
    """Asks a server with an empty store, shared by tests that put nothing in."""
    path = tmp_path_factory.mktemp("empty") / "onestory.db"
    store = Store.open(f"sqlite:///{path}")
    index_client = fresh_registry(store, redis_url, path.parent.name)
    index_client.rebuild()
    with (
        listen_on("127.0.0.1", 0) as listening,
        serve_in_thread(create_app(store, index_client), listening) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=LONGEST_WAIT) as client,
    ):
        yield client
    index_client.index.redis.close()
    store.close()


@pytest.fixture
def locked(store: Store, redis_url: str, prefix: str) -> Iterator[Locked]:
    with locked_desk(store, redis_url, prefix) as desk:
        yield desk


@pytest.fixture
def small(sqlite_store_url: str, redis_url: str, prefix: str) -> Iterator[Locked]:
    """The same on SQLite alone, for what no database has a part in."""
    store = Store.open(sqlite_store_url)
    with locked_desk(store, redis_url, prefix, cors_origins=["https://friend.example"]) as desk:
        yield desk
    store.close()
