"""Corpus dumps: files with checksums, a dataset card and Croissant metadata, from one snapshot of the store.

Rows contain Dolma's fields (`id, text, source, added, created, metadata`; Soldaini et al. 2024) and further ones.
"""

import os
import shutil
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from onestory.errors import BadInput, DiskFull, HomeUnusable, is_disk_full
from onestory.newsroom.dump.card import DumpFormat, dataset_card
from onestory.newsroom.dump.manifest import pretty_json, write_manifest, write_whole
from onestory.newsroom.dump.rows import dump_article_row, dump_gap_row, dump_removed_row, dump_story_row
from onestory.newsroom.dump.rows import mining_verdict_of as verdict
from onestory.newsroom.dump.schema import ARTICLE_FIELDS, STORY_FIELDS, json_schema
from onestory.newsroom.dump.shards import JSON_LINE_OPTIONS, DumpProgress, write_shards
from onestory.store.articles.earlier_versions import EarlierVersion, changed_articles, copies_of_earlier_versions
from onestory.store.database import Store
from onestory.store.schema import articles
from onestory.store.sources.coverage import iter_gaps
from onestory.store.stories.export import iter_articles, iter_stories
from onestory.store.stories.records import ArticleRecord, StoryRecord
from onestory.store.tombstones import tombstone_records

__all__ = ["DumpTable", "MiningVerdict", "dump_rows", "stream_dump", "write_dump"]

FIELDS: Mapping[str, Mapping[str, Any]] = {"articles": ARTICLE_FIELDS, "stories": STORY_FIELDS}


class DumpTable(StrEnum):
    """Tables of a dump."""

    ARTICLES = "articles"
    STORIES = "stories"


class MiningVerdict(StrEnum):
    """Verdicts on text and data mining."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


def stream_dump(
    store: Store, rows: DumpTable, *, mining: Collection[str] = tuple(MiningVerdict), sample: int | None = None
) -> None:
    """Write the rows of articles with one of these verdicts as plain JSON Lines; of `sample` stories, or of all."""
    with store.read() as connection:
        for row in _sampled_rows(connection, rows, mining, sample):
            sys.stdout.buffer.write(orjson.dumps(row, option=JSON_LINE_OPTIONS))
    sys.stdout.buffer.flush()


def write_dump(
    store: Store,
    *,
    out: Path,
    mining: Collection[str] = tuple(MiningVerdict),
    file_format: DumpFormat = DumpFormat.JSONL,
    sample: int | None = None,
    progress: DumpProgress = lambda done: None,
) -> dict[str, Any]:
    """Write a dump next to `out`, rename it when complete, and return the manifest. Raises BadInput if `out` exists.

    It contains only articles with one of the verdicts in `mining`, and the stories that have some; with `sample`, only
    so many stories and their articles.
    """
    if out.exists():
        raise BadInput(f"{out} already exists: choose a new folder, or remove it first")
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        manifest = _Writing(partial, sorted(map(str, mining)), file_format, sample, progress).write(store)
        partial.rename(out)
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(f"{out}: the disk is full; the incomplete dump was removed") from error
        raise HomeUnusable(f"{out} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return manifest


@dataclass(frozen=True, slots=True)
class _Writing:
    """One dump, into a folder of its own."""

    folder: Path
    mining: Sequence[str]
    file_format: DumpFormat
    sample: int | None
    progress: DumpProgress

    def write(self, store: Store) -> dict[str, Any]:
        with store.read() as connection:
            counts = {table.value: self._write_table(connection, table) for table in DumpTable}
            removed = [dump_removed_row(one) for one in tombstone_records(connection)]
            missed = [dump_gap_row(one) for one in iter_gaps(connection)]
            newest = connection.execute(select(func.max(articles.c.first_seen))).scalar()
        self._write_lines("removed.jsonl", removed)
        self._write_lines("gaps.jsonl", missed)
        for table, fields in FIELDS.items():
            write_whole(self.folder / f"{table}.schema.json", pretty_json(json_schema(fields)))
        card = dataset_card(counts, mining=self.mining, file_format=self.file_format)
        write_whole(self.folder / "README.md", card.encode())
        told: dict[str, Any] = {
            "mining": list(self.mining),
            "counts": {**counts, "removed": len(removed), "gaps": len(missed)},
        }
        if self.sample is not None:
            told["sample"] = self.sample
        return write_manifest(self.folder, FIELDS, told, file_format=self.file_format, as_of=newest)

    def _write_table(self, connection: Connection, table: DumpTable) -> int:
        rows = _sampled_rows(connection, table, self.mining, self.sample)
        folder = self.folder / table.value
        return write_shards(rows, folder, FIELDS[table.value], file_format=self.file_format, progress=self.progress)

    def _write_lines(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        write_whole(self.folder / name, b"".join(orjson.dumps(row, option=JSON_LINE_OPTIONS) for row in rows))


def _sampled_rows(
    connection: Connection, table: DumpTable, mining: Collection[str], sample: int | None
) -> Iterator[dict[str, Any]]:
    """The rows of a table: all of them, or those of the first `sample` stories.

    Ids are digests, so that the first ones are a random sample; a larger sample contains a smaller one.
    """
    rows = dump_rows(connection, table, mining=mining)
    if sample is None:
        return rows
    if table is DumpTable.STORIES:
        return islice(rows, sample)
    stories = {row["id"] for row in islice(dump_rows(connection, DumpTable.STORIES, mining=mining), sample)}
    return (row for row in rows if row["story_id"] in stories)


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
