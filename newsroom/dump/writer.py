"""Corpus dumps: files with checksums, a dataset card and Croissant metadata, from one snapshot of the store.

Rows contain Dolma's fields (`id, text, source, added, created, metadata`; Soldaini et al. 2024) and further ones.
"""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from onestory.errors import BadInput
from onestory.newsroom.dump.card import DumpFormat
from onestory.newsroom.dump.folder import DumpContent, DumpTable, write_folder
from onestory.newsroom.dump.increments import read_chain
from onestory.newsroom.dump.rows import dump_article_row, dump_gap_row, dump_removed_row, dump_story_row
from onestory.newsroom.dump.rows import mining_verdict_of as verdict
from onestory.newsroom.dump.shards import JSON_LINE_OPTIONS, DumpProgress
from onestory.newsroom.news_events.dump_rows import news_event_rows
from onestory.store.articles.earlier_versions import EarlierVersion, changed_articles, copies_of_earlier_versions
from onestory.store.database import Store
from onestory.store.schema import articles
from onestory.store.sources.coverage import iter_gaps
from onestory.store.stories.export import iter_articles, iter_stories
from onestory.store.stories.records import ArticleRecord, StoryRecord
from onestory.store.tombstones import tombstone_records

__all__ = ["DumpTable", "MiningVerdict", "dump_rows", "stream_dump", "write_dump"]


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
    since: Sequence[Path] = (),
    progress: DumpProgress = lambda done: None,
) -> dict[str, Any]:
    """Write a dump next to `out`, rename it when complete, and return the manifest. Raises BadInput if `out` exists.

    It contains only articles with one of the verdicts in `mining`, and the stories that have some; with `sample`, only
    so many stories and their articles. `since` names a dump and the increments to it that there are: only what has
    changed is written, as the next increment.
    """
    chain = read_chain(since)
    verdicts = sorted(map(str, mining))
    if chain and sample is not None:
        raise BadInput("--sample and --since-dump exclude each other")
    if any(dump.manifest["mining"] != verdicts for dump in chain):
        raise BadInput("--mining: an increment has the same verdicts as the dump that it adds to")
    with store.read() as connection:
        content = DumpContent(
            rows=lambda table: _sampled_rows(connection, table, mining, sample),
            removed=[dump_removed_row(one) for one in tombstone_records(connection)],
            gaps=[dump_gap_row(one) for one in iter_gaps(connection)],
            newest=connection.execute(select(func.max(articles.c.first_seen))).scalar(),
            mining=verdicts,
            sample=sample,
        )
        return write_folder(out, content, file_format=file_format, since=chain, progress=progress)


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
    if table is DumpTable.NEWS_EVENTS:
        return news_event_rows(connection, among=stories)
    return (row for row in rows if row["story_id"] in stories)


def dump_rows(
    connection: Connection, rows: DumpTable, *, mining: Collection[str] = tuple(MiningVerdict)
) -> Iterator[dict[str, Any]]:
    """The rows of articles with one of these verdicts, of their stories, or of the news events of these, by id."""
    if rows is DumpTable.ARTICLES:
        return (dump_article_row(record) for record in iter_articles(connection) if verdict(record) in mining)
    if rows is DumpTable.NEWS_EVENTS:
        if set(MiningVerdict) <= set(mining):
            return news_event_rows(connection)
        held = {row["id"] for row in dump_rows(connection, DumpTable.STORIES, mining=mining)}
        return news_event_rows(connection, among=held)
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
