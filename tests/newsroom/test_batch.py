"""`onestory dedupe`: the stories of a batch are those of an import, in any order of its rows."""

import random
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from onestory.store.database import Store
from tests.batch_rows import mixed_rows
from tests.batches import batch, imported, read_table, write_jsonl

Row = dict[str, Any]
SHUFFLES = 5


def shuffled(seed: int) -> list[Row]:
    rows = mixed_rows()
    random.Random(seed).shuffle(rows)
    return rows


def contents(out: Path) -> dict[str, bytes]:
    """The files with articles, stories and matches, by name."""
    found = (path for table in ("articles", "stories", "matches") for path in sorted((out / table).iterdir()))
    return {str(path.relative_to(out)): path.read_bytes() for path in found}


def by_members(stories: list[Row]) -> dict[frozenset[str], Row]:
    """The stories without their ids, which are those of the first article to arrive, by their articles."""
    found = {}
    for story in stories:
        told = {name: value for name, value in story.items() if name != "id"}
        found[frozenset(copy["article_id"] for copy in story["copies"])] = told
    return found


def by_id(articles: list[Row]) -> dict[str, Row]:
    """The articles without the ids of their stories."""
    return {row["id"]: row | {"story_id": None} for row in articles}


def differences(ours: dict[Any, Row], theirs: dict[Any, Row]) -> list[tuple[Any, str, Any, Any]]:
    """Key, field and both values of what is not the same; both have the same keys."""
    assert ours.keys() == theirs.keys()
    pairs = [(key, name, row[name], theirs[key][name]) for key, row in ours.items() for name in row]
    return [pair for pair in pairs if pair[2] != pair[3]]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result of one order."""
    folder = tmp_path_factory.mktemp("batch")
    batch([write_jsonl(folder / "rows.jsonl", shuffled(0))], folder / "out")
    return folder / "out"


@pytest.mark.parametrize("seed", range(SHUFFLES))
def test_a_batch_makes_the_stories_that_an_import_makes(
    first: Path, sqlite_store_url: str, redis_client: Redis, prefix: str, tmp_path: Path, seed: int
) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", shuffled(seed))
    store = Store.open(sqlite_store_url)
    online = imported(path, store, redis_client, prefix)
    store.close()
    ours = by_members(read_table(first, "stories"))
    theirs = by_members(online["stories"])
    assert ours.keys() == theirs.keys()
    assert differences(ours, theirs) == []
    assert differences(by_id(read_table(first, "articles")), by_id(online["articles"])) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_rows_changes_no_byte(first: Path, tmp_path: Path, seed: int) -> None:
    batch([write_jsonl(tmp_path / "rows.jsonl", shuffled(seed))], tmp_path / "out")
    assert contents(tmp_path / "out") == contents(first)
