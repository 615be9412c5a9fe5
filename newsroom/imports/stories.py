"""A batch's result into an empty store: rows in bulk, then the index and the words for search, once each."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson
import zstandard
from sqlalchemy import Connection, select

from onestory.errors import BadInput
from onestory.pipelines.batch.evaluation import numbered_match
from onestory.pipelines.batch.kept_store import KEPT, matches_between
from onestory.pipelines.runtime.engine import Engine
from onestory.store.bulk_load import is_new, load_rows
from onestory.store.queries import rows_in
from onestory.store.schema import versions
from onestory.store.search.full_text_index import index_due_batch
from onestory.store.settings import BULK_IMPORT, read_setting, write_setting
from onestory.store.stories.components import add_matches

__all__ = ["import_stories"]

MATCHES_A_STEP = 5000
SEARCH_BATCH = 2000
Progress = Callable[[str, int, int | None], None]


@dataclass(slots=True)
class _Reached:
    """How far an import is: what was added to the numbers of each group, and how many files of matches are in."""

    result: str
    added: list[int] = field(default_factory=list)
    matches: int = 0
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class _Import:
    engine: Engine
    folder: Path
    reached: _Reached
    progress: Progress

    def load(self, groups: int) -> None:
        """Put the rows of all groups into the store, each in one transaction."""
        for group in range(len(self.reached.added), groups):
            with self._unpacked(group) as path, self.engine.store.write() as connection:
                self.reached.added.append(load_rows(connection, path))
                self._note(connection)
            self.progress("storing", group + 1, groups)

    @contextmanager
    def _unpacked(self, group: int) -> Iterator[Path]:
        packed = self.folder / KEPT / f"rows-{group:06d}.db.zst"
        with TemporaryDirectory(prefix="onestory-import-") as place:
            path = Path(place) / "rows.db"
            path.write_bytes(zstandard.ZstdDecompressor().decompress(packed.read_bytes()))
            yield path

    def load_matches(self) -> None:
        """Put the matches between groups into the store. They change no story."""
        places = np.load(self.folder / KEPT / "places.npy", mmap_mode="r")
        files = sorted((self.folder / KEPT).glob("between-*.arrow"))
        added = np.array(self.reached.added, dtype=np.int64)
        for at, path in enumerate(files[self.reached.matches :], start=self.reached.matches + 1):
            found = list(matches_between(path))
            ends = sorted({end for one in found for end in (one.low, one.high)})
            number_of = {end: int(added[places[end][0]] + places[end][1]) for end in ends}
            with self.engine.store.write() as connection:
                articles = _articles_of(connection, set(number_of.values()))
                article_of = {end: articles[number] for end, number in number_of.items()}
                for first in range(0, len(found), MATCHES_A_STEP):
                    part = found[first : first + MATCHES_A_STEP]
                    add_matches(connection, [numbered_match(one, number_of, article_of) for one in part])
                self.reached.matches = at
                self._note(connection)
            self.progress("storing matches", at, len(files))

    def index(self) -> None:
        """Make the index of the store, and take in its words for search."""
        self.engine.index_client.rebuild(progress=lambda done: self.progress("indexing", done, None))
        done = 0
        while more := index_due_batch(self.engine.store, limit=SEARCH_BATCH):
            done += more
            self.progress("taking in words for search", done, None)

    def finish(self) -> None:
        self.reached.is_done = True
        with self.engine.store.write() as connection:
            self._note(connection)

    def _note(self, connection: Connection) -> None:
        write_setting(connection, BULK_IMPORT, orjson.dumps(asdict(self.reached)).decode())


def import_stories(engine: Engine, folder: Path, *, progress: Progress) -> Mapping[str, int]:
    """Take the stories of a batch that was made with `--keep-store`, as they are. Returns its counts.

    An import that was ended is continued by the same call, and a complete one changes nothing. Raises BadInput for a
    store that holds anything else, as that might change the stories.
    """
    manifest, told = _manifest(folder)
    groups = told.get("kept_groups")
    if groups is None:
        raise BadInput(f"{folder} holds no rows of a store: make it with `onestory dedupe --keep-store`")
    reached = _reached(engine, hashlib.sha256(manifest).hexdigest())
    if not reached.is_done:
        _check_files(folder, told["files"])
        work = _Import(engine, folder, reached, progress)
        work.load(groups)
        work.load_matches()
        work.index()
        work.finish()
    return {name: int(told["counts"][name]) for name in ("articles", "stories")}


def _manifest(folder: Path) -> tuple[bytes, Mapping[str, Any]]:
    try:
        content = (folder / "manifest.json").read_bytes()
        return content, orjson.loads(content)
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadInput(f"{folder} is no result of a batch: it has no manifest.json that can be read") from error


def _check_files(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises BadInput unless what was kept is what the manifest says."""
    for name in (one for one in files if one.startswith(f"{KEPT}/")):
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            found = ""
        if found != files[name]["sha256"]:
            raise BadInput(f"{folder / name} is truncated or changed: copy the result of the batch again")


def _reached(engine: Engine, result: str) -> _Reached:
    with engine.store.read() as connection:
        kept = read_setting(connection, BULK_IMPORT)
        is_empty = is_new(connection)
    if kept is not None and (reached := _Reached(**orjson.loads(kept))).result == result:
        return reached
    if not is_empty:
        raise BadInput(
            "the store is not empty, and what it holds might change the stories: name a new one with --home, "
            "or import the texts without --stories"
        )
    return _Reached(result)


def _articles_of(connection: Connection, numbers: set[int]) -> dict[int, str]:
    query = select(versions.c.number, versions.c.article_id)
    return {row.number: row.article_id for row in rows_in(connection, query, versions.c.number, numbers)}
