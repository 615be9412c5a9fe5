"""The ladder: a store of every released schema, with data in every table it had, becomes one of today's."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    insert,
    inspect,
    make_url,
    select,
    text,
)

from onestory.errors import SchemaTooNew
from onestory.store.database import Store
from onestory.store.integrity import damage_of, unreadable_tables
from onestory.store.migrate import HEAD, schema_revision
from tests.cli import onestory
from tests.news_texts import wire_article
from tests.readings import fresh_registry, reading, take
from tests.servers import PostgresServer

TIME = "2026-01-01T00:00:00.000000Z"
TIME_CHARS = 27
# The words and the structures that code of any version expects there; other texts are their column's name.
VALUES: dict[str, Any] = {
    "absorbed_into": None,
    "relation": "original",
    "language": "en",
    "country": "GB",
    "url": "https://a.example/1",
    "host": "a.example",
    "scope": "read",
    "facts": {},
    "evidence": {},
    "data": {},
    "asks": {},
    "changes": {},
    "phrases": [],
    "kinds": [],
    "gathered": [],
    "a": 1,
    "b": 2,
}
# One row a table, except where a pair is needed.
TWICE = ("articles", "versions")
RENAMED = {"furniture": "boilerplate"}
NOT_OURS = ("alembic_version", "search_words")
Clone = Callable[[], AbstractContextManager[str]]


@pytest.fixture(params=["sqlite", "postgresql"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Clone]]:
    """The URL of an empty database, and a way to copies of it, on either kind."""
    if request.param == "sqlite":
        path = tmp_path / "ladder.db"

        @contextmanager
        def file_copy() -> Iterator[str]:
            shutil.copy(path, tmp_path / "copy.db")
            yield f"sqlite:///{tmp_path}/copy.db"
            for file in tmp_path.glob("copy.db*"):
                file.unlink()

        yield f"sqlite:///{path}", file_copy
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url, lambda: server.database(template=str(make_url(url).database))


def revisions() -> list[str]:
    return sorted(script.revision for script in ScriptDirectory.from_config(alembic()).walk_revisions())


def alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("onestory.store") / "migrations"))
    return config


def climb(url: str, revision: str) -> dict[str, list[dict[str, Any]]]:
    """Bring the database to this revision, and put rows into the tables that have none; return all rows by table."""
    engine = create_engine(url)
    with engine.connect() as connection, connection.begin():
        config = alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        found = reflected(connection)
        for table in found.sorted_tables:
            if table.name not in NOT_OURS and connection.execute(select(table).limit(1)).first() is None:
                connection.execute(insert(table), rows_for(table))
        held = rows_in(connection, found)
    engine.dispose()
    return held


def reflected(connection: Connection) -> MetaData:
    found = MetaData()
    names = [name for name in inspect(connection).get_table_names() if not name.startswith("search_words")]
    found.reflect(connection, only=names)
    return found


def rows_in(connection: Connection, found: MetaData) -> dict[str, list[dict[str, Any]]]:
    return {
        str(table.name): [
            {str(name): value for name, value in row.items()} for row in connection.execute(select(table)).mappings()
        ]
        for table in found.sorted_tables
        if table.name not in NOT_OURS
    }


def rows_for(table: Table) -> list[dict[str, Any]]:
    numbers = (1, 2) if table.name in TWICE else (1,)
    return [{column.name: value_of(column, number) for column in table.columns} for number in numbers]


def value_of(column: "Column[Any]", number: int) -> Any:
    """A value of the column's type. Keys have the number of their row."""
    for key in column.foreign_keys:
        target = key.column
        return value_of(target, number) if target.table.name in TWICE else value_of(target, 1)
    if column.name in VALUES:
        value = VALUES[column.name]
        return f"{value}{number}" if column.name == "url" else value
    if isinstance(column.type, LargeBinary):
        return bytes(16)
    if isinstance(column.type, Boolean | Float | Integer):
        return column.type.python_type(number)
    length = getattr(column.type, "length", None)
    return TIME if length == TIME_CHARS else f"{column.name}{number}"[:length]


def test_every_schema_with_data_in_all_its_tables_becomes_todays(ground: tuple[str, Clone]) -> None:
    url, clone = ground
    for revision in revisions():
        before = climb(url, revision)
        assert all(before.values()), (revision, [name for name, rows in before.items() if not rows])
        with clone() as copy:
            store = Store.open(copy)
            with store.read() as connection:
                assert schema_revision(connection) == HEAD, revision
                assert unreadable_tables(connection) == [], revision
                after = rows_in(connection, reflected(connection))
            with store.without_transaction() as connection:
                assert damage_of(connection) == [], revision
            store.close()
        for name, rows in before.items():
            assert kept(rows, after[RENAMED.get(name, name)]), (revision, name, rows, after[RENAMED.get(name, name)])


def kept(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> bool:
    """Whether every former row is there, with the values of all columns that still have their names."""
    shared = set(before[0]) & set(after[0]) if after else set()
    return all(any(all(row[name] == then[name] for name in shared) for row in after) for then in before)


def test_a_store_of_the_first_schema_takes_new_articles(ground: tuple[str, Clone], redis_url: str, prefix: str) -> None:
    url, _ = ground
    climb(url, "0001")
    store = Store.open(url)
    with store.write() as connection:
        # What stands there for signatures cannot be indexed. PostgreSQL does not count the rows that brought a number.
        connection.execute(text("DELETE FROM versions"))
        if store.dialect == "postgresql":
            connection.execute(text("SELECT setval(pg_get_serial_sequence('versions', 'number'), 2)"))
    client = fresh_registry(store, redis_url, prefix)
    client.rebuild()
    take(store, client, [reading(f"https://{name}.example/ferry", wire_article(1)) for name in ("one", "two")])
    with store.read() as connection:
        together = connection.execute(text("SELECT max(copies) FROM stories")).scalar_one()
    client.index.redis.close()
    store.close()
    assert together == 2


def test_a_newer_store_is_refused_with_one_line_and_left_as_it_is(ground: tuple[str, Clone], home: Path) -> None:
    url, _ = ground
    Store.open(url).close()
    engine = create_engine(url)
    with engine.connect() as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew):
        Store.open(url)
    done = onestory("stories", home=home, env={"ONESTORY_DATABASE_URL": url})
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "newer" in done.stderr
    with engine.connect() as connection:
        assert schema_revision(connection) == "9999"
    engine.dispose()
