"""Corpus dumps: JSON Lines in zstd with checksums and a dataset card, from one snapshot of the store.

Rows contain Dolma's fields (`id, text, source, added, created, metadata`; Soldaini et al. 2024) and further ones.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection

from onestory.errors import BadInput, DiskFull, HomeUnusable, is_disk_full
from onestory.newsroom.dump.card import dataset_card
from onestory.newsroom.dump.rows import dump_article_row, dump_gap_row, dump_removed_row, dump_story_row
from onestory.newsroom.dump.rows import mining_verdict_of as verdict
from onestory.newsroom.dump.schema import ARTICLE_FIELDS, STORY_FIELDS, json_schema
from onestory.store.articles.earlier_versions import EarlierVersion, changed_articles, copies_of_earlier_versions
from onestory.store.database import Store
from onestory.store.sources.coverage import iter_gaps
from onestory.store.stories.export import iter_articles, iter_stories
from onestory.store.stories.records import ArticleRecord, StoryRecord
from onestory.store.tombstones import tombstone_records

__all__ = ["DumpTable", "MiningVerdict", "dump_rows", "stream_dump", "write_dump"]

ROWS_PER_SHARD = 100_000
COMPRESSION_LEVEL = 6
JSON_LINE_OPTIONS = orjson.OPT_APPEND_NEWLINE
DumpProgress = Callable[[int], None]


class DumpTable(StrEnum):
    """Tables of a dump."""

    ARTICLES = "articles"
    STORIES = "stories"


class MiningVerdict(StrEnum):
    """Verdicts on text and data mining."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


def stream_dump(store: Store, rows: DumpTable, *, mining: Collection[str] = tuple(MiningVerdict)) -> None:
    """Write the rows of articles with one of these verdicts as plain JSON Lines."""
    with store.read() as connection:
        for line in _lines(connection, rows, mining):
            sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def write_dump(
    store: Store,
    *,
    out: Path,
    mining: Collection[str] = tuple(MiningVerdict),
    progress: DumpProgress = lambda done: None,
) -> dict[str, Any]:
    """Write a dump next to `out`, rename it when complete, and return the manifest. Raises BadInput if `out` exists.

    It contains only articles with one of the verdicts in `mining`, and the stories that have some.
    """
    if out.exists():
        raise BadInput(f"{out} already exists: choose a new folder, or remove it first")
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        manifest = _write(store, partial, mining, progress)
        partial.rename(out)
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(f"{out}: the disk is full; the incomplete dump was removed") from error
        raise HomeUnusable(f"{out} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return manifest


def _write(store: Store, folder: Path, mining: Collection[str], progress: DumpProgress) -> dict[str, Any]:
    wanted = sorted(str(verdict) for verdict in mining)
    with store.read() as connection:
        counts = {
            rows.value: _write_shards(_lines(connection, rows, mining), folder / rows, rows, progress)
            for rows in DumpTable
        }
        removed = [
            orjson.dumps(dump_removed_row(one), option=JSON_LINE_OPTIONS) for one in tombstone_records(connection)
        ]
        missed = [orjson.dumps(dump_gap_row(one), option=JSON_LINE_OPTIONS) for one in iter_gaps(connection)]
    _write_whole(folder / "removed.jsonl", b"".join(removed))
    _write_whole(folder / "gaps.jsonl", b"".join(missed))
    fields = {"articles": ARTICLE_FIELDS, "stories": STORY_FIELDS}
    for name, row_fields in fields.items():
        _write_whole(folder / f"{name}.schema.json", _pretty(json_schema(row_fields)))
    _write_whole(folder / "README.md", dataset_card(counts, mining=wanted).encode())
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


def _write_shards(lines: Iterator[bytes], folder: Path, rows: DumpTable, progress: DumpProgress) -> int:
    """Write numbered shards; a single empty one if there are no rows."""
    folder.mkdir()
    done = 0
    for number in range(sys.maxsize):
        first = next(lines, None)
        if first is None and number:
            break
        path = folder / f"{rows}-{number:05d}.jsonl.zst"
        with path.open("wb") as file, zstandard.ZstdCompressor(COMPRESSION_LEVEL).stream_writer(file) as shard:
            for line in chain([first] if first else [], islice(lines, ROWS_PER_SHARD - 1)):
                shard.write(line)
                done += 1
                if done % 500 == 0:
                    progress(done)
    return done


def _lines(connection: Connection, rows: DumpTable, mining: Collection[str]) -> Iterator[bytes]:
    found = dump_rows(connection, rows, mining=mining)
    return (orjson.dumps(row, option=JSON_LINE_OPTIONS) for row in found)


def dump_rows(
    connection: Connection, rows: DumpTable, *, mining: Collection[str] = tuple(MiningVerdict)
) -> Iterator[dict[str, Any]]:
    """The rows of articles with one of these verdicts, in the order of their ids."""
    if rows is DumpTable.ARTICLES:
        return (dump_article_row(record) for record in iter_articles(connection) if verdict(record) in mining)
    stories = (
        (record, [member for member in members if verdict(member) in mining])
        for record, members in iter_stories(connection)
    )
    changed = changed_articles(connection)
    return (
        dump_story_row(record, members, _earlier(connection, record, members, changed))
        for record, members in stories
        if members
    )


def _earlier(
    connection: Connection, record: StoryRecord, members: Sequence[ArticleRecord], changed: Collection[str]
) -> Mapping[str, EarlierVersion]:
    """The copies that run an earlier version of the original, where it has any."""
    if len(members) < 2 or record.original not in changed:
        return {}
    return copies_of_earlier_versions(connection, record.original, [member.copy.id for member in members])


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
