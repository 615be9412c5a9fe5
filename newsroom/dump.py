"""The corpus dump: JSON Lines in zstd, with a manifest of checksums and a card. One snapshot of the store.

Rows carry Dolma's fields (`id, text, source, added, created, metadata`; Soldaini et al. 2024) beside ours.
"""

import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection

from newsroom.dump_card import card
from newsroom.dump_rows import article_row, gap_row, removed_row, story_row
from newsroom.dump_rows import mining as verdict
from newsroom.dump_schema import ARTICLE_FIELDS, STORY_FIELDS, json_schema
from store.database import Store
from store.errors import BadInput, DiskFull, HomeUnusable
from store.gaps import walk_gaps
from store.tombstones import tombstone_rows
from store.walking import walk_articles, walk_stories

__all__ = ["Mining", "Rows", "dump", "stream"]

ROWS_A_SHARD = 100_000
LEVEL = 6
ROW = orjson.OPT_APPEND_NEWLINE
Progress = Callable[[int], None]


class Rows(StrEnum):
    """Which table of the dump."""

    ARTICLES = "articles"
    STORIES = "stories"


class Mining(StrEnum):
    """Verdicts on text and data mining."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


def stream(store: Store, rows: Rows, *, mining: Collection[str] = tuple(Mining)) -> None:
    """Prints the rows as plain JSON lines; only articles with one of these verdicts."""
    with store.read() as connection:
        for line in _lines(connection, rows, mining):
            sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def dump(
    store: Store, *, out: Path, mining: Collection[str] = tuple(Mining), progress: Progress = lambda done: None
) -> dict[str, Any]:
    """Writes beside `out`, renames when whole, and returns the manifest. Raises BadInput when `out` is there.

    Only articles with one of the verdicts of `mining` are in it, and stories with one of these.
    """
    if out.exists():
        raise BadInput(f"{out} is there already: name a folder that is not, or remove it first")
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        manifest = _write(store, partial, mining, progress)
        partial.rename(out)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"{out}: the disk is full; nothing was left there") from error
        raise HomeUnusable(f"{out} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return manifest


def _write(store: Store, folder: Path, mining: Collection[str], progress: Progress) -> dict[str, Any]:
    wanted = sorted(str(verdict) for verdict in mining)
    with store.read() as connection:
        counts = {
            rows.value: _write_shards(_lines(connection, rows, mining), folder / rows, rows, progress) for rows in Rows
        }
        removed = [orjson.dumps(removed_row(one), option=ROW) for one in tombstone_rows(connection)]
        missed = [orjson.dumps(gap_row(one), option=ROW) for one in walk_gaps(connection)]
    _write_whole(folder / "removed.jsonl", b"".join(removed))
    _write_whole(folder / "gaps.jsonl", b"".join(missed))
    fields = {"articles": ARTICLE_FIELDS, "stories": STORY_FIELDS}
    for name, row_fields in fields.items():
        _write_whole(folder / f"{name}.schema.json", _pretty(json_schema(row_fields)))
    _write_whole(folder / "README.md", card(counts, mining=wanted).encode())
    manifest = {
        "format": "onestory dump 1",
        "mining": wanted,
        "counts": {**counts, "removed": len(removed), "gaps": len(missed)},
        "files": {
            str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }
    _write_whole(folder / "manifest.json", _pretty(manifest))
    return manifest


def _write_shards(lines: Iterator[bytes], folder: Path, rows: Rows, progress: Progress) -> int:
    """Numbered shards; one, empty, when there is no row."""
    folder.mkdir()
    done = 0
    for number in range(sys.maxsize):
        first = next(lines, None)
        if first is None and number:
            break
        path = folder / f"{rows}-{number:05d}.jsonl.zst"
        with path.open("wb") as file, zstandard.ZstdCompressor(LEVEL).stream_writer(file) as shard:
            for line in chain([first] if first else [], islice(lines, ROWS_A_SHARD - 1)):
                shard.write(line)
                done += 1
                if done % 500 == 0:
                    progress(done)
    return done


def _lines(connection: Connection, rows: Rows, mining: Collection[str]) -> Iterator[bytes]:
    found: Iterable[Mapping[str, Any]]
    if rows is Rows.ARTICLES:
        found = (article_row(record) for record in walk_articles(connection) if verdict(record) in mining)
    else:
        stories = (
            (record, [member for member in members if verdict(member) in mining])
            for record, members in walk_stories(connection)
        )
        found = (story_row(record, members) for record, members in stories if members)
    return (orjson.dumps(row, option=ROW) for row in found)


def _write_whole(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _pretty(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
