"""Records out of a WARC (ISO 28500), by whatever tool it was written: none of them ends the reading of the others.

A record's length is checked against where the next record begins. Where it lies, the record ends where that one begins.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from onestory.errors import BadInput, Dropped
from onestory.pipelines.archive.unpacking import Damaged, Unpacking

__all__ = ["Record", "TruncatedArchive", "records"]

logger = logging.getLogger(__name__)

MAX_HEAD_BYTES = 1 << 16
MAX_LENGTH_DIGITS = 13
# A longer record is no page of ours, and is passed over without being held.
MAX_HELD_BYTES = 64 << 20
PIECE = 1 << 20
_BEGINS = re.compile(rb"WARC/[01]\.\d{1,2}\r?\n")
_NEXT = re.compile(rb"(?:^|\n)(?=WARC/[01]\.\d{1,2}\r?\n(?:[^\n]{0,4000}\n){0,12}?WARC-Type:)", re.IGNORECASE)
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_BLANK = b"\r\n\0 \t"
_BLANKS = re.compile(rb"[\r\n\0 \t]*")


class TruncatedArchive(BadInput):
    """The file ends, or becomes unreadable, in the middle; what came before it was good."""

    reason = "cut_short"


@dataclass(frozen=True, slots=True)
class Record:
    """`fields` by lower-cased name; `block` is None for one that is too long to be held. `place` is in the file."""

    fields: Mapping[str, str]
    block: bytes | None
    place: int | None
    length: int


def records(source: Unpacking, *, name: str) -> Iterator[Record | Dropped]:
    """The records in order; one that cannot be read comes as Dropped, named by its place.

    Raises BadInput for what is no WARC at all, TruncatedArchive when the file ends within a record.
    """
    seen = 0
    while True:
        try:
            if not _at_record(source, name, seen):
                return
            seen += 1
            yield _read(source, name)
        except Damaged as damage:
            place = f"{name}: byte {source.position}, behind record {seen}"
            if damage.is_end:
                raise TruncatedArchive(
                    f"{name}: cut in the middle of a record; what came before it was imported"
                ) from damage
            if not seen and not source.position:
                raise BadInput(f"{name} is not a WARC file: {damage}") from damage
            yield Dropped(place, damage.reason, str(damage)[:200])
            if not source.step_over():
                return


def _at_record(source: Unpacking, name: str, seen: int) -> bool:
    """Goes to the beginning of the next record; False at the end of the file."""
    _skip_blank(source)
    if not source.held:
        _raise_damage(source)
        if not seen:
            raise BadInput(f"{name} is empty")
        return False
    source.need(16)
    if _BEGINS.match(source.held):
        return True
    if not seen:
        raise BadInput(f"{name} is not a WARC file: it begins with {_first_line(source)!r}")
    logger.warning(
        "%s: byte %d: no record begins behind record %d; the next one is sought", name, source.position, seen
    )
    return _seek(source)


def _raise_damage(source: Unpacking) -> None:
    """What keeps the record at hand from being read to its end."""
    if source.damage is not None:
        raise source.damage


def _skip_blank(source: Unpacking) -> None:
    while source.need(1):
        blank = _BLANKS.match(source.held)
        source.take(blank.end() if blank else 0)
        if source.held:
            return


def _first_line(source: Unpacking) -> str:
    source.need(100)
    return bytes(source.held[:100]).split(b"\n", 1)[0].decode("utf-8", "replace").strip()


def _seek(source: Unpacking) -> bool:
    """Goes on to where a record begins; False where none does."""
    while True:
        source.need(PIECE)
        if match := _NEXT.search(source.held):
            source.take(match.end())
            return True
        if len(source.held) < PIECE:
            if source.damage is not None and not source.damage.is_end:
                raise source.damage
            source.take(len(source.held))
            return False
        source.take(len(source.held) - MAX_HEAD_BYTES)


def _read(source: Unpacking, name: str) -> Record | Dropped:
    """The record that begins here; behind it the source stands at its end."""
    place, start = source.place(), source.position
    head = _head(source)
    fields = _fields(head) if head is not None else {}
    if head is None:
        _raise_damage(source)
    length = _length(fields)
    if head is None or length is None or _is_beyond_file(source, len(head) + length):
        source.take(1)
        _seek(source)
        return Dropped(f"{name}: byte {start}", "broken_record", "its head has no end, or no possible Content-Length")
    source.take(len(head))
    block = None
    if length <= MAX_HELD_BYTES:
        block = _block(source, length, name=name, start=start)
    else:
        _pass_over(source, length)
    return Record(fields, block, place, source.position - start)


def _length(fields: Mapping[str, str]) -> int | None:
    """The Content-Length; None if there is none, or one that no record has."""
    stated = fields.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) <= MAX_LENGTH_DIGITS else None


def _is_beyond_file(source: Unpacking, length: int) -> bool:
    """Whether a record too long to be held would end behind the end of the file."""
    if length <= MAX_HELD_BYTES:
        return False
    left = source.left_in_file()
    return left is not None and length > left


def _head(source: Unpacking) -> bytes | None:
    """The head with the empty line behind it."""
    size = 2_048
    while size <= MAX_HEAD_BYTES:
        is_there = source.need(size)
        if match := _END_OF_HEAD.search(source.held, 0, size):
            return bytes(source.held[: match.end()])
        if not is_there:
            break
        size *= 2
    return None


def _fields(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").splitlines()[1:]:
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip().lower(), value.strip())
    return found


def _pass_over(source: Unpacking, length: int) -> None:
    """Passes over a block without holding it, up to its end or to a packed member that begins a record."""
    while length:
        source.need(min(length, PIECE))
        size = min(length, len(source.held))
        member = source.next_member()
        if member is not None and member <= size:
            source.need(member + 5)
            if source.held[member : member + 5] == b"WARC/":
                source.take(member)
                return
        if not size:
            _raise_damage(source)
            raise Damaged("the file ends within a record", is_end=True)
        source.take(size)
        length -= size


def _block(source: Unpacking, length: int, *, name: str, start: int) -> bytes:
    """The block, as long as it says or up to the next record."""
    is_whole = source.need(length)
    if not is_whole:
        _raise_damage(source)
    if is_whole and _ends_here(source, length):
        block = bytes(source.held[:length])
        source.take(length)
        return block
    real = _real_length(source, length)
    if real is None:
        raise Damaged("the file ends within a record", is_end=True)
    logger.warning("%s: byte %d: Content-Length is %d, but the record has %d bytes", name, start, length, real)
    block = bytes(source.held[:real])
    source.take(real)
    return block.rstrip(b"\r\n") if real != length else block


def _ends_here(source: Unpacking, length: int) -> bool:
    """Whether a record, or nothing, follows the first `length` bytes."""
    source.need(length + 64)
    behind = bytes(source.held[length : length + 64]).lstrip(_BLANK)
    return not behind or behind.startswith(b"WARC/")


def _real_length(source: Unpacking, length: int) -> int | None:
    """Up to where the next record begins, or the end of the file; None when the record has no end.

    Whoever wrote too small a length for the last record wrote the rest of it all the same.
    """
    start = 0
    while True:
        if match := _NEXT.search(source.held, start):
            return match.end()
        size = len(source.held)
        start = max(0, size - MAX_HEAD_BYTES)
        if size > MAX_HELD_BYTES:
            return None
        source.need(size + PIECE)
        if len(source.held) == size:
            return size if size > length else None
