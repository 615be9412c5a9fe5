"""A real server over a real store and a real Redis, with a clock that stands still."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx2 as httpx
import pytest

from newsroom.app import make_app
from newsroom.listening import open_socket
from newsroom.server import serving
from pipelines.registry import Registry
from store.database import Store
from tests.newsroom.locked import Locked, locked_desk
from tests.newsroom.news import NOON
from tests.readings import fresh_registry


@dataclass(frozen=True, slots=True)
class Served:
    """What is served, and a client that asks for it; `registry` is the test's own."""

    store: Store
    registry: Registry
    client: httpx.Client


@pytest.fixture
def served(store: Store, redis_url: str, prefix: str) -> Iterator[Served]:
    yield from serve_store(store, redis_url, prefix)


def serve_store(store: Store, redis_url: str, prefix: str) -> Iterator[Served]:
    """Once; the store is closed by whoever opened it."""
    ours, theirs = (fresh_registry(store, redis_url, prefix) for _ in range(2))
    ours.rebuild()
    app = make_app(store, theirs, clock=lambda: NOON + timedelta(hours=2))
    with (
        open_socket("127.0.0.1", 0) as listening,
        serving(app, listening) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield Served(store, ours, client)
    ours.index.redis.close()
    theirs.index.redis.close()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[httpx.Client]:
    """Asks a server with an empty store, shared by tests that put nothing in."""
    path = tmp_path_factory.mktemp("empty") / "onestory.db"
    store = Store.open(f"sqlite:///{path}")
    registry = fresh_registry(store, redis_url, path.parent.name)
    registry.rebuild()
    with (
        open_socket("127.0.0.1", 0) as listening,
        serving(make_app(store, registry), listening) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield client
    registry.index.redis.close()
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
