"""Every capture of a job in one order, which no order of the input changes: by article, and by time within one.

The *place* of a capture is its rank in this order. It takes about 60 bytes of memory a capture while it is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from onestory.dedupe.signature import PARAMETERS
from onestory.pipelines.batch.captures import CaptureFile, KnownArticle, micros, open_capture_file
from onestory.pipelines.batch.extraction import CAPTURES
from onestory.pipelines.batch.parts import Progress, Setting, do_parts
from onestory.pipelines.batch.work_folder import WorkFolder
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.articles.save import decide_versions

__all__ = ["Directory", "make_directory", "open_directory"]

ARTICLES_A_PART = 1000


@dataclass(frozen=True)
class Directory:
    """`file` and `row` of the capture at each place, its `article` (counted from 0), and `starts` of the articles.

    `counts`: whether the capture makes a version, and is compared with others.
    """

    folder: WorkFolder

    @cached_property
    def files(self) -> list[str]:
        return self.folder.names(CAPTURES)

    @cached_property
    def file(self) -> Any:
        return self.folder.array("directory/file.npy")

    @cached_property
    def row(self) -> Any:
        return self.folder.array("directory/row.npy")

    @cached_property
    def article(self) -> Any:
        return self.folder.array("directory/article.npy")

    @cached_property
    def starts(self) -> Any:
        return self.folder.array("directory/starts.npy")

    @cached_property
    def counts(self) -> Any:
        return self.folder.array("counts.npy")

    @cached_property
    def places(self) -> Any:
        """The place of each capture, file by file and row by row; `file_starts` says where a file begins."""
        return self.folder.array("directory/places.npy")

    @cached_property
    def file_starts(self) -> Any:
        return self.folder.array("directory/file_starts.npy")

    @property
    def articles(self) -> int:
        return len(self.starts) - 1

    def captures(self, place: int) -> tuple[CaptureFile, int]:
        """The file with a capture, and its row there."""
        return open_capture_file(self.folder.path / self.files[self.file[place]]), int(self.row[place])

    def reading(self, place: int) -> ProcessedCapture:
        found, row = self.captures(place)
        return found.reading(row, params=PARAMETERS.encode())

    def known(self, place: int) -> KnownArticle | None:
        found, row = self.captures(place)
        return found.known(row)

    def article_id(self, place: int) -> str:
        found, row = self.captures(place)
        identity: bytes = found.value("id", row)
        return identity.hex()

    def range_of(self, article: int) -> range:
        """The places of an article."""
        return range(int(self.starts[article]), int(self.starts[article + 1]))


@lru_cache(maxsize=2)
def open_directory(folder: WorkFolder) -> Directory:
    """The directory, opened once a process."""
    return Directory(folder)


def make_directory(setting: Setting, *, progress: Progress) -> Directory:
    """Order the captures, and decide which of them make versions."""
    progress("ordering", 0, None)
    if not setting.folder.has("directory/file_starts.npy"):
        _order(setting)
    if not setting.folder.has("counts.npy"):
        _decide(setting, progress)
    return open_directory(setting.folder)


def _order(setting: Setting) -> None:
    folder = setting.folder
    parts = [_keys(folder, number, name, micros(setting.as_of)) for number, name in enumerate(folder.names(CAPTURES))]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else _no_keys()
    high, low, observed, content, tie, known, file, row = columns
    # What an earlier dump says comes first among equals.
    order = np.lexsort((tie, content, known, observed, low, high))
    high, low = high[order], low[order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    places = np.empty(len(order), dtype=np.uint32)
    places[order] = np.arange(len(order), dtype=np.uint32)
    sizes = np.bincount(file, minlength=len(parts))
    folder.write_array("directory/file.npy", file[order])
    folder.write_array("directory/row.npy", row[order])
    folder.write_array("directory/article.npy", (np.cumsum(is_first) - 1).astype(np.uint32))
    folder.write_array("directory/starts.npy", np.append(np.flatnonzero(is_first), len(order)).astype(np.uint32))
    folder.write_array("directory/places.npy", places)
    folder.write_array("directory/file_starts.npy", np.append(0, np.cumsum(sizes)).astype(np.int64))


def _no_keys() -> list[Any]:
    return [np.empty(0, dtype=np.uint32)] * 8


def _keys(folder: WorkFolder, number: int, name: str, as_of: int) -> tuple[Any, ...]:
    """Of each capture of a file: its article's id in two numbers, what orders it, and where it is."""
    found = CaptureFile(folder.path / name)
    ids = np.frombuffer(b"".join(found.column("id").to_pylist()), dtype=np.dtype([("high", ">u8"), ("low", ">u4")]))
    observed = found.column("observed").fill_null(as_of).to_numpy(zero_copy_only=False)
    is_new = found.column("known").is_null().to_numpy(zero_copy_only=False)
    return (
        ids["high"].astype(np.uint64),
        ids["low"].astype(np.uint32),
        observed.astype(np.int64),
        found.column("content").to_numpy(zero_copy_only=False),
        found.column("tie").to_numpy(zero_copy_only=False),
        is_new,
        np.full(len(found), number, dtype=np.uint32),
        np.arange(len(found), dtype=np.uint32),
    )


def _decide(setting: Setting, progress: Progress) -> None:
    """Which captures make versions, by the rule of the store. An article with one capture has one version."""
    several = _with_several(open_directory(setting.folder))
    parts = range(-(-len(several) // ARTICLES_A_PART))
    do_parts("deciding versions", decide_part, parts, setting, name=_part_name, progress=progress)
    counts = np.ones(len(open_directory(setting.folder).file), dtype=bool)
    for part in parts:
        counts[setting.folder.array(_part_name(part))] = False
    setting.folder.write_array("counts.npy", counts)


def _part_name(part: int) -> str:
    return f"repeated/{part:05d}.npy"


def _with_several(directory: Directory) -> Any:
    return np.flatnonzero(np.diff(directory.starts.astype(np.int64)) > 1)


def decide_part(setting: Setting, part: int) -> None:
    """The places of a part of the articles whose captures make no version."""
    directory = open_directory(setting.folder)
    articles = _with_several(directory)[part * ARTICLES_A_PART : (part + 1) * ARTICLES_A_PART]
    repeated = [place for article in articles for place in _repeated(setting, directory, directory.range_of(article))]
    setting.folder.write_array(_part_name(part), np.array(repeated, dtype=np.int64))


def _repeated(setting: Setting, directory: Directory, places: Sequence[int]) -> list[int]:
    readings = [directory.reading(place) for place in places]
    ids = [directory.article_id(place) for place in places]
    answers, _ = decide_versions(readings, ids, list(places), {}, (), now=setting.as_of)
    return [place for place, answer in zip(places, answers, strict=True) if answer.kind != "stored"]
