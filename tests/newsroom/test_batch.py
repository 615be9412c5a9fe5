"""`onestory dedupe`: the stories of a batch are those of an import, in any order of its rows."""

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from redis import Redis

from onestory.newsroom.batch import assembly
from onestory.pipelines.batch import bands, comparison, components, directory, extraction
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


def test_the_size_of_the_parts_changes_no_row(first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "ROWS_A_PART", 37)
    monkeypatch.setattr(directory, "ARTICLES_A_PART", 2)
    monkeypatch.setattr(bands, "ENTRY_BYTES", 1 << 20)
    monkeypatch.setattr(comparison, "PAIRS_A_PART", 400)
    monkeypatch.setattr(components, "CAPTURES_A_GROUP", 40)
    monkeypatch.setattr(assembly, "SHARD_BYTES", 100_000)
    seen: dict[str, float | None] = {}
    path = write_jsonl(tmp_path / "rows.jsonl", shuffled(3))
    batch([path], tmp_path / "out", progress=lambda stage, done, total: seen.update({stage: total}))
    for table in ("articles", "stories", "matches"):
        assert read_table(tmp_path / "out", table) == read_table(first, table)
    assert len(list((tmp_path / "out" / "articles").iterdir())) > 3
    stages = ("deciding versions", "bands", "candidates", "comparing", "stories", "matches")
    assert [stage for stage in stages if (seen[stage] or 0) < 3] == []


def test_components_are_found_whatever_the_order_of_the_edges() -> None:
    chance = random.Random(5)
    chain = [(at, at + 1) for at in range(500)]
    star = [(600, at) for at in range(601, 900)]
    edges = [*chain, *star]
    chance.shuffle(edges)
    label = components.connected(1000, np.array([one for one, _ in edges]), np.array([other for _, other in edges]))
    assert set(label[:501].tolist()) == {0}
    assert set(label[600:900].tolist()) == {600}
    assert label[900:].tolist() == list(range(900, 1000))


def test_a_crowded_band_leaves_nobody_out() -> None:
    entries = np.zeros(1000, dtype=bands.ENTRY)
    entries["priority"] = np.random.default_rng(1).permutation(1000)
    entries["place"] = np.arange(1000)
    pairs = bands.pairs_among(np.random.default_rng(2).permutation(entries))
    shown = set(np.flatnonzero(entries["priority"] < bands.SHOWN).tolist())
    ends = [(int(pair) >> 32, int(pair) & 0xFFFFFFFF) for pair in pairs]
    order = entries["priority"].tolist()
    assert set(ends) == {
        (max(pair, key=order.__getitem__), min(pair, key=order.__getitem__))
        for one in shown
        for pair in [(one, other) for other in range(1000) if one != other]
    }


def test_a_process_that_only_writes_shards_has_all_that_it_uses() -> None:
    """A spawned process imports the module of its function and nothing else. Large batches write in such processes."""
    program = "import onestory.newsroom.batch.assembly, pyarrow; pyarrow.compute.sort_indices"
    subprocess.run([sys.executable, "-c", program], check=True)
