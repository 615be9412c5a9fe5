"""Dumps as researchers take them: Parquet and JSON Lines, samples, and metadata that tools read."""

import json
from pathlib import Path
from typing import Any

import duckdb
import jsonschema_rs
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from redis import Redis

from onestory.newsroom.dump import shards
from onestory.newsroom.dump.card import DumpFormat
from onestory.newsroom.dump.writer import DumpTable, write_dump
from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.store.database import Store
from onestory.times import iso_utc, utc_now
from tests.batch_rows import mixed_rows
from tests.batches import imported, read_table, write_jsonl

Row = dict[str, Any]


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Store:
    """A store with the articles of an event."""
    folder = tmp_path_factory.mktemp("dump")
    (folder / "onestory.db").write_bytes(sqlite_template.read_bytes())
    store = Store.open(f"sqlite:///{folder / 'onestory.db'}")
    with Redis.from_url(redis_url) as client:
        imported(write_jsonl(folder / "rows.jsonl", mixed_rows()[:90] + mixed_rows()[-20:]), store, client, "dump")
    grouper = NewsEventGrouper(store)
    while grouper.step(now=utc_now()):
        pass
    return store


def plain(rows: list[Row]) -> list[Row]:
    """The rows with moments as text, however they were read."""
    return [json.loads(json.dumps(row, default=iso_utc)) for row in rows]


def test_parquet_holds_what_json_lines_hold(filled: Store, tmp_path: Path) -> None:
    for file_format in DumpFormat:
        write_dump(filled, out=tmp_path / file_format, file_format=file_format)
    for table in DumpTable:
        rows = read_table(tmp_path / "jsonl", table)
        assert plain(read_table(tmp_path / "parquet", table)) == rows
        assert len(rows) > 5


@pytest.mark.parametrize("file_format", list(DumpFormat))
def test_shards_are_cut_by_size_and_come_in_order(
    filled: Store, tmp_path: Path, file_format: DumpFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = write_dump(filled, out=tmp_path / "whole", file_format=file_format)
    monkeypatch.setattr(shards, "SHARD_BYTES", 60_000)
    monkeypatch.setattr(shards, "ROWS_A_BATCH", 10)
    cut = write_dump(filled, out=tmp_path / "cut", file_format=file_format)
    assert cut["counts"] == whole["counts"]
    assert len(list((tmp_path / "cut" / "articles").iterdir())) > 3
    rows = read_table(tmp_path / "cut", "articles")
    assert rows == read_table(tmp_path / "whole", "articles")
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


@pytest.mark.parametrize("table", list(DumpTable))
def test_every_row_is_as_its_schema_says(filled: Store, tmp_path: Path, table: DumpTable) -> None:
    write_dump(filled, out=tmp_path / "out")
    schema = json.loads((tmp_path / "out" / f"{table}.schema.json").read_bytes())
    assert [
        error for row in read_table(tmp_path / "out", table) for error in jsonschema_rs.iter_errors(schema, row)
    ] == []


def test_a_sample_has_whole_stories_and_a_larger_one_has_them_too(filled: Store, tmp_path: Path) -> None:
    for sample in (5, 9):
        write_dump(filled, out=tmp_path / str(sample), sample=sample)
    few, more = ({row["id"]: row for row in read_table(tmp_path / name, "stories")} for name in ("5", "9"))
    assert (len(few), len(more)) == (5, 9)
    assert few.items() <= more.items()
    copies = {copy["article_id"] for row in few.values() for copy in row["copies"]}
    assert {row["id"] for row in read_table(tmp_path / "5", "articles")} == copies
    events = read_table(tmp_path / "5", "news_events")
    assert events
    assert {story for row in events for story in row["stories"]} <= few.keys()
    assert {row["label_story"] for row in events} <= {None, *few}


def test_duckdb_and_arrow_read_a_parquet_dump(filled: Store, tmp_path: Path) -> None:
    write_dump(filled, out=tmp_path / "out", file_format=DumpFormat.PARQUET)
    articles, stories = (f"'{tmp_path}/out/{table}/*.parquet'" for table in ("articles", "stories"))
    [(rows, told)] = duckdb.sql(f"SELECT count(*), count(DISTINCT story_id) FROM {articles}").fetchall()
    [(copies,)] = duckdb.sql(f"SELECT sum(len(copies)) FROM {stories} WHERE metadata.copies > 1").fetchall()
    found = ds.dataset(tmp_path / "out" / "stories")
    assert told == found.count_rows()
    assert rows > copies > 20
    assert found.schema.field("copies").type.value_type.field("published").type == pa.timestamp("us", tz="UTC")
    [shard] = (tmp_path / "out" / "stories").iterdir()
    assert pq.ParquetFile(shard).metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.parametrize("file_format", list(DumpFormat))
def test_croissant_names_each_file_and_field(filled: Store, tmp_path: Path, file_format: DumpFormat) -> None:
    manifest = write_dump(filled, out=tmp_path / "out", file_format=file_format)
    told = json.loads((tmp_path / "out" / "croissant.json").read_bytes())
    files = {one["@id"]: one["sha256"] for one in told["distribution"] if one["@type"] == "cr:FileObject"}
    assert files == {name: manifest["files"][name]["sha256"] for name in files}
    assert {name.partition("/")[0] for name in files} == {"articles", "stories", "news_events"}
    for record_set in told["recordSet"]:
        row = read_table(tmp_path / "out", record_set["name"])[0]
        assert [field["name"] for field in record_set["field"]] == list(row)
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.0"


def test_the_card_names_the_files_and_the_type_of_times(filled: Store, tmp_path: Path) -> None:
    write_dump(filled, out=tmp_path / "out", file_format=DumpFormat.PARQUET)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "path: stories/*.parquet" in card
    assert "dtype: timestamp[us, tz=UTC]" in card
