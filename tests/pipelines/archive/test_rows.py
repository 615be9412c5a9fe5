"""Rows as other tools write them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onestory.errors import Dropped
from onestory.pipelines.dates.parsing import read_time
from onestory.store.articles.captures import Capture
from tests.pipelines.archive.test_reader import read, write_rows


@pytest.mark.parametrize(
    "row",
    [
        {
            "url": "https://a.example/1",
            "maintext": "x",
            "date_publish": "2026-01-05 08:00:00",
            "authors": ["Ada Quill"],
        },
        {"url": "https://a.example/1", "text": "x", "publish_date": "2026-01-05T08:00:00", "authors": ["Ada Quill"]},
        {"source": "https://a.example/1", "text": "x", "date": "2026-01-05T08:00:00", "author": "Ada Quill"},
        {
            "html": {"responded_url": "https://a.example/1"},
            "plaintext": "x",
            "publishing_date": "2026-01-05 08:00:00",
            "authors": ["Ada Quill"],
        },
        {"url": "https://a.example/1", "text": "x", "published": 1767600000, "byline": [{"name": "Ada Quill"}]},
        {"url": "https://a.example/1", "text": ["x"], "dateTimePub": "2026-01-05T08:00Z", "authors": "['Ada Quill']"},
        {"URL": "https://a.example/1", "Text": "x", "Publish Date": "2026-01-05T08:00Z", "Author": "Ada Quill"},
        {
            "web_url": "https://a.example/1",
            "articleBody": "x",
            "webPublicationDate": "2026-01-05T08:00Z",
            "byline": {"original": "Ada Quill"},
        },
        {"uri": "https://a.example/1", "body_html": "x", "versioncreated": "2026-01-05T08:00Z", "byline": "Ada Quill"},
        {"link": "https://a.example/1", "text": "x", "pubDate": {"$date": "2026-01-05T08:00Z"}, "author": "Ada Quill"},
        {
            "url": "https://a.example/1",
            "body": {"summary": [], "sections": [{"headline": [], "paragraphs": ["x"]}]},
            "date": {"$date": {"$numberLong": "1767600000000"}},
            "authors": ["Ada Quill"],
        },
    ],
)  # fmt: skip
def test_rows_of_other_tools_are_read_by_their_own_names(tmp_path: Path, row: dict[str, object]) -> None:
    [capture] = read(write_rows(tmp_path / "a.jsonl", row))
    assert isinstance(capture, Capture)
    assert (capture.url, capture.text, capture.authors) == ("https://a.example/1", "x", ("Ada Quill",))
    stamp = read_time(capture.published)
    assert stamp is not None
    assert stamp.at == datetime(2026, 1, 5, 8, tzinfo=UTC)


def test_a_list_as_python_prints_it_is_a_list_of_authors(tmp_path: Path) -> None:
    row = {"url": "https://a.example/1", "text": "x", "authors": """['Ada Quill', "Seán O'Mara"]"""}
    [capture] = read(write_rows(tmp_path / "a.jsonl", row))
    assert isinstance(capture, Capture)
    assert capture.authors == ("Ada Quill", "Seán O'Mara")


def test_rows_in_windows_1252_are_read_and_an_array_is_named(tmp_path: Path) -> None:
    row = {"url": "https://a.example/1", "text": "Die Brücke ist für Wochen gesperrt."}
    (tmp_path / "a.jsonl").write_bytes(json.dumps(row, ensure_ascii=False).encode("cp1252"))
    [capture] = read(tmp_path / "a.jsonl")
    assert isinstance(capture, Capture)
    assert capture.text == row["text"]
    [dropped] = read(write_rows(tmp_path / "b.jsonl", [row]))
    assert isinstance(dropped, Dropped)
    assert "one object a line" in dropped.detail


def test_a_field_that_cannot_be_read_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    row = {"url": "https://a.example/1", "text": "x", "published": "soon", "fetched": "later", "pub_moment_date": "y"}
    read(write_rows(tmp_path / "a.jsonl", *[row] * 5))
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3
    assert {name for line in said for name in ("published", "fetched", "pub_moment_date") if f"'{name}'" in line} == {
        "published",
        "fetched",
        "pub_moment_date",
    }


def test_lines_of_json_text_sequences_and_of_an_array_taken_apart_are_rows(tmp_path: Path) -> None:
    line = json.dumps({"url": "https://a.example/1", "text": "x"}).encode()
    (tmp_path / "a.jsonl").write_bytes(b"\x1e" + line + b"\n" + line + b",\r\n")
    assert [type(found) for found in read(tmp_path / "a.jsonl")] == [Capture, Capture]
