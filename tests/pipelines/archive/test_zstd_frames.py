"""A file of zstd frames that was cut off anywhere is told from one that is whole."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from onestory.pipelines.archive.opening import opened
from onestory.pipelines.archive.reader import TruncatedArchive, read_rows
from onestory.pipelines.archive.zstd_frames import ends_within_frame

LINES = b"".join(
    b'{"url": "https://herald.example/%d", "text": "%s"}\n' % (at, b"ferry %d " % at * 40) for at in range(300)
)


def streamed(data: bytes) -> bytes:
    """Without the size of the content, in several blocks, with a checksum."""
    packed = io.BytesIO()
    with zstandard.ZstdCompressor(write_checksum=True).stream_writer(packed, closefd=False) as writer:
        for at in range(0, len(data), 7000):
            writer.write(data[at : at + 7000])
            writer.flush()
    return packed.getvalue()


def several(data: bytes) -> bytes:
    """Two frames, and one to be skipped between them; the repeated byte makes a block of its own."""
    half = len(data) // 2
    note = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"notes"
    return zstandard.compress(data[:half]) + note + zstandard.compress(data[half:] + b"\n" * 400_000)


@pytest.mark.parametrize("pack", [zstandard.compress, streamed, several])
def test_only_a_whole_file_ends_with_a_frame(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(LINES)
    assert not ends_within_frame(io.BytesIO(packed))
    whole = {len(zstandard.compress(LINES[: len(LINES) // 2])) + more for more in (0, 13)} if pack is several else set()
    for length in range(1, len(packed)):
        assert ends_within_frame(io.BytesIO(packed[:length])) == (length not in whole), length


def test_a_truncated_file_of_rows_gives_its_rows_and_says_that_it_is_cut_off(tmp_path: Path) -> None:
    packed = streamed(LINES)
    path = tmp_path / "rows.jsonl.zst"
    path.write_bytes(packed[: len(packed) // 2])
    rows = read_rows(str(path))
    assert next(rows)["url"] == "https://herald.example/0"  # type: ignore[index]
    with pytest.raises(TruncatedArchive, match="ends within a zstd frame"):
        list(rows)
    path.write_bytes(packed)
    assert len(list(read_rows(str(path)))) == 300


def test_a_bomb_is_unpacked_no_further_than_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zst"
    with path.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as writer:
        for _ in range(200):
            writer.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 16
    with opened(str(path)) as stream:
        assert len(stream.read(4096)) == 4096
