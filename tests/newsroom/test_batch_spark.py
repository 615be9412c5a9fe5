"""The batch on Spark makes the rows of the local batch. Needs pyspark and Java, and is skipped without."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onestory.newsroom.dump.card import DumpFormat
from tests.batch_rows import mixed_rows
from tests.batches import AS_OF, batch, read_table, write_jsonl

pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed: pip install 'onestory[spark]'")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java 17", allow_module_level=True)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from onestory.newsroom.batch.spark_job import open_spark

    session = open_spark("local[2]")
    session.conf.set("spark.sql.shuffle.partitions", "4")
    yield session
    session.stop()


def test_spark_makes_the_rows_of_the_local_batch(spark: Any, tmp_path: Path) -> None:
    from onestory.newsroom.batch.spark_job import run_on_spark

    rows = [*mixed_rows(), {"text": "nobody's"}, {"url": "https://a.example/", "text": ""}]
    paths = [
        write_jsonl(tmp_path / "a.jsonl", rows[:100]),
        write_jsonl(tmp_path / "b.jsonl", rows[100:]),
    ]
    batch(paths, tmp_path / "local", file_format=DumpFormat.PARQUET)
    manifest = run_on_spark(spark, [str(path) for path in paths], tmp_path / "spark", columns={}, as_of=AS_OF)
    for table in ("articles", "stories", "matches", "rejected"):
        assert read_table(tmp_path / "spark", table) == read_table(tmp_path / "local", table)
    assert manifest["counts"]["rejected"] == 2
    assert not (tmp_path / "spark.partial").exists()


@pytest.mark.parametrize("edges_a_task", [1000, 10], ids=["one task", "stars"])
def test_the_components_of_chains_and_stars_are_found(spark: Any, tmp_path: Path, edges_a_task: int) -> None:
    from onestory.pipelines.batch.spark.frames import connected_components

    chain = [(f"c{at:03}", f"c{at + 1:03}") for at in range(40)]
    star = [("s000", f"s{at:03}") for at in range(1, 200)]
    edges = spark.createDataFrame([*chain, *star, ("x1", "x2")], "one string, other string")
    components = connected_components(edges, work=str(tmp_path), edges_a_task=edges_a_task)
    found = {row["id"]: row["component"] for row in components.collect()}
    assert found == (
        {f"c{at:03}": "c000" for at in range(1, 41)} | {f"s{at:03}": "s000" for at in range(1, 200)} | {"x2": "x1"}
    )
