"""Articles that matches connect, in groups that are evaluated together."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onestory.pipelines.batch.comparison import MATCHES
from onestory.pipelines.batch.directory import Directory, open_directory
from onestory.pipelines.batch.parts import Progress, Setting
from onestory.pipelines.batch.work_folder import WorkFolder, open_arrow

__all__ = ["Groups", "connected", "group_articles", "open_groups"]

CAPTURES_A_GROUP = 2000
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """Groups of articles, each of whole components.

    `articles` lists the articles group by group, `starts` says where a group begins. `matches` has the place of each
    match within a group, as file and row, and `match_starts` where those of a group begin.
    """

    articles: Numbers
    starts: Numbers
    matches: Numbers
    match_starts: Numbers

    def __len__(self) -> int:
        return len(self.starts) - 1


@lru_cache(maxsize=2)
def open_groups(folder: WorkFolder) -> Groups:
    """The groups, opened once a process."""
    names = ("articles", "starts", "matches", "match_starts")
    return Groups(*(folder.array(f"groups/{name}.npy") for name in names))


def group_articles(setting: Setting, *, progress: Progress) -> Groups:
    """Put articles that copies or telling matches connect into one group."""
    progress("grouping", 0, None)
    if not setting.folder.has("groups/group_of.npy"):
        _write(setting, open_directory(setting.folder))
    return open_groups(setting.folder)


def _write(setting: Setting, directory: Directory) -> None:
    folder = setting.folder
    files, rows, low, high, inert = _match_columns(folder)
    article = np.asarray(directory.article)
    one, other = article[low].astype(np.int64), article[high].astype(np.int64)
    label = connected(directory.articles, one[~inert], other[~inert])
    group_of = _groups(label, np.diff(directory.starts.astype(np.int64)))
    groups = int(group_of.max(initial=-1)) + 1
    within = np.flatnonzero(group_of[one] == group_of[other])
    within = within[np.argsort(group_of[one[within]], kind="stable")]
    folder.write_array("groups/articles.npy", np.argsort(group_of, kind="stable"))
    folder.write_array("groups/starts.npy", np.append(0, np.cumsum(np.bincount(group_of, minlength=groups))))
    folder.write_array("groups/matches.npy", (files[within] << 32) | rows[within])
    counts = np.bincount(group_of[one[within]], minlength=groups)
    folder.write_array("groups/match_starts.npy", np.append(0, np.cumsum(counts)))
    # Last: with it the groups are complete.
    folder.write_array("groups/group_of.npy", group_of)


def _match_columns(folder: WorkFolder) -> tuple[Any, ...]:
    """Of each match: file, row, the lower and the higher place, and whether it is inert."""
    columns = []
    for number, name in enumerate(folder.names(MATCHES)):
        table = open_arrow(folder.path / name)
        count = table.num_rows
        columns.append(
            (
                np.full(count, number, dtype=np.int64),
                np.arange(count, dtype=np.int64),
                *(table.column(one).to_numpy() for one in ("low", "high", "inert")),
            )
        )
    return tuple(np.concatenate(column) for column in zip(*columns, strict=True))


def connected(count: int, one: Numbers, other: Numbers) -> Numbers:
    """The smallest member of the component of each of `count` articles, by the edges between `one` and `other`.

    Labels are hooked to smaller ones, and ways are halved, until nothing changes (Shiloach and Vishkin, 1982).
    """
    label = np.arange(count, dtype=np.int64)
    while True:
        a, b = label[one], label[other]
        apart = a != b
        if not apart.any():
            return label
        np.minimum.at(label, np.maximum(a[apart], b[apart]), np.minimum(a[apart], b[apart]))
        while True:
            shorter = label[label]
            if np.array_equal(shorter, label):
                break
            label = shorter


def _groups(label: Numbers, captures: Numbers) -> Numbers:
    """The group of each article: components in the order of their smallest member, some captures a group."""
    sizes = np.bincount(label, weights=captures, minlength=len(label)).astype(np.int64)
    firsts = np.flatnonzero(label == np.arange(len(label)))
    numbers = np.empty(len(label), dtype=np.int64)
    number, filled = 0, 0
    for first, size in zip(firsts.tolist(), sizes[firsts].tolist(), strict=True):
        if filled and filled + size > CAPTURES_A_GROUP:
            number, filled = number + 1, 0
        numbers[first] = number
        filled += size
    return numbers[label]
