"""Fixtures of all tests: one real Redis and PostgreSQL per run, and a fresh place in them for each test."""

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from redis import Redis

from onestory.store.database import Store
from tests.processes import marked
from tests.servers import PostgresMissing, PostgresServer, postgres_server, redis_server, short_folder

_numbers = count(1)


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """Ends the processes that a test started, whatever became of it."""
    with marked():
        yield


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis or Valkey, the same that the embedded server would start."""
    with redis_server() as url:
        yield url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[Redis]:
    """Answers in bytes."""
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def prefix() -> str:
    """Begins the keys of this test and of no other; a hash tag, so that all of them share a slot."""
    return f"{{test{next(_numbers)}}}:"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL; where it cannot run its tests are skipped, but never in CI."""
    try:
        with postgres_server() as server:
            yield server
    except PostgresMissing as reason:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(reason))


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database of its own."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'onestory.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the whole schema and nothing in it."""
    path = tmp_path_factory.mktemp("template") / "onestory.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a database with the whole schema and nothing in it."""
    postgres.execute("CREATE DATABASE migrated")
    Store.open(postgres.url("migrated")).close()
    return "migrated"


@pytest.fixture
def sqlite_store_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "onestory.db")
    return f"sqlite:///{tmp_path / 'onestory.db'}"


@pytest.fixture
def postgres_store_url(postgres: PostgresServer, postgres_template: str) -> Iterator[str]:
    with postgres.database(template=postgres_template) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """A store with its schema and nothing in it, once on SQLite and once on PostgreSQL."""
    return request.getfixturevalue(f"{request.param}_store_url")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """The same, open."""
    opened = Store.open(store_url)
    yield opened
    opened.close()


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder that does not exist yet, in a place short enough for a unix socket."""
    with short_folder() as folder:
        yield folder / "home"
