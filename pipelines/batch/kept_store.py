"""What a batch keeps for `onestory import --stories`: the rows of its groups, and the matches between groups.

Below `store/` there are `rows-*.db.zst` (`onestory.store.bulk_load`), one for each group; `between-*.arrow`, the
matches whose articles are in different groups; and `places.npy`, uint32[captures, 2]: of each place the group of its
version and its number there, 0 for a capture that makes no version.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import zstandard

from onestory.pipelines.batch.comparison import MATCHES
from onestory.pipelines.batch.directory import open_directory
from onestory.pipelines.batch.evaluation import EvaluatedGroup, GroupMatch
from onestory.pipelines.batch.parts import Setting
from onestory.pipelines.batch.work_folder import WorkFolder, open_arrow
from onestory.store.bulk_load import keep_rows

__all__ = ["KEPT", "assemble_kept", "keep_group", "matches_between"]

KEPT = "store"
COMPRESSION_LEVEL = 3
COLUMNS = ("low", "high", "low_words", "high_words", "inert", "evidence")


def keep_group(setting: Setting, group: int, evaluated: EvaluatedGroup) -> None:
    """Keep the rows of a group, as a part of the job."""

    def write(path: Path) -> None:
        whole = path.with_name(f"{path.name}.whole")
        try:
            keep_rows(evaluated.store, whole)
            path.write_bytes(zstandard.ZstdCompressor(COMPRESSION_LEVEL).compress(whole.read_bytes()))
        finally:
            whole.unlink(missing_ok=True)

    setting.folder.write(f"kept/{group:06d}.db.zst", write)
    numbers = np.array(sorted((place, number) for number, place in evaluated.places.items()), dtype=np.uint32)
    setting.folder.write_array(f"kept-places/{group:06d}.npy", numbers.reshape(-1, 2))


def assemble_kept(setting: Setting, out: Path) -> int:
    """Put what was kept into the result. Returns how many groups there are; the same call goes on where it ended."""
    folder, target = setting.folder, out / KEPT
    target.mkdir(exist_ok=True)
    groups = len(folder.names("kept-places"))
    places = np.zeros((len(open_directory(folder).file), 2), dtype=np.uint32)
    for group, name in enumerate(folder.names("kept-places")):
        found = folder.array(name)
        places[found[:, 0]] = np.stack([np.full(len(found), group, dtype=np.uint32), found[:, 1]], axis=1)
    np.save(target / "places.npy", places)
    for number, name in enumerate(folder.names(MATCHES)):
        _write_between(folder, name, places, target / f"between-{number:06d}.arrow")
    for name in folder.names("kept"):
        (folder.path / name).rename(target / f"rows-{Path(name).name}")
    return groups


def _write_between(folder: WorkFolder, name: str, places: Any, path: Path) -> None:
    table = open_arrow(folder.path / name).select(list(COLUMNS))
    low, high = (places[table.column(end).to_numpy()] for end in ("low", "high"))
    apart = (low[:, 0] != high[:, 0]) & (low[:, 1] > 0) & (high[:, 1] > 0)
    chosen = table.filter(pa.array(apart)).combine_chunks()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, chosen.schema, options=options) as writer:
        writer.write_table(chosen)


def matches_between(path: Path) -> Iterator[GroupMatch]:
    """The matches of a file, with the places of their ends."""
    for row in open_arrow(path).to_pylist():
        yield GroupMatch(*(row[name] for name in COLUMNS))
