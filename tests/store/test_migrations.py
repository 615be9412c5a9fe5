"""Migrations: the newest revision, and stores of earlier releases that are opened by this one."""

from importlib import resources

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from onestory.store.access.api_keys import list_keys
from onestory.store.boilerplate import active_fingerprints
from onestory.store.database import Store
from onestory.store.migrate import HEAD

LINE = """INSERT INTO furniture (host, fingerprint, line, stories, stories_known, last_seen, in_force, since)
VALUES ('herald.example', 7, 'Sign up for news', 3, 4, :at, true, :at)"""
KEY = """INSERT INTO api_keys (name, scope, digest, begins, is_given, created)
VALUES ('news desk', 'edit', 'd', 'onestory_1f0c93ab', false, :at)"""


@pytest.fixture
def store_of_0010(database_url: str) -> str:
    engine = create_engine(database_url)
    with engine.connect() as connection, connection.begin():
        _upgrade(connection, "0010")
        for statement in (LINE, KEY):
            connection.execute(text(statement), {"at": "2026-01-01T00:00:00.000000Z"})
    engine.dispose()
    return database_url


def test_head_is_the_newest_revision() -> None:
    assert ScriptDirectory.from_config(_config()).get_current_head() == HEAD


def test_renamed_tables_and_columns_keep_their_rows(store_of_0010: str) -> None:
    store = Store.open(store_of_0010)
    with store.read() as connection:
        assert active_fingerprints(connection) == {"herald.example": frozenset({7})}
        [key] = list_keys(connection)
    store.close()
    assert (key.name, key.prefix, key.from_environment) == ("news desk", "onestory_1f0c93ab", False)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("onestory.store") / "migrations"))
    return config


def _upgrade(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
