"""A file's bytes unpacked while they are read: plain, gzip by members or as a whole, zstd with or without a dictionary.

An archive that was packed again is unpacked again, up to three times.

What is damaged is stepped over: reading goes on at the next member.
"""

import zlib
from collections import deque
from typing import Any, BinaryIO

import zstandard

__all__ = ["Damaged", "Unpacking", "unpacked_fully"]

GZIP, ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
DICTIONARY = b"\x5d\x2a\x4d\x18"  # a skippable frame that holds one: WARC with zstd, section "Dictionary"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PIECE = 1 << 16
# What is unpacked in one step: deflate makes at most 1,032 bytes of one, zstd 128 KiB of four.
GZIP_STEP, ZSTD_STEP = 1 << 14, 1 << 10
# A member that unpacks to more than this, and to so many times its size, is an attack.
MAX_UNCHECKED_BYTES = 64 << 20
MAX_RATIO = 250
MAX_DICTIONARY_BYTES = 16 << 20
MAX_LAYERS = 3


class Damaged(Exception):  # noqa: N818 - named for what is wrong
    """The packed bytes cannot be read on; `is_end` when the file ends within them. `reason` is a word for counting."""

    def __init__(self, why: str, *, is_end: bool, reason: str = "broken_record") -> None:
        super().__init__(why)
        self.is_end = is_end
        self.reason = reason


class Unpacking:
    """`held` are the bytes that are unpacked and not yet taken; `position` is where they begin, unpacked."""

    def __init__(self, file: "BinaryIO | _Layer") -> None:
        self.held = bytearray()
        self.position = 0
        self.damage: Damaged | None = None
        self._file = file
        self._packed = b""
        self._packed_at = 0  # of the first byte of `_packed`, in the file
        self._unpacker: Any = None
        self._starts: deque[tuple[int, int]] = deque()  # members: unpacked position, place in the file
        self._is_plain = False
        self._is_zstd = False
        self._member_at = 0  # of the member that is being unpacked, in the file
        self._member_bytes = 0  # unpacked of it so far
        self._dictionary: zstandard.ZstdCompressionDict | None = None

    @property
    def is_packed(self) -> bool:
        return not self._is_plain

    def need(self, size: int) -> bool:
        """Whether that many bytes are held, after reading on; `damage` says what kept more from being read."""
        try:
            while len(self.held) < size and self.damage is None and self._read_on():
                pass
        except Damaged as damage:
            self.damage = damage
        return len(self.held) >= size

    def take(self, size: int) -> None:
        """Lets go of the first bytes that are held."""
        del self.held[:size]
        self.position += size

    def place(self) -> int | None:
        """Where in the file the held bytes begin: for packed ones, where their member does; None within one."""
        if isinstance(self._file, _Layer):
            return None
        if self._is_plain:
            return self.position
        while len(self._starts) > 1 and self._starts[1][0] <= self.position:
            self._starts.popleft()
        return self._starts[0][1] if self._starts and self._starts[0][0] == self.position else None

    def step_over(self) -> bool:
        """Goes on at the next member behind the damage; False when there is none."""
        self.position += len(self.held)
        self.held.clear()
        self._unpacker, self.damage = None, None
        self._drop_packed(1)
        while True:
            found = min((at for at in (self._packed.find(GZIP), self._packed.find(ZSTD)) if at >= 0), default=-1)
            if found >= 0:
                self._drop_packed(found)
                if self._begins_record():
                    return True
                self._drop_packed(1)
            elif not self._fetch(keep=3):
                return False

    def _begins_record(self) -> bool:
        """Whether the member here unpacks to the beginning of a record: its three bytes may be there by accident."""
        self._top_up()
        try:
            return bytes(self._new_unpacker().decompress(self._packed[:ZSTD_STEP]))[:5] == b"WARC/"
        except (zlib.error, zstandard.ZstdError):
            return False

    def _read_on(self) -> bool:
        if self._unpacker is None and not self._begin():
            return False
        if not self._packed and not self._fetch():
            if self._is_plain:
                return False
            raise Damaged("the file ends within a packed record", is_end=True)
        packed, self._packed = self._packed, b""
        if self._is_plain:
            self.held += packed
            self._packed_at += len(packed)
            return True
        self._unpack(packed)
        if self._unpacker.eof:
            self._unpacker = None
        elif self._ratio() > MAX_RATIO:
            raise Damaged(f"it unpacks to more than {MAX_RATIO} times its size", is_end=False, reason="unpacks_too_far")
        return True

    def _unpack(self, packed: bytes) -> None:
        """Unpacks one step of these bytes, and keeps the others."""
        step = packed[: ZSTD_STEP if self._is_zstd else GZIP_STEP]
        try:
            found = self._unpacker.decompress(step)
        except (zlib.error, zstandard.ZstdError) as error:
            self._packed = packed
            raise Damaged(str(error), is_end=False) from error
        self.held += found
        rest = len(self._unpacker.unused_data) if self._unpacker.eof else 0
        self._member_bytes += len(found)
        self._packed_at += len(step) - rest
        self._packed = packed[len(step) - rest :]

    def _ratio(self) -> float:
        if self._member_bytes <= MAX_UNCHECKED_BYTES:
            return 0.0
        return self._member_bytes / max(1, self._packed_at - self._member_at)

    def next_member(self) -> int | None:
        """How many of the held bytes come before the next member, if it is known where that begins."""
        found = (start - self.position for start, _ in self._starts if start > self.position)
        return next(found, None)

    def left_in_file(self) -> int | None:
        """How many bytes follow in a file that is not packed; None for others, and for pipes."""
        if not self._is_plain or isinstance(self._file, _Layer) or not self._file.seekable():
            return None
        read = self._file.tell()
        size = self._file.seek(0, 2)
        self._file.seek(read)
        return size - read + len(self.held)

    def _begin(self) -> bool:
        """Begins the next member; False at the end of the file."""
        self._top_up()
        while self._starts and self._packed.startswith(b"\0"):
            # Members on tape and in blocks of a fixed size are padded.
            self._drop_packed(len(self._packed) - len(self._packed.lstrip(b"\0")))
            self._top_up()
        if not self._packed.strip(b"\0"):
            return False
        if self._packed.startswith(DICTIONARY):
            self._read_dictionary()
            self._top_up()
        if not self._packed.startswith((GZIP, ZSTD)):
            if self._packed.startswith(BYTE_ORDER_MARK) and not self._packed_at:
                self._drop_packed(len(BYTE_ORDER_MARK))
                self.position += len(BYTE_ORDER_MARK)
            if self._starts:
                raise Damaged("what follows a packed record is none", is_end=False)
            self._is_plain, self._unpacker = True, self._file
            return True
        self._starts.append((self.position + len(self.held), self._packed_at))
        self._member_at, self._member_bytes = self._packed_at, 0
        self._is_zstd = self._packed.startswith(ZSTD)
        self._unpacker = self._new_unpacker()
        return True

    def _new_unpacker(self) -> Any:
        if self._packed.startswith(GZIP):
            return zlib.decompressobj(wbits=31)
        return zstandard.ZstdDecompressor(dict_data=self._dictionary).decompressobj()

    def _read_dictionary(self) -> None:
        size = int.from_bytes(self._packed[4:8], "little")
        while len(self._packed) < min(size, MAX_DICTIONARY_BYTES) + 8 and self._fetch(keep=len(self._packed)):
            pass
        content = self._packed[8 : 8 + size]
        self._drop_packed(8 + size)
        if content.startswith(ZSTD):
            content = zstandard.ZstdDecompressor().decompress(content, max_output_size=MAX_DICTIONARY_BYTES)
        self._dictionary = zstandard.ZstdCompressionDict(content)

    def _top_up(self) -> None:
        while len(self._packed) < 8 and self._fetch(keep=len(self._packed)):
            pass

    def _fetch(self, *, keep: int = 0) -> bool:
        """Reads the next piece of the file behind the last `keep` bytes of what is there; False at its end."""
        piece = self._file.read(PIECE)
        if piece:
            self._drop_packed(len(self._packed) - min(keep, len(self._packed)))
            self._packed += piece
        return bool(piece)

    def _drop_packed(self, size: int) -> None:
        self._packed = self._packed[size:]
        self._packed_at += size


class _Layer:
    """The bytes of a packed file as a file, for one that was packed again."""

    def __init__(self, outer: Unpacking) -> None:
        self._outer = outer

    def read(self, size: int) -> bytes:
        self._outer.need(1)
        piece = bytes(self._outer.held[:size])
        self._outer.take(len(piece))
        return piece


def unpacked_fully(file: BinaryIO) -> Unpacking:
    """The bytes of a file that may have been packed more than once. Only of one layer the places are known."""
    source = Unpacking(file)
    for _ in range(MAX_LAYERS - 1):
        source.need(len(ZSTD))
        if not source.is_packed or not source.held.startswith((GZIP, ZSTD)):
            break
        source = Unpacking(_Layer(source))
    return source
