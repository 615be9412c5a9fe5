"""`onestory copy`: a store moves to another database whole, after any interruption, and is verified."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, inspect, select, text, update

from onestory.errors import BadInput, HomeUnusable
from onestory.store.copy import copying
from onestory.store.copy.copying import copy_rows
from onestory.store.database import Store
from onestory.store.schema import articles, decisions, metadata, search_due, settings, stories
from onestory.store.settings import COPIED_FROM, COPY_PROGRESS, write_setting
from tests.cli import onestory, write_rows
from tests.news_texts import wire_article
from tests.readings import NOON, fresh_registry, reading, take
from tests.servers import PostgresServer

URLS = [f"https://outlet{number}.example/ferry" for number in range(7)]


@pytest.fixture
def full(store: Store, redis_url: str, prefix: str) -> Store:
    """Copies of three stories, more than a batch of some table, on either database."""
    client = fresh_registry(store, redis_url, prefix)
    client.rebuild()
    take(store, client, [reading(url, wire_article(at % 3)) for at, url in enumerate(URLS)])
    client.index.redis.close()
    return store


@pytest.fixture
def other(full: Store, postgres: PostgresServer, tmp_path: Path) -> Iterator[Store]:
    """An empty store on the other database."""
    if full.dialect == "postgresql":
        opened = Store.open(f"sqlite:///{tmp_path}/other.db")
        yield opened
        opened.close()
        return
    with postgres.database() as url:
        opened = Store.open(url)
        yield opened
        opened.close()


def everything(store: Store) -> dict[str, list[object]]:
    """All rows by table, but for the mark that only a copy has."""
    with store.read() as connection:
        return {
            str(table.name): sorted(repr(row) for row in connection.execute(select(table)) if COPIED_FROM not in row)
            for table in metadata.sorted_tables
            if table is not search_due
        }


def test_a_copy_holds_the_same_rows_on_the_other_database(full: Store, other: Store) -> None:
    copied = {table.name: table.rows for table in copy_rows(full, other, identity="one")}
    assert everything(other) == everything(full)
    assert (copied["articles"], copied["versions"], copied["settings"]) == (7, 7, len(everything(full)["settings"]))
    with other.read() as connection:
        waiting = connection.scalars(select(search_due.c.article_id).order_by(search_due.c.number)).all()
        arrived = connection.scalars(select(articles.c.id).order_by(articles.c.arrival)).all()
        assert (len(waiting), waiting) == (7, arrived)


def test_a_number_that_was_given_is_not_given_again(full: Store, other: Store) -> None:
    with full.write() as connection:
        row = {"kind": "pin", "decided": NOON, "who": "Ada", "why": "first"}
        given = connection.execute(insert(decisions).values(**row)).inserted_primary_key
        assert given is not None
        connection.execute(delete(decisions))
    copy_rows(full, other, identity="one")
    with other.write() as connection:
        after = connection.execute(insert(decisions).values(**row)).inserted_primary_key
        assert after is not None
        assert after[0] == given[0] + 1


class Killed(Exception):  # noqa: N818 - stands for a signal
    pass


def test_a_copy_that_is_killed_anywhere_is_continued(
    full: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BATCH_ROWS", 3)
    seen: list[tuple[str, int]] = []

    def stop_at_each(table: str, rows: int) -> None:
        seen.append((table, rows))
        if table != copying.INDEXES or rows > 30:
            raise Killed

    for _ in range(100):
        try:
            copy_rows(full, other, identity="one", progress=stop_at_each)
        except Killed:
            continue
        break
    assert len(seen) > 10
    assert everything(other) == everything(full)
    with other.read() as connection:
        assert connection.scalar(select(func.count()).select_from(settings).where(settings.c.key == COPY_PROGRESS)) == 0


def keys_and_indexes(store: Store) -> list[tuple[object, ...]]:
    """What the database knows of the keys, links and indexes of all tables."""
    query = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    if store.dialect == "postgresql":
        query = """
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
                WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2, 3
        """
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_indexes_are_built_when_all_rows_are_there(full: Store, other: Store) -> None:
    before, during = keys_and_indexes(other), []

    def look(table: str, rows: int) -> None:
        if table == "articles":
            with other.read() as connection:
                during.append(inspect(connection).get_indexes("articles"))

    copy_rows(full, other, identity="one", progress=look)
    assert during == [[]]
    assert keys_and_indexes(other) == before
    assert len(before) > 100


def test_the_copy_of_an_earlier_version_is_not_continued(full: Store, other: Store) -> None:
    with other.write() as connection:
        write_setting(connection, COPY_PROGRESS, '["one", {"stories": ["ab"]}]')
    with pytest.raises(BadInput, match="unfinished copy by an earlier version"):
        copy_rows(full, other, identity="one")


def test_a_store_that_was_written_to_between_two_runs_is_noticed(full: Store, other: Store) -> None:
    def stop(table: str, rows: int) -> None:
        if table == "articles":
            raise Killed

    with pytest.raises(Killed):
        copy_rows(full, other, identity="one", progress=stop)
    with full.write() as connection:
        connection.execute(update(stories).values(copies=stories.c.copies + 1))
    with pytest.raises(HomeUnusable, match=r"the copy of stories h.*differ: stop all processes"):
        copy_rows(full, other, identity="one")


def test_a_target_that_holds_something_else_is_refused(full: Store, other: Store) -> None:
    def stop(table: str, rows: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        copy_rows(full, other, identity="one", progress=stop)
    with pytest.raises(BadInput, match="an unfinished copy of another store"):
        copy_rows(full, other, identity="two")
    copied = copy_rows(full, other, identity="one")
    with pytest.raises(BadInput, match="holds a store already"):
        copy_rows(full, other, identity="two")
    assert copy_rows(full, other, identity="one") == copied  # the run before may have been killed behind its last row
    with other.write() as connection:
        connection.execute(update(stories).values(copies=stories.c.copies + 1))
    with pytest.raises(BadInput, match="holds a store already"):
        copy_rows(full, other, identity="one")


def test_dumps_before_and_after_the_way_to_postgresql_and_back_are_the_same(
    home: Path, postgres_url: str, tmp_path: Path
) -> None:
    rows = [{"url": url, "title": "Ferry", "text": wire_article(at % 2)} for at, url in enumerate(URLS[:4])]
    assert onestory("import", write_rows(tmp_path / "r.jsonl", *rows), home=home).returncode == 0
    before = onestory("dump", "-", "--rows", "articles", home=home).stdout
    there = onestory("copy", "--to", postgres_url, home=home)
    assert (there.returncode, "copied and verified" in there.stdout) == (0, True)
    env = {"ONESTORY_DATABASE_URL": postgres_url}
    assert onestory("dump", "-", "--rows", "articles", home=home, env=env).stdout == before
    back = onestory("copy", "--to", f"sqlite:///{tmp_path}/back.db", "--json", home=home, env=env)
    assert {json.loads(line)["name"] for line in back.stdout.splitlines()} >= {"articles", "versions", "stories"}
    env = {"ONESTORY_DATABASE_URL": f"sqlite:///{tmp_path}/back.db"}
    assert onestory("dump", "-", "--rows", "articles", home=home, env=env).stdout == before
    assert before.count("\n") == 4


def test_a_target_that_is_none_is_refused(home: Path) -> None:
    for url, said in (("nowhere", "--to is not a database URL"), (f"sqlite:///{home}/onestory.db", "name another one")):
        done = onestory("copy", "--to", url, home=home)
        assert (done.returncode, said in done.stderr) == (2, True)
