"""Archives made to fill memory and time: each costs its own record, is counted by its reason, and ends."""

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from onestory.errors import Dropped
from onestory.pipelines.archive import unpacking
from onestory.pipelines.archive.reader import read_captures
from onestory.pipelines.archive.unpacking import Unpacking

BOMB_BYTES = 100 << 20
MAX_HELD_BYTES = 66 << 20
PAGE = b"<html><body><article><p>" + b"The ferry to the island was late again, the port said. " * 20 + b"</p></article>"


def record(number: int, *, length: bytes | None = None, head: bytes = b"") -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + head + b"\r\n" + PAGE
    return b"\r\n".join(
        (
            b"WARC/1.0",
            b"WARC-Type: response",
            b"WARC-Target-URI: https://a.example/%d" % number,
            b"Content-Length: " + (length if length is not None else b"%d" % len(block)),
            b"",
            block,
            b"",
            b"",
        )
    )


def gzip_bomb(head: bytes, line: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunk = line * ((1 << 20) // len(line))
    parts = [packer.compress(head), *(packer.compress(chunk) for _ in range(BOMB_BYTES // len(chunk)))]
    return b"".join((*parts, packer.flush()))


def zstd_bomb(head: bytes, line: bytes) -> bytes:
    packer = zstandard.ZstdCompressor(19).compressobj()
    chunk = line * ((1 << 20) // len(line))
    parts = [packer.compress(head), *(packer.compress(chunk) for _ in range(BOMB_BYTES // len(chunk)))]
    return b"".join((*parts, packer.flush()))


def reasons(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What comes of each record: `page`, or why it was left out. The bytes that are held stay bounded."""
    held = [0]
    read_on = Unpacking._read_on

    def watched(self: Unpacking) -> bool:
        has_more = read_on(self)
        held[0] = max(held[0], len(self.held))
        return has_more

    monkeypatch.setattr(Unpacking, "_read_on", watched)
    found = [one.reason if isinstance(one, Dropped) else "page" for one in read_captures(str(path))]
    assert held[0] <= MAX_HELD_BYTES
    return found


HEAD = b"WARC/1.0\r\nWARC-Type: response\r\n"


@pytest.mark.parametrize("bomb", [gzip_bomb, zstd_bomb])
@pytest.mark.parametrize(
    ("head", "line"), [(HEAD, b"X-A: b\r\n"), (HEAD, b"x"), (b"", b"\r\n"), (HEAD, b"WARC/1.0\r\n")]
)
def test_header_lines_without_end_cost_one_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bomb: Callable[[bytes, bytes], bytes], head: bytes, line: bytes
) -> None:
    pack = gzip.compress if bomb is gzip_bomb else zstandard.compress
    path = tmp_path / ("bomb.warc.gz" if bomb is gzip_bomb else "bomb.warc.zst")
    path.write_bytes(pack(record(1)) + bomb(head, line) + pack(record(2)))
    assert reasons(path, monkeypatch) == ["page", "unpacks_too_far", "page"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
@pytest.mark.parametrize(
    "length", [b"9" * 5_000, b"9" * 25, b"99999999999", b"-5", b"", "٣٤".encode(), b"1e3", b"0x10"]
)
def test_an_impossible_length_costs_one_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes], length: bytes
) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(pack(record(1)) + pack(record(2, length=length)) + pack(record(3)))
    found = reasons(path, monkeypatch)
    assert (found[0], found[-1]) == ("page", "page")
    assert set(found[1:-1]) <= {"broken_record", "too_large"}


def test_http_headers_without_end_cost_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(record(1) + record(2, head=b"X-A: b\r\n" * 100_000) + record(3))
    assert reasons(path, monkeypatch) == ["page", "head_too_large", "page"]


def test_a_page_that_packs_well_is_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is both long and packed far beyond any text."""
    monkeypatch.setattr(unpacking, "MAX_UNCHECKED_BYTES", 1_000)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(record(1)) + gzip.compress(record(2)))
    assert reasons(path, monkeypatch) == ["page", "page"]
