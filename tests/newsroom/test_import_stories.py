"""`onestory import --stories`: the store that an import of the same rows makes, from the result of a batch."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import func, select

from onestory.dedupe.index import BandIndex
from onestory.errors import BadInput
from onestory.newsroom.dump.writer import DumpTable, dump_rows
from onestory.newsroom.imports.stories import import_stories
from onestory.pipelines.batch import components
from onestory.pipelines.boilerplate.learning import learn_boilerplate
from onestory.pipelines.runtime.engine import Engine
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.database import Store
from onestory.store.integrity import damage_of
from onestory.store.schema import articles, removed_lines, search_due, versions
from onestory.store.stories.listing import StoryFilter
from onestory.store.stories.records import MatchRecord, current_matches
from onestory.store.stories.search import search_by_relevance
from tests.batch_rows import mixed_rows
from tests.batches import AS_OF, batch, imported, read_table, write_jsonl
from tests.news_texts import wire_article

Row = dict[str, Any]


class Ended(Exception):  # noqa: N818 - the test ends it
    pass


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows in the order of time, so that stories have the same ids however they are made."""
    ordered = sorted(mixed_rows(), key=lambda row: row.get("fetched", ""))
    return write_jsonl(tmp_path_factory.mktemp("rows") / "rows.jsonl", ordered)


@pytest.fixture(scope="module")
def result(rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the batch made of them, in many groups."""
    out = tmp_path_factory.mktemp("batch") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(components, "CAPTURES_A_GROUP", 30)
        batch([rows], out, keep_store=True)
    return out


@pytest.fixture
def engine(store: Store, redis_client: Redis, prefix: str) -> Engine:
    return Engine(store, IndexClient(store, BandIndex(redis_client, prefix=prefix), ensure_server=lambda: None))


def silent(stage: str, done: int, total: int | None) -> None:
    pass


def everything(store: Store) -> dict[str, list[Any]]:
    """What a store tells of its articles, without the numbers of versions and the ids of stories."""
    told = select(versions.c.article_id, versions.c.content_digest, versions.c.observed, versions.c.facts)
    lines = select(versions.c.article_id, removed_lines.c.line, removed_lines.c.reason).join_from(
        removed_lines, versions, versions.c.number == removed_lines.c.number
    )
    with store.read() as connection:
        stories = sorted(_nameless(row) for row in dump_rows(connection, DumpTable.STORIES))
        found = sorted(
            str(sorted({**row, "story_id": None}.items())) for row in dump_rows(connection, DumpTable.ARTICLES)
        )
        return {
            "stories": stories,
            "articles": found,
            "versions": sorted(map(str, connection.execute(told))),
            "removed": sorted(map(str, connection.execute(lines))),
        }


def matched(store: Store) -> set[tuple[str, str, str]]:
    """The matches of current versions."""
    with store.read() as connection:
        found = [MatchRecord(*row) for row in connection.execute(current_matches())]
    return {(*sorted((one.a_article, one.b_article)), one.kind) for one in found if one.kind != "none"}


def _nameless(story: Row) -> str:
    return str(sorted({**story, "id": None}.items()))


@pytest.fixture(scope="module")
def expected(
    rows: Path, sqlite_template: Path, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Any]]:
    """What an import of the rows makes."""
    place = tmp_path_factory.mktemp("online") / "onestory.db"
    shutil.copy(sqlite_template, place)
    store = Store.open(f"sqlite:///{place}")
    with Redis.from_url(redis_url) as redis:
        imported(rows, store, redis, "{online}:")
    found = everything(store)
    store.close()
    return found


def test_the_store_is_the_one_that_an_import_makes(
    result: Path, engine: Engine, expected: dict[str, list[Any]]
) -> None:
    counts = import_stories(engine, result, progress=silent)
    found = everything(engine.store)
    assert counts["articles"] == len(found["articles"])
    assert found["stories"] == expected["stories"]
    assert found["articles"] == expected["articles"]
    assert found["versions"] == expected["versions"]
    assert found["removed"] == expected["removed"]
    # Online, which members of a crowd are compared depends on the order of arrival.
    assert matched(engine.store) == {(row["a"], row["b"], row["kind"]) for row in read_table(result, "matches")}
    with engine.store.read() as connection:
        assert damage_of(connection) == []
        assert connection.execute(select(func.count()).select_from(search_due)).scalar_one() == 0
    assert engine.index_client.is_whole()
    # A second call changes nothing.
    assert import_stories(engine, result, progress=silent) == counts
    assert everything(engine.store) == found


@pytest.mark.parametrize("stage", ["storing", "storing matches", "indexing", "taking in words for search"])
def test_an_import_that_is_ended_anywhere_is_continued(
    result: Path, sqlite_store_url: str, redis_client: Redis, prefix: str, expected: dict[str, list[Any]], stage: str
) -> None:
    store = Store.open(sqlite_store_url)
    client = IndexClient(store, BandIndex(redis_client, prefix=prefix), ensure_server=lambda: None)

    def end(at: str, done: int, total: int | None) -> None:
        if at == stage:
            raise Ended

    with pytest.raises(Ended):
        import_stories(Engine(store, client), result, progress=end)
    import_stories(Engine(store, client), result, progress=silent)
    assert everything(store)["stories"] == expected["stories"]
    assert len(matched(store)) == len(read_table(result, "matches"))
    assert client.is_whole()
    store.close()


def test_articles_that_come_later_join_the_stories(
    result: Path, sqlite_store_url: str, redis_client: Redis, prefix: str, tmp_path: Path
) -> None:
    store = Store.open(sqlite_store_url)
    client = IndexClient(store, BandIndex(redis_client, prefix=prefix.strip("{}:")), ensure_server=lambda: None)
    import_stories(Engine(store, client), result, progress=silent)
    with store.read() as connection:
        known = connection.execute(
            select(articles.c.story_id, versions.c.title, versions.c.text)
            .join(versions, versions.c.number == articles.c.version)
            .where(articles.c.words > 200)
            .order_by(articles.c.arrival)
            .limit(1)
        ).one()
    row = {"url": "https://late.example/a", "title": known.title, "text": known.text}
    found = imported(write_jsonl(tmp_path / "late.jsonl", [row]), store, redis_client, prefix)
    joined = {one["story_id"] for one in found["articles"] if one["url"] == row["url"]}
    assert joined == {known.story_id}
    with store.read() as connection:
        assert search_by_relevance(connection, StoryFilter(query=known.title), limit=5).hits
    store.close()


def test_what_is_learned_afterwards_is_what_an_import_learns(
    sqlite_template: Path, redis_client: Redis, prefix: str, tmp_path: Path
) -> None:
    """Each article of a host ends with one line of the host's own."""
    frame = "Read our whole coverage of the harbour in the evening edition"
    rows = [
        {
            "url": f"https://herald.example/{at}",
            "title": f"Story number {at} of the day",
            "text": f"{wire_article(at)}\n{frame}",
            "fetched": f"2026-03-01T12:{at:02}:00Z",
        }
        for at in range(12)
    ]
    path = write_jsonl(tmp_path / "rows.jsonl", rows)
    batch([path], tmp_path / "out", keep_store=True)
    found = []
    for way in ("online", "bulk"):
        shutil.copy(sqlite_template, tmp_path / f"{way}.db")
        store = Store.open(f"sqlite:///{tmp_path / way}.db")
        client = IndexClient(store, BandIndex(redis_client, prefix=f"{prefix}{way}"), ensure_server=lambda: None)
        if way == "online":
            imported(path, store, redis_client, f"{prefix.strip('{}:')}{way}")
        else:
            import_stories(Engine(store, client), tmp_path / "out", progress=silent)
        learn_boilerplate(store, client, only_new=True, now=AS_OF)
        found.append(everything(store))
        store.close()
    assert found[0] == found[1]
    assert frame in str(found[0]["removed"])
    assert frame not in str(found[0]["articles"])


def test_a_store_that_holds_anything_is_refused(rows: Path, result: Path, engine: Engine, prefix: str) -> None:
    imported(rows, engine.store, engine.index_client.index.redis, prefix)
    with pytest.raises(BadInput, match="the store is not empty"):
        import_stories(engine, result, progress=silent)


def test_a_truncated_result_is_refused(result: Path, sqlite_store_url: str, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(result, damaged)
    part = sorted((damaged / "store").glob("rows-*"))[1]
    part.write_bytes(part.read_bytes()[:-100])
    store = Store.open(sqlite_store_url)
    with pytest.raises(BadInput, match="truncated or changed"):
        import_stories(Engine(store, None), damaged, progress=silent)  # type: ignore[arg-type]
    store.close()


def test_a_result_without_kept_rows_is_refused(rows: Path, tmp_path: Path) -> None:
    batch([rows], tmp_path / "out")
    with pytest.raises(BadInput, match="--keep-store"):
        import_stories(Engine(None, None), tmp_path / "out", progress=silent)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="exclude each other"):
        batch([rows], tmp_path / "other", keep_store=True, against=[str(tmp_path / "out")])
