"""The folder of a dump: shards of its tables, schemas, the card and the metadata, under its name when complete."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from onestory.errors import BadInput, DiskFull, HomeUnusable, is_disk_full
from onestory.newsroom.dump.card import DumpFormat, dataset_card
from onestory.newsroom.dump.increments import GONE, ReadDump, changed_rows, merged_rows
from onestory.newsroom.dump.manifest import pretty_json, write_manifest, write_whole
from onestory.newsroom.dump.schema import ARTICLE_FIELDS, NEWS_EVENT_FIELDS, STORY_FIELDS, json_schema
from onestory.newsroom.dump.shards import JSON_LINE_OPTIONS, DumpProgress, write_shards

__all__ = ["DumpContent", "DumpTable", "write_folder"]

FIELDS: Mapping[str, Mapping[str, Any]] = {
    "articles": ARTICLE_FIELDS,
    "stories": STORY_FIELDS,
    "news_events": NEWS_EVENT_FIELDS,
}
Row = dict[str, Any]


class DumpTable(StrEnum):
    """Tables of a dump."""

    ARTICLES = "articles"
    STORIES = "stories"
    NEWS_EVENTS = "news_events"


@dataclass(frozen=True, slots=True)
class DumpContent:
    """What a dump says. `rows` gives those of a table, in the order of their ids; `newest` dates the dump."""

    rows: Callable[[DumpTable], Iterator[Row]]
    removed: Sequence[Row]
    gaps: Sequence[Row]
    newest: datetime | None
    mining: Sequence[str]
    sample: int | None = None


def write_folder(
    out: Path,
    content: DumpContent,
    *,
    file_format: DumpFormat,
    since: Sequence[ReadDump] = (),
    progress: DumpProgress = lambda done: None,
) -> dict[str, Any]:
    """Write a dump next to `out`, rename it when complete, and return the manifest. Raises BadInput if `out` exists.

    With `since`, a base and its increments, it is the next increment.
    """
    if out.exists():
        raise BadInput(f"{out} already exists: choose a new folder, or remove it first")
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        manifest = _Writing(partial, content, file_format, since, progress).write()
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
    content: DumpContent
    file_format: DumpFormat
    since: Sequence[ReadDump]
    progress: DumpProgress

    def write(self) -> dict[str, Any]:
        gone: list[Row] = []
        whole = dict.fromkeys(map(str, DumpTable), 0)
        counts = {table.value: self._write_table(table, whole, gone) for table in DumpTable}
        self._write_lines("removed.jsonl", self.content.removed)
        self._write_lines("gaps.jsonl", self.content.gaps)
        for table, fields in FIELDS.items():
            write_whole(self.folder / f"{table}.schema.json", pretty_json(json_schema(fields)))
        card = dataset_card(counts, mining=self.content.mining, file_format=self.file_format)
        write_whole(self.folder / "README.md", card.encode())
        beside = {"removed": len(self.content.removed), "gaps": len(self.content.gaps)}
        told: dict[str, Any] = {"mining": list(self.content.mining), "counts": {**counts, **beside}}
        if self.content.sample is not None:
            told["sample"] = self.content.sample
        if self.since:
            self._write_lines(GONE, gone)
            told["counts"]["gone"] = len(gone)
            newest = self.content.newest and self.content.newest.isoformat()
            told |= {"since": self.since[-1].digest, "whole": {"counts": whole, "newest": newest}}
        return write_manifest(self.folder, FIELDS, told, file_format=self.file_format, as_of=self.content.newest)

    def _write_table(self, table: DumpTable, whole: dict[str, int], gone: list[Row]) -> int:
        rows = _counted(self.content.rows(table), table, whole)
        missing: list[str] = []
        if self.since:
            rows = changed_rows(rows, merged_rows(self.since, table), missing)
        folder, fields = self.folder / table.value, FIELDS[table]
        count = write_shards(rows, folder, fields, file_format=self.file_format, progress=self.progress)
        gone += [{"table": str(table), "id": identity} for identity in missing]
        return count

    def _write_lines(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        write_whole(self.folder / name, b"".join(orjson.dumps(row, option=JSON_LINE_OPTIONS) for row in rows))


def _counted(rows: Iterator[Row], table: str, counts: dict[str, int]) -> Iterator[Row]:
    for row in rows:
        counts[table] += 1
        yield row
