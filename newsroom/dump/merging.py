"""A base and its increments as the whole dump that the last increment was made beside."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from onestory.errors import BadInput
from onestory.newsroom.dump.card import DumpFormat
from onestory.newsroom.dump.folder import DumpContent, write_folder
from onestory.newsroom.dump.increments import ReadDump, merged_rows, read_chain
from onestory.newsroom.dump.shards import DumpProgress

__all__ = ["merge_dumps"]


def merge_dumps(folders: Sequence[Path], out: Path, *, progress: DumpProgress = lambda done: None) -> dict[str, Any]:
    """Write the dump that a base and its increments stand for, and return its manifest.

    It is that of `onestory dump` at the time of the last increment, to the byte, in the format of the base.
    """
    chain = read_chain(folders)
    last = chain[-1]
    if not last.is_increment:
        raise BadInput("name a dump, and at least one increment that was made since")
    newest = last.manifest["whole"]["newest"]
    content = DumpContent(
        rows=lambda table: merged_rows(chain, table),
        removed=last.lines("removed.jsonl"),
        gaps=last.lines("gaps.jsonl"),
        newest=newest and datetime.fromisoformat(newest),
        mining=last.manifest["mining"],
    )
    return write_folder(out, content, file_format=_format(chain[0]), progress=progress)


def _format(dump: ReadDump) -> DumpFormat:
    shards = [name for name in dump.manifest["files"] if name.startswith("articles/")]
    return next(one for one in DumpFormat if shards[0].endswith(one.ending))
