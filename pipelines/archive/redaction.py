"""Remove records from WARC files (ISO 28500) by writing a new file beside the old one.

The new file has a new name, so that the versions that refer to it by name and offset are right at every moment: first
the new file is written, then the store is updated, then the old file is deleted. After a crash the call is repeated.
"""

import fcntl
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from onestory.errors import BadInput, HomeUnusable
from onestory.private_files import create_private_file

__all__ = ["RedactedFile", "redact_file", "warc_files"]

ENDINGS = (".warc.gz", ".warc")
CHUNK_BYTES = 1 << 20
MAX_TORN_BYTES = 64 << 20
# The start of a record, plain or as a gzip member.
RECORD = re.compile(rb"WARC/1\.[01]\r\n|\x1f\x8b\x08[\x00-\x1f].{4}[\x00\x02\x04]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RedactedFile:
    """A file without some of its records. `offsets` maps the old positions of the others to those in `new`."""

    old: Path
    new: Path | None
    offsets: dict[int, int]
    removed: int


@dataclass(frozen=True, slots=True)
class _Record:
    """The byte range of a record; `end` is where the next one begins."""

    offset: int
    end: int
    url: str


def warc_files(folder: Path) -> list[Path]:
    """The WARC files of a folder and its subfolders, sorted."""
    return sorted(path for path in folder.rglob("*.warc*") if path.name.endswith(ENDINGS) and path.is_file())


@contextmanager
def redact_file(path: Path, is_barred: Callable[[str], bool]) -> Iterator[RedactedFile | None]:
    """Write the file without the records of barred URLs; None if it has none. The old file is deleted on exit.

    A crawler that writes to the file waits and continues in a new one (`onestory.pipelines.archive.warc_writer`). A
    torn last record is dropped with the old file. Raises BadInput if the file cannot be read to its end.
    """
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = _rewritten(path, file, is_barred)
        yield done
        if done is not None:
            path.unlink()


def _rewritten(path: Path, file: BinaryIO, is_barred: Callable[[str], bool]) -> RedactedFile | None:
    records, torn = _records(path, file)
    kept = [record for record in records if not (record.url and is_barred(record.url))]
    removed = len(records) - len(kept)
    if not removed and not torn:
        return None
    if all(not record.url for record in kept):
        return RedactedFile(path, None, {}, removed)
    new = _next_name(path)
    return RedactedFile(path, new, _copy(file, new, kept), removed)


def _records(path: Path, file: BinaryIO) -> tuple[list[_Record], bool]:
    """All complete records, and whether a torn one follows."""
    found: list[tuple[int, str]] = []
    end = 0
    records = ArchiveIterator(file)
    try:
        for record in records:
            while record.raw_stream.read(CHUNK_BYTES):
                pass
            if getattr(record.raw_stream, "limit", 0):
                break
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            found.append((records.get_record_offset(), url.strip("<> ")))
            end = found[-1][0] + records.get_record_length()
    except (ArchiveLoadFailed, EOFError, OSError, ValueError, zlib.error) as error:
        if not found:
            raise BadInput(f"{path} cannot be read, so nothing was removed from it: {error}") from error
    file.seek(end)
    rest = file.read(MAX_TORN_BYTES)
    torn = bool(rest.strip(b"\r\n\0"))
    if torn and (len(rest) == MAX_TORN_BYTES or RECORD.search(rest, 1)):
        raise BadInput(f"{path} is damaged behind byte {end}, so nothing was removed from it")
    # Blank lines after a record belong to it.
    end += len(rest) - len(rest.lstrip(b"\r\n\0"))
    ends = [*(offset for offset, _ in found[1:]), end]
    return [_Record(offset, till, url) for (offset, url), till in zip(found, ends, strict=True)], torn


def _next_name(path: Path) -> Path:
    """`a.warc.gz`, `a.r1.warc.gz`, `a.r2.warc.gz`."""
    ending = next(ending for ending in ENDINGS if path.name.endswith(ending))
    stem = path.name.removesuffix(ending)
    base, dot, number = stem.rpartition(".r")
    if dot and number.isascii() and number.isdigit():
        return path.with_name(f"{base}.r{int(number) + 1}{ending}")
    return path.with_name(f"{stem}.r1{ending}")


def _copy(source: BinaryIO, new: Path, kept: list[_Record]) -> dict[int, int]:
    partial = new.with_name(f".{new.name}.partial")
    offsets = {}
    try:
        create_private_file(partial)
        with partial.open("wb") as target:
            os.fchmod(target.fileno(), stat.S_IMODE(os.fstat(source.fileno()).st_mode))
            for record in kept:
                offsets[record.offset] = target.tell()
                source.seek(record.offset)
                target.write(source.read(record.end - record.offset))
            target.flush()
            os.fsync(target.fileno())
        partial.replace(new)
    except OSError as error:
        raise HomeUnusable(f"{new} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return offsets
