"""What the tasks of Spark do, without Spark."""

from typing import Any

import pyarrow as pa
import pytest

from onestory.pipelines.batch.bands import SHOWN
from onestory.pipelines.batch.spark import candidates

CROWD = 70


def _key(article: int, version: int = 0) -> bytes:
    return article.to_bytes(12, "big") + version.to_bytes(4, "big")


def _entries() -> list[dict[str, Any]]:
    """One crowded band, and two bands that hold the same three; an article with two versions is in all of them."""
    crowd = [{"band": 5, "priority": 7 * at % 50, "key": _key(at << 8)} for at in range(CROWD)]
    few = [{"band": band, "priority": 1, "key": _key(at)} for band in (2, 9) for at in (1000, 2000, 3000)]
    second = [{"band": band, "priority": 3, "key": _key(1000, 1)} for band in (2, 5, 9)]
    entries = [*crowd, *few, *second, {"band": 5, "priority": 1, "key": _key(1000)}]
    return sorted(entries, key=lambda row: (row["band"], row["priority"], row["key"]))


def _pairs(rows_a_batch: int) -> set[tuple[bytes, bytes, int]]:
    entries = pa.Table.from_pylist(_entries(), schema=candidates.BANDS)
    found = candidates.pairs(entries.to_batches(max_chunksize=rows_a_batch))
    return {(row["later"], row["earlier"], row["priority"]) for batch in found for row in batch.to_pylist()}


def _expected() -> set[tuple[bytes, bytes, int]]:
    bands: dict[int, list[dict[str, Any]]] = {}
    for row in _entries():
        bands.setdefault(row["band"], []).append(row)
    return {
        (later["key"], earlier["key"], earlier["priority"])
        for band in bands.values()
        for at, later in enumerate(band)
        for earlier in band[: min(at, SHOWN)]
        if later["key"][:12] != earlier["key"][:12]
    }


@pytest.mark.parametrize("entries", [1, 10, 1000])
def test_a_band_that_comes_in_several_batches_shows_the_same(monkeypatch: pytest.MonkeyPatch, entries: int) -> None:
    monkeypatch.setattr(candidates, "ENTRIES", entries)
    assert _pairs(min(entries, 7)) == _expected()


def test_one_task_finds_the_smallest_member_of_each_component() -> None:
    # Ids that end with zeros, as some do.
    ids = [bytes([at, *bytes(11)]) for at in range(8)]
    edges = [(7, 3), (3, 1), (6, 5)]
    batches = [pa.RecordBatch.from_pylist([{"one": ids[one], "other": ids[other]}]) for one, other in edges]
    found = {row["id"]: row["component"] for batch in candidates.components(batches) for row in batch.to_pylist()}
    assert found == {ids[7]: ids[1], ids[3]: ids[1], ids[6]: ids[5]}


def test_no_edges_make_no_components() -> None:
    assert list(candidates.components([])) == []
