"""The results of all groups, put in the order of their ids and written as the files of a dump."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import zstandard

from onestory.newsroom.batch.results import TABLES
from onestory.newsroom.dump.arrow import table_of, write_parquet
from onestory.newsroom.dump.card import DumpFormat, dataset_card
from onestory.newsroom.dump.manifest import pretty_json, write_manifest
from onestory.newsroom.dump.schema import json_schema
from onestory.pipelines.batch.extraction import rejected_rows
from onestory.pipelines.batch.kept_store import assemble_kept
from onestory.pipelines.batch.parts import Progress, Setting, do_parts
from onestory.pipelines.batch.work_folder import WorkFolder, open_arrow

__all__ = ["assemble"]

SHARD_BYTES = 256 << 20  # of texts, before they are packed
ROW_BYTES = 400  # of a row beside its text
PREFIXES = 1 << 12  # ids are divided by their first three hex digits
COMPRESSION_LEVEL = 6


def assemble(
    setting: Setting, out: Path, *, file_format: DumpFormat, told: Mapping[str, Any], progress: Progress
) -> dict[str, Any]:
    """Write all files into `out`, and return the manifest, which has what is `told` as well."""
    counts: dict[str, int] = {}
    for table in TABLES:
        (out / table).mkdir(parents=True, exist_ok=True)
        counts[table] = _write_table(setting, out, table, file_format, progress)
    reasons = _write_rejected(setting.folder, out / "rejected")
    for table, fields in TABLES.items():
        (out / f"{table}.schema.json").write_bytes(pretty_json(json_schema(fields)))
    (out / "README.md").write_text(dataset_card(counts, file_format=file_format, is_batch=True), encoding="utf-8")
    for path in (one for table in TABLES for one in (out / table).glob("*.partial")):
        path.unlink()
    if setting.keeps_store:
        told = {**told, "kept_groups": assemble_kept(setting, out)}
    rejected = {"counts": {**counts, "rejected": sum(reasons.values())}, "rejected": dict(sorted(reasons.items()))}
    return write_manifest(out, TABLES, {**told, **rejected}, file_format=file_format, as_of=setting.as_of)


def _write_table(setting: Setting, out: Path, table: str, file_format: DumpFormat, progress: Progress) -> int:
    folder = setting.folder
    name = f"shards/{table}.json"
    if not folder.has(name):
        rows, bounds = _shards(folder, table)
        plan = {"rows": rows, "bounds": bounds, "out": str(out.absolute()), "format": file_format}
        folder.write_bytes(name, orjson.dumps(plan))
    plan = orjson.loads((folder.path / name).read_bytes())
    write = {"articles": write_articles, "stories": write_stories, "matches": write_matches}[table]
    parts = range(len(plan["bounds"]) - 1)
    for part in parts:
        if not _shard_path(plan, table, part).exists():
            (folder.path / f"shards/{table}-{part:05d}").unlink(missing_ok=True)
    do_parts(
        f"writing {table}", write, parts, setting, name=lambda part: f"shards/{table}-{part:05d}", progress=progress
    )
    return int(plan["rows"])


def _shards(folder: WorkFolder, table: str) -> tuple[int, list[int]]:
    """How many rows there are, and the prefixes that divide them: some bytes a shard, whatever group they come from."""
    weights = np.zeros(PREFIXES, dtype=np.int64)
    rows = 0
    for name in folder.names(f"results-{table}"):
        found = open_arrow(folder.path / name)
        rows += found.num_rows
        np.add.at(weights, _prefixes(found, table), _row_bytes(found))
    bounds, filled = [0], 0
    for prefix, weight in enumerate(weights.tolist()):
        if filled and filled + weight > SHARD_BYTES:
            bounds.append(prefix)
            filled = 0
        filled += weight
    return rows, [*bounds, PREFIXES]


def _key(table: str) -> str:
    return "a" if table == "matches" else "id"


def _prefixes(found: Any, table: str) -> Any:
    return np.array([int(one[:3], 16) for one in found.column(_key(table)).to_pylist()], dtype=np.int64)


def _row_bytes(found: Any) -> Any:
    if "text" not in found.column_names:
        return np.full(found.num_rows, ROW_BYTES, dtype=np.int64)
    lengths = pc.binary_length(found.column("text"))
    return lengths.fill_null(0).to_numpy().astype(np.int64) + ROW_BYTES


def write_articles(setting: Setting, part: int) -> None:
    """One shard of articles."""
    _write_shard(setting, "articles", part)


def write_stories(setting: Setting, part: int) -> None:
    """One shard of stories."""
    _write_shard(setting, "stories", part)


def write_matches(setting: Setting, part: int) -> None:
    """One shard of matches."""
    _write_shard(setting, "matches", part)


def _write_shard(setting: Setting, table: str, part: int) -> None:
    folder = setting.folder
    plan = orjson.loads((folder.path / f"shards/{table}.json").read_bytes())
    nothing = table_of([], TABLES[table])
    whole = pa.concat_tables([nothing, *_slices(folder, table, plan["bounds"][part], plan["bounds"][part + 1])])
    keys = [(name, "ascending") for name in (("a", "b") if table == "matches" else ("id",))]
    whole = whole.take(pc.sort_indices(whole, sort_keys=keys))
    place = _shard_path(plan, table, part)
    partial = place.with_name(f"{place.name}.partial")
    if DumpFormat(plan["format"]) is DumpFormat.PARQUET:
        write_parquet(partial, whole, TABLES[table])
    else:
        _write_lines(partial, whole)
    partial.rename(place)
    folder.write_bytes(f"shards/{table}-{part:05d}", b"")


def _shard_path(plan: Mapping[str, Any], table: str, part: int) -> Path:
    return Path(plan["out"]) / table / f"{table}-{part:05d}.{DumpFormat(plan['format']).ending}"


def _slices(folder: WorkFolder, table: str, low: int, high: int) -> Iterator[Any]:
    for name in folder.names(f"results-{table}"):
        found = open_arrow(folder.path / name)
        prefixes = _prefixes(found, table)
        first, last = np.searchsorted(prefixes, [low, high])
        yield found.slice(int(first), int(last - first))


def _write_lines(path: Path, table: Any) -> None:
    with path.open("wb") as file, zstandard.ZstdCompressor(COMPRESSION_LEVEL).stream_writer(file) as shard:
        for batch in table.to_batches(max_chunksize=1000):
            for row in batch.to_pylist():
                shard.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _write_rejected(folder: WorkFolder, out: Path) -> Counter[str]:
    out.mkdir(exist_ok=True)
    reasons: Counter[str] = Counter()
    path = out / "rejected-00000.jsonl.zst"
    with path.open("wb") as file, zstandard.ZstdCompressor(COMPRESSION_LEVEL).stream_writer(file) as shard:
        for row in rejected_rows(folder):
            reasons[str(row["reason"])] += 1
            shard.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    return reasons
