"""Files of pages and texts: what is in them, and how a bad one says so."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from onestory.errors import BadInput, Dropped
from onestory.pipelines.archive.reader import TruncatedArchive, read_captures
from onestory.store.articles.captures import Capture

PAGE = b"<html><body><p>The ferry was late again.</p></body></html>"


def write_warc(path: Path, pages: int = 3, *, compressed: bool = True, status: str = "200 OK") -> Path:
    records = [_record(f"https://herald.example/{number}", status) for number in range(pages)]
    path.write_bytes(b"".join(gzip.compress(record) if compressed else record for record in records))
    return path


def _record(url: str, status: str) -> bytes:
    """ISO 28500: a head, an empty line, the block, two empty lines."""
    block = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n".encode() + PAGE * 200
    head = {
        "WARC-Type": "response",
        "WARC-Record-ID": f"<{url}>",
        "WARC-Date": "2026-03-01T12:00:00Z",
        "WARC-Target-URI": url,
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"WARC/1.0\r\n{lines}\r\n".encode() + block + b"\r\n\r\n"


def write_rows(path: Path, *rows: object) -> Path:
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows))
    return path


def read(path: Path | str) -> list[Capture | Dropped]:
    return list(read_captures(str(path)))


def read_to_fault(path: Path) -> tuple[list[Capture | Dropped], TruncatedArchive | None]:
    taken = []
    try:
        for capture in read_captures(str(path)):
            taken.append(capture)  # noqa: PERF402 - what came before the fault is the point
    except TruncatedArchive as fault:
        return taken, fault
    return taken, None


@pytest.mark.parametrize("compressed", [True, False])
def test_a_warc_gives_its_pages_with_time_headers_and_place(tmp_path: Path, compressed: bool) -> None:
    found = read(write_warc(tmp_path / ("a.warc.gz" if compressed else "a.warc"), compressed=compressed))
    assert [capture.url for capture in found] == [f"https://herald.example/{n}" for n in range(3)]
    [first, second, _] = found
    assert isinstance(first, Capture)
    assert isinstance(second, Capture)
    assert first.body == PAGE * 200
    assert first.observed == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert ("Content-Type", "text/html; charset=utf-8") in first.headers
    assert first.warc_offset == 0
    assert (second.warc_offset or 0) > 0


def test_only_successful_html_is_a_page(tmp_path: Path) -> None:
    assert read(write_warc(tmp_path / "a.warc.gz", status="404 Not Found")) == []


@pytest.mark.parametrize("compressed", [True, False])
def test_a_warc_cut_in_a_record_gives_what_came_before_and_says_so(tmp_path: Path, compressed: bool) -> None:
    path = write_warc(tmp_path / ("a.warc.gz" if compressed else "a.warc"), compressed=compressed)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - len(content) // 6])
    taken, fault = read_to_fault(path)
    assert "cut in the middle" in str(fault)
    assert [capture.url for capture in taken] == ["https://herald.example/0", "https://herald.example/1"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.warc.gz", b"", "is empty"),
        ("a.warc.gz", b"hello\nworld", "is not a WARC file"),
        ("a.jsonl", b"", "is empty"),
        ("a.txt", b"text", "give a file that ends in"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_remedy(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=said):
        read(tmp_path / name)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match=r"nowhere\.jsonl cannot be read: No such file"):
        read("nowhere.jsonl")


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.jsonl", bytes), ("a.jsonl.gz", gzip.compress), ("a.jsonl.zst", zstandard.ZstdCompressor().compress)],
)
def test_rows_come_from_plain_gzip_and_zstd_files(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    row = {"url": "https://a.example/1", "text": "words", "title": "T", "outlet": "O", "fetched": "2026-03-01T12:00Z"}
    (tmp_path / name).write_bytes(pack(json.dumps(row).encode() + b"\n"))
    [capture] = read(tmp_path / name)
    assert isinstance(capture, Capture)
    assert (capture.text, capture.title, capture.outlet) == ("words", "T", "O")
    assert capture.observed == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_bad_row_is_dropped_and_the_rest_go_on(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "a.jsonl",
        "this is not json\n",
        "[1, 2]\n",
        {"text": "no url"},
        {"url": "https://a.example/1"},
        '{"url": "https://a.example/2", "text": "lone \\ud800 surrogate"}\n',
        {"url": "https://a.example/3", "text": "good"},
    )
    found = read(path)
    assert [one.reason for one in found if isinstance(one, Dropped)] == ["not_json", "not_json", "no_url", "no_content"]
    assert [one.url for one in found if isinstance(one, Capture)] == ["https://a.example/2", "https://a.example/3"]


def test_truncated_gzip_gives_the_rows_before_the_cut(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"url": f"https://a.example/{n}", "text": f"{n}" * 999}) + "\n" for n in range(5000))
    packed = gzip.compress(rows.encode())
    (tmp_path / "a.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    taken, fault = read_to_fault(tmp_path / "a.jsonl.gz")
    assert "unreadable behind line" in str(fault)
    assert 0 < len(taken) < 5000


@pytest.mark.parametrize("fetched", ["9999-12-31T23:59:59Z", "yesterday", "", "2026-13-45", 12])
def test_a_time_that_is_none_leaves_the_time_to_the_clock(tmp_path: Path, fetched: object) -> None:
    path = write_rows(tmp_path / "a.jsonl", {"url": "https://a.example/1", "text": "x", "fetched": fetched})
    [capture] = read(path)
    assert isinstance(capture, Capture)
    assert capture.observed is None


def test_a_line_longer_than_allowed_is_dropped_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onestory.pipelines.archive.reader.MAX_LINE_BYTES", 1000)
    long = {"url": "https://a.example/1", "text": "x" * 5000}
    path = write_rows(tmp_path / "a.jsonl", long, {"url": "https://a.example/2", "text": "x"})
    first, second = read(path)
    assert isinstance(first, Dropped)
    assert first.reason == "too_large"
    assert second.url == "https://a.example/2"


def news_record(url: str, body: bytes, *headers: str, kind: str = "response", status: str = "200 OK") -> bytes:
    """One gzip member, as Common Crawl's news crawl writes them."""
    block = "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body
    head = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        "WARC-Date: 2026-03-01T12:00:00Z",
        "WARC-Record-ID: <urn:uuid:1c1b3c2e-0000-4000-8000-000000000001>",
        f"Content-Length: {len(block)}",
        "Content-Type: application/http; msgtype=response",
        f"WARC-Target-URI: {url}",
    ]
    return gzip.compress("\r\n".join([*head, "", ""]).encode() + block + b"\r\n\r\n")


def chunked(body: bytes) -> bytes:
    parts = [body[at : at + 30] for at in range(0, len(body), 30)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([], PAGE),
        (["Content-Type: text/html"], PAGE),
        (["Content-type: TEXT/HTML;charset=utf-8"], PAGE),
        (["Transfer-Encoding: chunked"], chunked(PAGE)),
        (["Content-Encoding: gzip"], gzip.compress(PAGE, mtime=0)),
        (["Content-Encoding: gzip", "Transfer-Encoding: chunked"], chunked(gzip.compress(PAGE, mtime=0))),
        (["Content-Encoding: gzip"], PAGE),
        (["Transfer-Encoding: chunked"], PAGE),
        (["X-Crawler-Content-Encoding: gzip", "X-Crawler-Content-Length: 99"], PAGE),
        (["Content-Length: 7"], PAGE),
        (["no colon in this line", "X-Odd: \xe9\xff"], PAGE),
        (["Set-Cookie: a=1", "Set-Cookie: b=2"], PAGE),
    ],
)
def test_a_news_crawl_s_records_are_read_however_they_were_sent(
    tmp_path: Path, headers: list[str], body: bytes
) -> None:
    (tmp_path / "a.warc.gz").write_bytes(news_record("https://herald.example/1", body, *headers))
    [capture] = read(tmp_path / "a.warc.gz")
    assert isinstance(capture, Capture)
    assert capture.body == PAGE


def test_requests_metadata_revisits_and_other_answers_are_passed_over(tmp_path: Path) -> None:
    records = [news_record("https://herald.example/x", PAGE, kind=kind) for kind in ("request", "metadata", "revisit")]
    records += [
        news_record("https://herald.example/x", PAGE, status=status) for status in ("301 Moved", "404 No", "206 P")
    ]
    records += [news_record("https://herald.example/x.pdf", b"%PDF", "Content-Type: application/pdf")]
    records += [news_record("https://herald.example/1", PAGE)]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(records))
    [capture] = read(tmp_path / "a.warc.gz")
    assert capture.url == "https://herald.example/1"
    assert isinstance(capture, Capture)
    assert capture.warc_offset == len(b"".join(records[:-1]))
