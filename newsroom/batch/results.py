"""The results of one group of articles: rows of articles, stories and matches, as they go into the dump."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from sqlalchemy import Connection

from onestory.dedupe.evidence import Evidence
from onestory.newsroom.dump.arrow import table_of
from onestory.newsroom.dump.schema import ARTICLE_FIELDS, MATCH_FIELDS, STORY_FIELDS
from onestory.newsroom.dump.writer import DumpTable, dump_rows
from onestory.pipelines.batch.comparison import MATCHES, evidence_of
from onestory.pipelines.batch.components import open_groups
from onestory.pipelines.batch.directory import open_directory
from onestory.pipelines.batch.evaluation import EvaluatedGroup, evaluated_group, make_template
from onestory.pipelines.batch.kept_store import keep_group
from onestory.pipelines.batch.parts import Progress, Setting, do_parts
from onestory.pipelines.batch.work_folder import open_arrow
from onestory.store.stories.records import MatchRecord, current_matches

__all__ = ["TABLES", "collected_once", "group_rows", "make_results", "match_row", "result_name"]

Row = dict[str, Any]
TABLES: Mapping[str, Mapping[str, Any]] = {
    "articles": ARTICLE_FIELDS,
    "stories": STORY_FIELDS,
    "matches": MATCH_FIELDS,
}


def result_name(table: str, part: int) -> str:
    return f"results-{table}/{part:06d}.arrow"


def _current_name(part: int) -> str:
    return f"current/{part:06d}.npy"


def make_results(setting: Setting, *, progress: Progress) -> None:
    """Evaluate all groups, then add the matches between groups, which change no story."""
    make_template(setting)
    groups = len(open_groups(setting.folder))
    do_parts("stories", write_results, range(groups), setting, name=_current_name, progress=progress)
    if not setting.folder.has("current.npy"):
        is_current = np.zeros(len(open_directory(setting.folder).file), dtype=bool)
        for group in range(groups):
            is_current[setting.folder.array(_current_name(group))] = True
        setting.folder.write_array("current.npy", is_current)
    files = range(len(setting.folder.names(MATCHES)))
    do_parts("matches", write_matches_between, files, setting, name=_between_name, progress=progress)


def write_results(setting: Setting, group: int) -> None:
    """The rows of one group, each table in the order of its ids."""
    with collected_once(), evaluated_group(setting, group) as evaluated:
        rows, current = group_rows(evaluated)
        if setting.keeps_store:
            keep_group(setting, group, evaluated)
    for table, fields in TABLES.items():
        setting.folder.write_arrow(result_name(table, group), table_of(rows[table], fields))
    # Last: with it the part is complete.
    setting.folder.write_array(_current_name(group), np.array(current, dtype=np.int64))


@contextmanager
def collected_once() -> Iterator[None]:
    """Collect garbage behind a group and not within it, where that took a fifth of the time; only the group's own."""
    was_collecting = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
        if was_collecting:
            gc.enable()


def group_rows(evaluated: EvaluatedGroup) -> tuple[dict[str, list[Row]], list[int]]:
    """The rows of each table, in the order of their ids, and the places of the current versions."""
    with evaluated.store.read() as connection:
        names = _story_ids(evaluated, connection)
        rows = {
            "articles": list(_articles(evaluated, connection, names)),
            "stories": sorted(_stories(evaluated, connection, names), key=lambda row: str(row["id"])),
            "matches": sorted(_matches(evaluated, connection), key=lambda row: (row["a"], row["b"])),
        }
        return rows, [evaluated.places[number] for number in _current_numbers(connection)]


def _current_numbers(connection: Connection) -> list[int]:
    return list(connection.exec_driver_sql("SELECT version FROM articles").scalars())


def _story_ids(evaluated: EvaluatedGroup, connection: Connection) -> dict[str, str]:
    """The names of stories that an earlier dump has under another id than their first article's."""
    here = set(connection.exec_driver_sql("SELECT DISTINCT story_id FROM articles").scalars())
    told = {one: evaluated.known[one].story_id for one in here & evaluated.known.keys()}
    return {one: name for one, name in told.items() if name not in here}


def _articles(evaluated: EvaluatedGroup, connection: Connection, names: Mapping[str, str]) -> Iterator[Row]:
    for row in dump_rows(connection, DumpTable.ARTICLES):
        if row["id"] in evaluated.new:
            yield row | {"story_id": names.get(row["story_id"], row["story_id"])}


def _stories(evaluated: EvaluatedGroup, connection: Connection, names: Mapping[str, str]) -> Iterator[Row]:
    """The stories that have something new, whole."""
    for row in dump_rows(connection, DumpTable.STORIES):
        if any(copy["article_id"] in evaluated.new for copy in row["copies"]):
            yield row | {"id": names.get(row["id"], row["id"])}


def _matches(evaluated: EvaluatedGroup, connection: Connection) -> Iterator[Row]:
    for row in connection.execute(current_matches()):
        match = MatchRecord(*row)
        if not evaluated.new.isdisjoint((match.a_article, match.b_article)):
            told = {name: value for name, value in match.evidence.items() if name in Evidence.__slots__}
            yield match_row(Evidence(match.a, match.b, match.kind, **told), match.a_article, match.b_article)  # type: ignore[arg-type]


def match_row(evidence: Evidence, a: str, b: str) -> Row:
    """The row of a match, the lower article id first."""
    if a > b:
        a, b, evidence = b, a, evidence.turned()
    return evidence.to_dict() | {"a": a, "b": b}


def _between_name(part: int) -> str:
    return f"between/{part:06d}"


def write_matches_between(setting: Setting, part: int) -> None:
    """The matches of one file whose articles are in different groups, of current versions."""
    folder, directory = setting.folder, open_directory(setting.folder)
    group_of, is_current = folder.array("groups/group_of.npy"), folder.array("current.npy")
    table = open_arrow(folder.path / folder.names(MATCHES)[part])
    low, high = (table.column(name).to_numpy() for name in ("low", "high"))
    article = directory.article
    apart = group_of[article[low]] != group_of[article[high]] if len(low) else np.empty(0, dtype=bool)
    chosen = np.flatnonzero(apart & is_current[low] & is_current[high]) if len(low) else apart
    rows = (_row_between(setting, table, int(row)) for row in chosen)
    ordered = sorted((row for row in rows if row is not None), key=lambda row: (row["a"], row["b"]))
    folder.write_arrow(result_name("matches", len(open_groups(folder)) + part), table_of(ordered, MATCH_FIELDS))
    folder.write_bytes(_between_name(part), b"")


def _row_between(setting: Setting, table: pa.Table, row: int) -> Row | None:
    directory = open_directory(setting.folder)
    low, high, data = (table.column(name)[row].as_py() for name in ("low", "high", "evidence"))
    if directory.known(low) is not None and directory.known(high) is not None:
        return None
    return match_row(replace(evidence_of(data), a=low, b=high), directory.article_id(low), directory.article_id(high))


def count_rows(setting: Setting, table: str) -> int:
    """How many rows a table has."""
    paths = (setting.folder.path / name for name in setting.folder.names(f"results-{table}"))
    return sum(int(open_arrow(path).num_rows) for path in paths)


def json_lines(rows: Iterable[Row]) -> bytes:
    """The rows as JSON Lines."""
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
