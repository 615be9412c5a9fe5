"""The links between stories that resemble each other: which of them are stored, and which of those count.

Texts of few words, as a flood of made-up ones has, all resemble each other, so a story cannot keep all its links. A
link counts if it is among the MAX_LINKS strongest of either of its stories: that depends on the stories alone, not on
the order in which they arrived. To know these links without comparing all pairs again, MAX_STORED of a story are
stored. When other stories change or leave, a story loses links. Once one of its strongest links may be missing, the
story is compared with all others again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from onestory.news_events.columns import Column
from onestory.news_events.similarity import UNIT

__all__ = ["MAX_LINKS", "LinkTable", "Resembling"]

MAX_LINKS = 100  # few real events have as many stories
MAX_STORED = 128
SPARE = MAX_STORED - MAX_LINKS
LEAST_TRIMMED = 100_000

Numbers = NDArray[np.int64]
# A similarity, the key that decides between equal ones, and the number of the other story.
Resembling = tuple[int, str, int]
_NO_FLOOR = (0, "")


@dataclass(slots=True)
class LinkTable:
    """Links between numbered stories. A number that is not alive has none.

    `floors` is the weakest of the MAX_STORED strongest links of a story that had more when they were last counted,
    `lost` how many stored links a story that does not have all its links has lost since it was compared.
    """

    left: Column = field(default_factory=lambda: Column(np.int32))
    right: Column = field(default_factory=lambda: Column(np.int32))
    similarity: Column = field(default_factory=lambda: Column(np.int32))
    floors: dict[int, tuple[int, str]] = field(default_factory=dict)
    lost: dict[int, int] = field(default_factory=dict)
    trimmed: int = 0

    def __len__(self) -> int:
        return len(self.left)

    def choose(self, number: int, key: str, found: Sequence[Resembling]) -> list[Resembling]:
        """Which links of a new story are stored: its own strongest ones, and those that are so for the other story."""
        own = sorted(found, reverse=True)[:MAX_STORED]
        if len(own) == len(found):
            return own
        least = own[-1]
        self.lost.setdefault(number, 0)
        kept = list(own)
        for one in found:
            if one < least:
                if (one[0], key) >= self.floors.get(one[2], _NO_FLOOR):
                    kept.append(one)
                else:
                    self.lost.setdefault(one[2], 0)
        return kept

    def add(self, number: int, others: Mapping[int, int]) -> None:
        """Store the links of a story: the similarity of each other one."""
        for other, similarity in others.items():
            self.left.append(number)
            self.right.append(other)
            self.similarity.append(similarity)

    def doubt(self, number: int, links: int) -> None:
        """Record that a loaded story has this many stored links, and that an unknown number of them may be lost."""
        if links >= MAX_LINKS:
            self.lost[number] = SPARE

    def _all(self) -> tuple[Numbers, Numbers, Numbers]:
        left, right, similarity = (column.used.astype(np.int64) for column in (self.left, self.right, self.similarity))
        return left, right, similarity

    def _keep(self, chosen: NDArray[np.bool_]) -> None:
        for column in (self.left, self.right, self.similarity):
            column.keep(chosen)

    def living(self, alive: NDArray[np.bool_]) -> tuple[Numbers, Numbers, Numbers]:
        """The stored links: both numbers, and the similarity."""
        left, right, similarity = self._all()
        chosen = alive[left] & alive[right]
        return left[chosen], right[chosen], similarity[chosen]

    def settle(self, alive: NDArray[np.bool_], successors: Mapping[int, int], keys: Sequence[str]) -> list[int]:
        """Drop the links of numbers that are not alive, and return the stories whose counting links may differ by it.

        `successors` is the new number of each story that was replaced: a link that is as strong as before is not lost.
        """
        left, right, similarity = self._all()
        here, there = alive[left], alive[right]
        half = np.flatnonzero(here != there)
        gone = np.where(here, right, left)[half]
        staying = np.where(here, left, right)[half]
        crowded = np.bincount(np.concatenate([left, right]), minlength=len(alive)) > MAX_LINKS
        crowded[list(self.lost)] = True
        touched = crowded[staying]
        self._keep(here & there)
        broken = zip(*(each[touched].tolist() for each in (staying, gone, similarity[half])), strict=True)
        self._count_lost(list(broken), successors, keys)
        for told in (self.lost, self.floors):
            for number in [one for one in told if not alive[one]]:
                del told[number]
        return [int(number) for number in np.unique(staying[touched])]

    def _count_lost(
        self, broken: Sequence[tuple[int, int, int]], successors: Mapping[int, int], keys: Sequence[str]
    ) -> None:
        """Count the broken links (who stays, who is gone, similarity) that a story had among its strongest."""
        heirs = set(successors.values())
        left, right, similarity = self._all()
        new = np.isin(left, list(heirs))
        now = {
            (one, other): value
            for one, other, value in zip(right[new].tolist(), left[new].tolist(), similarity[new].tolist(), strict=True)
        }
        for staying, gone, before in broken:
            was_strong = (before, keys[gone]) >= self.floors.get(staying, _NO_FLOOR)
            if staying in self.lost and was_strong and now.get((staying, successors.get(gone, -1)), 0) < before:
                self.lost[staying] += 1

    def worn(self) -> list[int]:
        """Stories one of whose strongest links may not be stored."""
        return [number for number, lost in self.lost.items() if lost > SPARE]

    def trim(self, keys: Sequence[str]) -> None:
        """Drop what is not among the MAX_STORED strongest links of either story, once there are half as many again.

        All links are of living numbers.
        """
        if len(self) < max(LEAST_TRIMMED, 1.5 * self.trimmed):
            return
        left, right, similarity = self._all()
        of_left, of_right = _ranks(left, right, similarity, keys, np.ones(len(keys), dtype=bool))
        for ends, others, ranks in ((left, right, of_left), (right, left, of_right)):
            for at in np.flatnonzero(ranks == MAX_STORED - 1).tolist():
                self.floors[int(ends[at])] = (int(similarity[at]), keys[int(others[at])])
        kept = (of_left < MAX_STORED) | (of_right < MAX_STORED)
        for number in np.unique(np.concatenate([left[~kept], right[~kept]])).tolist():
            self.lost.setdefault(number, 0)
        self._keep(kept)
        self.trimmed = len(self)

    def counting(
        self, alive: NDArray[np.bool_], keys: Sequence[str], among: NDArray[np.bool_]
    ) -> tuple[Numbers, Numbers, Numbers]:
        """The links that count between these stories: both numbers, and the similarity."""
        left, right, similarity = self.living(alive)
        crowded = np.bincount(np.concatenate([left, right]), minlength=len(alive)) > MAX_LINKS
        inside = among[left] & among[right]
        in_question = inside & crowded[left] & crowded[right]
        if in_question.any():
            asked = np.zeros(len(alive), dtype=bool)
            asked[left[in_question]] = asked[right[in_question]] = True
            of_left, of_right = _ranks(left, right, similarity, keys, asked)
            inside &= ~in_question | (of_left < MAX_LINKS) | (of_right < MAX_LINKS)
        return left[inside], right[inside], similarity[inside]


def _ranks(
    left: Numbers, right: Numbers, similarity: Numbers, keys: Sequence[str], asked: NDArray[np.bool_]
) -> tuple[Numbers, Numbers]:
    """The place of each link among those of its left and of its right story, the strongest first, for those asked."""
    ends, others = np.concatenate([left, right]), np.concatenate([right, left])
    chosen = np.flatnonzero(asked[ends])
    order = np.empty(len(asked), dtype=np.int64)
    named = sorted(np.unique(others[chosen]).tolist(), key=keys.__getitem__)
    order[named] = np.arange(len(named))
    # One number that sorts by story, then the strongest first, then by key: sorting three takes several times as long.
    weaker, later = UNIT - np.concatenate([similarity, similarity])[chosen], len(named) - 1 - order[others[chosen]]
    ranked = chosen[np.argsort((ends[chosen] * (UNIT + 1) + weaker) * len(named) + later)]
    first = np.flatnonzero(np.append(True, ends[ranked][1:] != ends[ranked][:-1]))
    places = np.arange(len(ranked)) - np.repeat(first, np.diff(np.append(first, len(ranked))))
    ranks = np.zeros(len(ends), dtype=np.int64)
    ranks[ranked] = places
    return ranks[: len(left)], ranks[len(left) :]
