"""Files of zstd frames (RFC 8878), read within bounds; one that ends within a frame says so.

The reader of python-zstandard unpacks as much as it is asked for, which a bomb cannot enlarge, but takes a file that
was cut off for one that ends. Behind the last byte the frames are counted out by the sizes that their blocks state.
"""

import io
import os
import struct
from typing import BinaryIO

import zstandard

__all__ = ["ZstdReader", "ends_within_frame"]

MAGIC = 0xFD2FB528
SKIPPABLE, SKIPPABLE_MASK = 0x184D2A50, 0xFFFFFFF0
MOST_HEADER_BYTES = 18
CHECKSUM_BYTES = 4
RLE = 1  # a block of one byte, which is repeated


class ZstdReader(io.RawIOBase):
    """The unpacked bytes of a file. Raises EOFError behind the last one if the file ends within a frame."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpacked = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True, closefd=False)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        count = self._unpacked.readinto(buffer)
        if not count and len(buffer) and self._file.seekable() and ends_within_frame(self._file):
            raise EOFError("the file ends within a zstd frame")
        return count


def ends_within_frame(file: BinaryIO) -> bool:
    """Whether a file of zstd frames is cut off. Nothing is unpacked; of each block its head is read."""
    end = file.seek(0, os.SEEK_END)
    place = 0
    while place < end:
        file.seek(place)
        head = file.read(MOST_HEADER_BYTES)
        if len(head) < 8:
            return True
        magic, size = struct.unpack_from("<II", head)
        if magic & SKIPPABLE_MASK == SKIPPABLE:
            place += 8 + size
        elif magic == MAGIC:
            place = _end_of_frame(file, place, head, end)
        else:
            return False  # no frame: the reader has its own word for it
    return place > end


def _end_of_frame(file: BinaryIO, place: int, head: bytes, end: int) -> int:
    """Where a frame ends; behind the end of the file if it is cut off."""
    try:
        has_checksum = zstandard.get_frame_parameters(head).has_checksum
        place += zstandard.frame_header_size(head)
    except zstandard.ZstdError:
        return end + 1
    is_last = False
    while not is_last:
        file.seek(place)
        block = file.read(3)
        if len(block) < 3:
            return end + 1
        told = int.from_bytes(block, "little")
        is_last, kind, size = bool(told & 1), told >> 1 & 3, told >> 3
        place += 3 + (1 if kind == RLE else size)
    return place + (CHECKSUM_BYTES if has_checksum else 0)
