"""Files of pages and texts: what is in them, and how a bad one says so."""

import gzip
import json
import os
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import brotli
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
    monkeypatch.setattr("onestory.pipelines.archive.rows.MAX_LINE_BYTES", 1000)
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


def plain_record(url: str, body: bytes, *headers: str, length: int | None = None, end: bytes = b"\r\n\r\n") -> bytes:
    block = "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body
    fields = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-03-01T12:00:00Z\r\n"
    return f"{fields}Content-Length: {length or len(block)}\r\n\r\n".encode() + block + end


def urls(found: list[Capture | Dropped]) -> list[str]:
    return [one.url for one in found if isinstance(one, Capture)]


LONG = b"<html><body>" + b"<p>The ferry was late again.</p>" * 40 + b"</body></html>"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", brotli.compress(LONG)),
        ("zstd", zstandard.ZstdCompressor().compress(LONG)),
        ("deflate", zlib.compress(LONG)),
        ("deflate", zlib.compress(LONG)[2:-4]),
        ("gzip, gzip", gzip.compress(gzip.compress(LONG))),
        ("gzip", gzip.compress(gzip.compress(LONG))),
        ("GZip", gzip.compress(LONG)),
        ("x-gzip", gzip.compress(LONG)),
        ("gzip, br", brotli.compress(gzip.compress(LONG))),
        ("br", LONG),
        ("deflate", LONG),
        ("utf-8", LONG),
    ],
    ids=lambda value: value if isinstance(value, str) else "body",  # gzip writes the time: the bytes name no test
)
def test_every_content_coding_is_taken_off(tmp_path: Path, coding: str, body: bytes) -> None:
    path = tmp_path / "a.warc"
    header = f"Content-Encoding: {coding}"
    records = [plain_record("https://h.example/1", PAGE), plain_record("https://h.example/2", body, header)]
    path.write_bytes(b"".join([*records, plain_record("https://h.example/3", PAGE)]))
    found = read(path)
    assert urls(found) == ["https://h.example/1", "https://h.example/2", "https://h.example/3"]
    assert [one.body for one in found if isinstance(one, Capture)] == [PAGE, LONG, PAGE]


def test_a_body_that_its_coding_does_not_fit_costs_itself_alone(tmp_path: Path) -> None:
    bad = plain_record("https://h.example/2", b"\x00\x01broken", "Content-Encoding: br")
    path = tmp_path / "a.warc"
    path.write_bytes(plain_record("https://h.example/1", PAGE) + bad + plain_record("https://h.example/3", PAGE))
    found = read(path)
    assert urls(found) == ["https://h.example/1", "https://h.example/3"]
    assert [(one.url, one.reason) for one in found if isinstance(one, Dropped)] == [
        ("https://h.example/2", "broken_body")
    ]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.warc.zst"])
def test_a_warc_is_read_by_what_it_is_and_not_by_its_name(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / name
    path.write_bytes(pack(b"".join(plain_record(f"https://h.example/{n}", PAGE) for n in range(3))))
    assert len(urls(read(path))) == 3
    path.write_bytes(b"".join(pack(plain_record(f"https://h.example/{n}", PAGE)) for n in range(3)))
    assert len(urls(read(path))) == 3


def test_zstd_records_with_a_dictionary_of_their_own(tmp_path: Path) -> None:
    records = [plain_record(f"https://h.example/{n}", LONG + str(n).encode()) for n in range(40)]
    dictionary = zstandard.train_dictionary(4_096, records)
    content = dictionary.as_bytes()
    packer = zstandard.ZstdCompressor(dict_data=dictionary)
    frame = b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content
    (tmp_path / "a.warc.zst").write_bytes(frame + b"".join(packer.compress(record) for record in records))
    assert len(urls(read(tmp_path / "a.warc.zst"))) == 40


@pytest.mark.parametrize("off_by", [-100, 100, 700])
def test_a_length_that_lies_costs_no_other_record(
    tmp_path: Path, off_by: int, caplog: pytest.LogCaptureFixture
) -> None:
    block = len("HTTP/1.1 200 OK\r\n\r\n") + len(LONG)
    middle = plain_record("https://h.example/2", LONG, length=block + off_by)
    path = tmp_path / "a.warc"
    path.write_bytes(plain_record("https://h.example/1", PAGE) + middle + plain_record("https://h.example/3", LONG))
    found = read(path)
    assert urls(found) == ["https://h.example/1", "https://h.example/2", "https://h.example/3"]
    assert isinstance(found[1], Capture)
    assert found[1].body == LONG
    assert "Content-Length" in caplog.text


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r\n\r\n\r\n\r\n"])
def test_blank_lines_between_records_may_be_missing(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(plain_record(f"https://h.example/{n}", PAGE, end=end) for n in range(3)))
    assert len(urls(read(path))) == 3


def test_damage_in_the_middle_of_a_packed_file_costs_one_record(tmp_path: Path) -> None:
    members = [
        gzip.compress(plain_record(f"https://h.example/{n}", PAGE + os.urandom(3000).hex().encode())) for n in range(4)
    ]
    members[1] = members[1][:200] + b"\xff" * 300 + members[1][500:]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(members))
    found = read(tmp_path / "a.warc.gz")
    assert [one.reason for one in found if isinstance(one, Dropped)] == ["broken_record"]
    assert "byte" in next(one.url for one in found if isinstance(one, Dropped))
    assert urls(found) == [f"https://h.example/{n}" for n in (0, 2, 3)]


def test_resources_texts_and_pages_without_a_type(tmp_path: Path) -> None:
    def record(kind: str, url: str, content_type: str, block: bytes) -> bytes:
        fields = f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: <{url}>\r\nContent-Type: {content_type}\r\n"
        return f"{fields}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"

    path = tmp_path / "a.warc.wet"
    parts = [
        record("resource", "https://h.example/r", "text/html", LONG),
        record("resource", "https://h.example/i", "image/png", b"\x89PNG"),
        record("conversion", "https://h.example/c", "text/plain", b"The ferry was late again."),
        plain_record("https://h.example/n", LONG),
        plain_record("https://h.example/j", b"\xff\xd8\xff picture"),
        plain_record("https://h.example/f", b"<?xml version='1.0'?><rss><channel/></rss>"),
    ]
    path.write_bytes(b"".join(parts))
    found = read(path)
    assert urls(found) == ["https://h.example/r", "https://h.example/c", "https://h.example/n"]
    assert [one.text for one in found if isinstance(one, Capture)] == [None, "The ferry was late again.", None]


def test_a_wacz_is_read_as_it_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.wacz", "w") as pack:
        pack.writestr("archive/data.warc.gz", news_record("https://h.example/1", PAGE))
        pack.writestr("datapackage.json", "{}")
    assert urls(read(tmp_path / "a.wacz")) == ["https://h.example/1"]
    (tmp_path / "b.wacz").write_bytes(b"no zip")
    with pytest.raises(BadInput, match="is not a WACZ file"):
        read(tmp_path / "b.wacz")


def test_an_arc_under_a_warcs_name(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE
    head = b"1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n"
    first = b"filedesc://a.arc 0.0.0.0 20260301120000 text/plain %d\n%s\n" % (len(head), head)
    second = b"https://h.example/1 1.2.3.4 20260301120000 text/html %d\n%s\n" % (len(answer), answer)
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(first) + gzip.compress(second))
    assert urls(read(tmp_path / "a.warc.gz")) == ["https://h.example/1"]


@pytest.mark.parametrize("name", ["a.warc.gz", "a.warc.gz.gz", "a.warc.zst"])
def test_an_archive_that_was_packed_again_is_unpacked_again(tmp_path: Path, name: str) -> None:
    plain = [plain_record(f"https://h.example/{number}", PAGE) for number in range(3)]
    members = b"".join(map(gzip.compress, plain))
    again = {
        "a.warc.gz": gzip.compress(gzip.compress(b"".join(plain))),
        "a.warc.gz.gz": gzip.compress(gzip.compress(members)),
        "a.warc.zst": zstandard.compress(members),
    }
    (tmp_path / name).write_bytes(again[name])
    found = read(tmp_path / name)
    assert [type(one) for one in found] == [Capture] * 3
    assert all(one.warc_offset is None for one in found if isinstance(one, Capture))


def test_zeros_between_packed_records_are_padding(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(
        gzip.compress(plain_record("https://h.example/1", PAGE))
        + bytes(512)
        + gzip.compress(plain_record("https://h.example/2", PAGE))
    )
    assert [type(one) for one in read(tmp_path / "a.warc.gz")] == [Capture, Capture]
