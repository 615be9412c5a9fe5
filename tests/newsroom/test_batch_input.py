"""What a batch reads, what it refuses, and how it goes on after it was ended."""

import gzip
import json
import shutil
import subprocess
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from onestory.errors import BadInput, DiskFull
from onestory.newsroom.batch.cli import parse_size
from onestory.newsroom.dump.card import DumpFormat
from onestory.pipelines.archive import rows as row_reading
from onestory.pipelines.batch import parquet_rows, work_folder
from onestory.pipelines.batch import parts as batch_parts
from tests.batches import batch, read_table, write_jsonl
from tests.cli import onestory
from tests.news_texts import excerpt, house_style, wire_article

Row = dict[str, Any]


def row(name: str, text: str, **more: Any) -> Row:
    return {"url": f"https://{name}.example/a", "text": text, "title": f"As {name} has it"} | more


COVERAGE = [
    row("herald", wire_article(1), fetched="2026-03-01T12:00:00Z"),
    row("courier", house_style(wire_article(1)), fetched="2026-03-01T12:05:00Z"),
    row("brief", excerpt(wire_article(1)), fetched="2026-03-01T12:10:00Z"),
    row("mirror", wire_article(2), fetched="2026-03-01T12:15:00Z"),
]


def urls(out: Path) -> list[set[str]]:
    """The stories as sets of hosts, the largest first."""
    stories = [{copy["outlet"].partition(".")[0] for copy in one["copies"]} for one in read_table(out, "stories")]
    return sorted(stories, key=lambda story: (-len(story), sorted(story)))


def rejected(out: Path) -> list[tuple[str, int, str]]:
    rows = read_table(out, "rejected")
    return [(Path(one["file"]).name, one["line"], one["reason"]) for one in rows]


def write_parquet(path: Path, columns: dict[str, Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


TOLD = [{"herald", "courier", "brief"}, {"mirror"}]


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "jsonl.zst", "parquet"])
def test_rows_of_each_format_make_the_same_stories(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows.{ending}"
    lines = "".join(json.dumps(one) + "\n" for one in COVERAGE).encode()
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(COVERAGE), path)
    else:
        pack: dict[str, Callable[[bytes], bytes]] = {"jsonl.gz": gzip.compress, "jsonl.zst": zstandard.compress}
        path.write_bytes(pack.get(ending, bytes)(lines))
    manifest = batch([path], tmp_path / "out")
    assert urls(tmp_path / "out") == TOLD
    assert manifest["counts"] == {"articles": 4, "stories": 2, "matches": 3, "rejected": 0}


def test_folders_and_patterns_name_the_files_in_them(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    write_jsonl(tmp_path / "in" / "a.jsonl", COVERAGE[:2])
    write_jsonl(tmp_path / "in" / "deep" / "b.jsonl", COVERAGE[2:])
    (tmp_path / "in" / "notes.txt").write_text("not ours")
    batch([tmp_path / "in"], tmp_path / "one")
    batch([f"{tmp_path}/in/**/*.jsonl"], tmp_path / "two")
    assert urls(tmp_path / "one") == urls(tmp_path / "two") == TOLD


def test_columns_can_have_any_names_also_within_others(tmp_path: Path) -> None:
    rows = [{"doc": {"body": one["text"], "at": one["fetched"]}, "where": one["url"], "text": "no"} for one in COVERAGE]
    columns = {"text": "doc.body", "fetched": "doc.at", "url": "where"}
    batch([write_jsonl(tmp_path / "rows.jsonl", rows)], tmp_path / "one", columns=columns)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    batch([tmp_path / "rows.parquet"], tmp_path / "two", columns=columns)
    assert urls(tmp_path / "one") == urls(tmp_path / "two") == TOLD
    assert read_table(tmp_path / "one", "articles")[0]["first_seen"].startswith("2026-03-01T12:")


def test_a_row_without_a_url_is_known_by_its_id(tmp_path: Path) -> None:
    rows = [{"id": f"row/{at}", "text": one["text"]} for at, one in enumerate(COVERAGE)]
    batch([write_jsonl(tmp_path / "rows.jsonl", rows)], tmp_path / "out")
    found = [sorted(copy["url"] for copy in story["copies"]) for story in read_table(tmp_path / "out", "stories")]
    assert sorted(len(story) for story in found) == [1, 3]
    assert {url.rpartition("/")[2] for story in found for url in story} == {f"row%2F{at}" for at in range(4)}


def test_pages_of_an_archive_are_read_as_an_import_reads_them(tmp_path: Path) -> None:
    page = f"<html><head><title>Ferry</title></head><body><article><p>{wire_article(1)}</p></article></body></html>"
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page.encode()
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://herald.example/a\r\n"
        f"WARC-Date: 2026-03-01T12:00:00Z\r\nContent-Type: application/http\r\nContent-Length: {len(answer)}\r\n\r\n"
    )
    (tmp_path / "pages.warc.gz").write_bytes(gzip.compress(head.encode() + answer + b"\r\n\r\n"))
    write_jsonl(tmp_path / "rows.jsonl", COVERAGE[1:])
    batch([tmp_path / "pages.warc.gz", tmp_path / "rows.jsonl"], tmp_path / "out")
    assert urls(tmp_path / "out") == TOLD
    [herald] = [one for one in read_table(tmp_path / "out", "articles") if one["outlet"] == "herald.example"]
    assert (herald["warc_file"], herald["warc_offset"]) == ("pages.warc.gz", 0)


def test_rows_that_cannot_be_used_are_kept_with_their_places_and_reasons(tmp_path: Path) -> None:
    lines = [json.dumps(COVERAGE[0]), "", "{broken", "[]", json.dumps({"text": "no address"}), json.dumps(row("a", ""))]
    (tmp_path / "rows.jsonl").write_text("\n".join([*lines, json.dumps(COVERAGE[1])]) + "\n")
    manifest = batch([tmp_path / "rows.jsonl"], tmp_path / "out")
    assert rejected(tmp_path / "out") == [
        ("rows.jsonl", 3, "not_json"),
        ("rows.jsonl", 4, "not_json"),
        ("rows.jsonl", 5, "no_url"),
        ("rows.jsonl", 6, "no_content"),
    ]
    assert manifest["rejected"] == {"no_content": 1, "no_url": 1, "not_json": 2}
    assert manifest["counts"]["articles"] == 2


@pytest.mark.parametrize("columns", [{}, {"text": "text"}])
def test_a_text_column_of_numbers_is_refused_by_its_name(tmp_path: Path, columns: dict[str, str]) -> None:
    path = write_parquet(tmp_path / "rows.parquet", {"url": ["https://a.example/1"], "text": [17]})
    with pytest.raises(BadInput, match=r"'text' holds int64, and texts are expected"):
        batch([path], tmp_path / "out", columns=columns)
    assert not (tmp_path / "out").exists()


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "rows.parquet", {"url": ["https://a.example/1"], "words": ["some"]})
    with pytest.raises(BadInput, match="no column 'body'; it has url, words"):
        batch([path], tmp_path / "out", columns={"text": "body"})
    with pytest.raises(BadInput, match="no column for texts is known; it has url, words"):
        batch([path], tmp_path / "out")


def test_a_null_text_is_rejected_and_nested_texts_are_read(tmp_path: Path) -> None:
    texts = [None, ["A first paragraph stands alone.", wire_article(1)], [house_style(wire_article(1))]]
    addresses = [f"https://{name}.example/1" for name in ("none", "herald", "courier")]
    columns = {"url": addresses, "text": texts, "authors": [[{"name": "Ada Quill"}]] * 3}
    path = write_parquet(tmp_path / "rows.parquet", columns)
    batch([path], tmp_path / "out")
    assert urls(tmp_path / "out") == [{"herald", "courier"}]
    assert rejected(tmp_path / "out") == [("rows.parquet", 1, "no_content")]
    assert read_table(tmp_path / "out", "articles")[0]["byline"] == ["Ada Quill"]


def test_two_rows_with_one_id_are_one_article_and_its_versions(tmp_path: Path) -> None:
    same, other = row("herald", wire_article(1)), f"{wire_article(1)}\nA line was added in the evening."
    rows = [
        same | {"text": other, "fetched": "2026-03-01T18:00:00Z"},
        same | {"fetched": "2026-03-01T12:00:00Z"},
        same | {"fetched": "2026-03-01T13:00:00Z"},
        row("courier", wire_article(1), fetched="2026-03-01T12:30:00Z"),
    ]
    manifest = batch([write_jsonl(tmp_path / "rows.jsonl", rows)], tmp_path / "out")
    [story] = read_table(tmp_path / "out", "stories")
    assert (manifest["captures"], manifest["repeated"], manifest["counts"]["articles"]) == (4, 1, 2)
    assert {copy["outlet"]: copy["runs_version"] for copy in story["copies"]} == {
        "herald.example": None,
        "courier.example": 1,
    }
    [herald] = [one for one in read_table(tmp_path / "out", "articles") if one["outlet"] == "herald.example"]
    assert (herald["first_seen"], herald["updated"]) == ("2026-03-01T12:00:00Z", "2026-03-01T18:00:00Z")
    assert herald["text"].endswith("in the evening.")


def test_a_very_long_row_is_rejected_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_reading, "MAX_LINE_BYTES", 100_000)
    monkeypatch.setattr(parquet_rows, "MAX_TEXT_BYTES", 100_000)
    rows = [COVERAGE[0], row("long", "word " * 30_000), *COVERAGE[1:]]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    for name in ("rows.jsonl", "rows.parquet"):
        path = tmp_path / name if name == "rows.parquet" else write_jsonl(tmp_path / name, rows)
        batch([path], tmp_path / f"out of {name}")
        assert urls(tmp_path / f"out of {name}") == TOLD
        assert rejected(tmp_path / f"out of {name}") == [(name, 2, "too_large")]


@pytest.mark.parametrize(
    ("name", "told"), [("empty", "has no file that ends in"), ("missing", "does not exist"), ("-", "standard input")]
)
def test_an_input_without_a_file_that_is_known_is_refused(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "readme.txt").write_text("nothing")
    with pytest.raises(BadInput, match=told):
        batch(["-" if name == "-" else tmp_path / name], tmp_path / "out")


def test_a_folder_that_is_not_empty_is_never_written_to(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", COVERAGE)
    (tmp_path / "out").mkdir()
    batch([path], tmp_path / "out")
    before = {one: one.stat().st_mtime_ns for one in (tmp_path / "out").rglob("*")}
    with pytest.raises(BadInput, match="already exists and is not empty"):
        batch([path], tmp_path / "out")
    assert {one: one.stat().st_mtime_ns for one in (tmp_path / "out").rglob("*")} == before


def test_two_batches_of_one_process_share_nothing(tmp_path: Path) -> None:
    for rows in (COVERAGE, COVERAGE[3:]):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        batch([write_jsonl(tmp_path / "rows.jsonl", rows)], tmp_path / "out")
    assert urls(tmp_path / "out") == [{"mirror"}]


def test_a_full_disk_stops_the_batch_which_then_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", COVERAGE)
    usage = namedtuple("usage", ["total", "used", "free"])
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda place: usage(10**12, 10**12, 1000))
        with pytest.raises(DiskFull, match=r"needs about \d+ MB more; free that much"):
            batch([path], tmp_path / "out", tmp=tmp_path / "tmp")
    assert not (tmp_path / "out").exists()
    batch([path], tmp_path / "out", tmp=tmp_path / "tmp")
    assert urls(tmp_path / "out") == TOLD
    assert list((tmp_path / "tmp").iterdir()) == []


class Ended(Exception):  # noqa: N818 - what a kill is to a process
    pass


def test_a_batch_that_is_ended_anywhere_goes_on_and_ends_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", COVERAGE)
    batch([path], tmp_path / "whole")
    write = work_folder.WorkFolder.write
    done: list[str] = []
    allowed = 0

    def write_or_end(folder: Any, name: str, content: Any) -> None:
        if len(done) == allowed:
            raise Ended
        done.append(name)
        write(folder, name, content)

    monkeypatch.setattr(work_folder.WorkFolder, "write", write_or_end)
    ends = 0
    while not (tmp_path / "out").exists():
        # A few parts are made of several files, which are done again until all of them are there.
        allowed, done = 7, []
        try:
            batch([path], tmp_path / "out")
        except Ended:
            ends += 1
        assert ends < 100
    assert ends > 3
    names = [one.relative_to(tmp_path / "whole") for one in (tmp_path / "whole").rglob("*") if one.is_file()]
    assert {name: (tmp_path / "out" / name).read_bytes() for name in names} == {
        name: (tmp_path / "whole" / name).read_bytes() for name in names
    }


def test_the_work_of_another_job_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", COVERAGE)
    with monkeypatch.context() as patched:
        patched.setattr(batch_parts, "do_parts", None)
        patched.setattr("onestory.newsroom.batch.job.make_directory", None)
        with pytest.raises(TypeError):
            batch([path], tmp_path / "out")
    with pytest.raises(BadInput, match="the unfinished work of another job"):
        batch([path], tmp_path / "out", columns={"text": "body"})
    batch([path], tmp_path / "out")
    assert urls(tmp_path / "out") == TOLD


@pytest.mark.parametrize("file_format", list(DumpFormat))
def test_beside_an_earlier_dump_only_what_is_new_is_written(tmp_path: Path, file_format: DumpFormat) -> None:
    batch([write_jsonl(tmp_path / "old.jsonl", COVERAGE[:2])], tmp_path / "old", file_format=file_format)
    [before] = read_table(tmp_path / "old", "stories")
    new = [COVERAGE[0] | {"fetched": "2026-03-01T14:00:00Z"}, *COVERAGE[2:]]
    batch([write_jsonl(tmp_path / "new.jsonl", new)], tmp_path / "new", against=[str(tmp_path / "old")])
    articles = read_table(tmp_path / "new", "articles")
    assert {one["outlet"] for one in articles} == {"brief.example", "mirror.example"}
    assert {one["outlet"]: one["story_id"] for one in articles}["brief.example"] == before["id"]
    assert urls(tmp_path / "new") == TOLD
    # And beside both only what neither has.
    newest = [*COVERAGE, row("late", house_style(excerpt(wire_article(2), paragraphs=6)))]
    dumps = [str(tmp_path / "old"), str(tmp_path / "new")]
    batch([write_jsonl(tmp_path / "newest.jsonl", newest)], tmp_path / "newest", against=dumps)
    [late] = read_table(tmp_path / "newest", "articles")
    mirror = next(one for one in articles if one["outlet"] == "mirror.example")
    assert (late["outlet"], late["story_id"]) == ("late.example", mirror["story_id"])


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("file_format", list(DumpFormat))
def test_a_truncated_shard_of_an_earlier_dump_is_named(tmp_path: Path, file_format: DumpFormat, is_told: bool) -> None:
    path = write_jsonl(tmp_path / "rows.jsonl", COVERAGE)
    batch([path], tmp_path / "old", file_format=file_format)
    [shard] = (tmp_path / "old" / "articles").iterdir()
    shard.write_bytes(shard.read_bytes()[:-200])
    if is_told:
        manifest = json.loads((tmp_path / "old" / "manifest.json").read_bytes())
        manifest["files"][f"articles/{shard.name}"]["bytes"] = shard.stat().st_size
        (tmp_path / "old" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadInput, match=rf"{shard.name} is not what manifest.json says: it is truncated"):
        batch([path], tmp_path / "new", against=[str(tmp_path / "old")])
    assert not (tmp_path / "new").exists()


def test_an_archive_that_breaks_off_gives_what_it_holds(tmp_path: Path) -> None:
    lines = gzip.compress("".join(json.dumps(one) + "\n" for one in COVERAGE).encode())
    (tmp_path / "rows.jsonl.gz").write_bytes(lines[:-30])
    # The packed rows before the break come out of it as a whole or not at all.
    manifest = batch([tmp_path / "rows.jsonl.gz"], tmp_path / "out")
    assert manifest["rejected"] == {"truncated": 1}
    assert manifest["counts"]["articles"] == len(read_table(tmp_path / "out", "articles"))


@pytest.mark.parametrize(("text", "size"), [("2G", 2 << 30), ("512 MiB", 512 << 20), ("1.5gb", 3 << 29)])
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert parse_size(text, option="--memory") == size


@pytest.mark.parametrize("text", ["", "two", "-1G", "1M", "9" * 40])
def test_other_sizes_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="--memory"):
        parse_size(text, option="--memory")


def test_the_command_works_in_several_processes_and_says_what_it_did(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", COVERAGE[:2])
    write_jsonl(tmp_path / "b.jsonl", [*COVERAGE[2:], {"text": "nobody's"}])
    names = ["--workers", "2", "--as-of", "2026-06-01", "--json"]
    done: subprocess.CompletedProcess[str] = onestory(
        "dedupe", tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "out", *names
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["counts"] == {"articles": 4, "stories": 2, "matches": 3, "rejected": 1}
    lines = [line.rpartition("/")[2] for line in done.stderr.splitlines() if " read" in line]
    [reason] = counts["rejected"]
    assert lines == ["a.jsonl: 2 read", f"b.jsonl: 3 read, rejected: {reason} 1"]
    [shard] = (tmp_path / "out" / "stories").iterdir()
    table = pq.read_table(shard)
    assert table.schema.field("first_seen").type == pa.timestamp("us", tz="UTC")
    assert min(table.column("first_seen").to_pylist()) == datetime(2026, 3, 1, 12, tzinfo=UTC)
    again = onestory("dedupe", tmp_path / "a.jsonl", tmp_path / "out")
    assert (again.returncode, "already exists and is not empty" in again.stderr) == (2, True)
    assert onestory("dedupe", tmp_path / "out").returncode == 2
