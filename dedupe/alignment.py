"""Where two texts run together and where they part: runs of shared words, and what stands between them.

A run is a maximal stretch of shared shingles that keep their distance. Between two runs, before the first and after
the last, the texts part. Words that only one of them has there are a cut or an addition; words that both have are
*replaced*, and what they replaced each other with tells a copy from another writer, and from a form that was
filled in again.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onestory.dedupe.shingles import SHINGLE_WORDS

__all__ = ["SLOT_WORDS", "Alignment", "Run", "Slot", "Span", "Windows", "align"]

SLOT_WORDS = 12  # a longer gap may be another passage
PASSAGE_SLOTS = 6  # one that is this many times longer is

Span = tuple[int, int]  # words: start, end
Run = tuple[int, int, int]  # start in a, start in b, length
Slot = tuple[int, int, int, int]  # start and end in a, start and end in b
Ints = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Windows:
    """One hash for every window of `width` words of a text, in order; hashes of one kind are compared."""

    hashes: Ints
    width: int

    def __len__(self) -> int:
        """Words of the text."""
        return len(self.hashes) + self.width - 1 if len(self.hashes) else 0

    @cached_property
    def ranking(self) -> tuple[Ints, Ints]:
        """Places in the order of their hashes, the first of equals first; and the hashes in that order."""
        order = np.argsort(self.hashes, kind="stable")
        return order, self.hashes[order]


@dataclass(frozen=True, slots=True)
class Alignment:
    """What a and b share, in words (characters, in scripts without spaces).

    ``a_spans`` and ``b_spans`` are the shared words of each, in order, apart from each other; ``a_words`` and
    ``b_words`` all that they have. ``runs`` are in the order of a; ``replaced`` counts words that stand against other
    words, ``between`` those of them between two runs; ``slots`` are the short ones of these gaps, ``passages`` longer
    ones; ``ends`` stand before the first run and behind the last one; ``head`` is the first of them, None where it is
    long.
    """

    a_words: int
    b_words: int
    a_spans: Sequence[Span]
    b_spans: Sequence[Span]
    runs: Sequence[Run]
    replaced: int
    between: int
    slots: Sequence[Slot]
    head: Slot | None
    passages: Sequence[Slot] = ()
    ends: Sequence[Slot] = ()

    @property
    def a_shared(self) -> int:
        return sum(end - start for start, end in self.a_spans)

    @property
    def b_shared(self) -> int:
        return sum(end - start for start, end in self.b_spans)

    @property
    def shared(self) -> int:
        return min(self.a_shared, self.b_shared)

    @property
    def longest(self) -> int:
        return max(length for _, _, length in self.runs)


def align(a: Windows, b: Windows) -> Alignment | None:
    """The alignment of two texts, None when they share no window. Both have windows of one width."""
    runs = _runs(a, b)
    if not runs:
        return None
    a_spans = _merged((start, start + length) for start, _, length in runs)
    b_spans = _merged(sorted((start, start + length) for _, start, length in runs))
    reach = SLOT_WORDS * a.width // SHINGLE_WORDS
    gaps, between = _gaps(runs, b_spans)
    slots = [gap for gap in gaps if _longest(gap) <= reach]
    passages = [gap for gap in gaps if reach < _longest(gap) <= PASSAGE_SLOTS * reach]
    ends = [end for end in (_head(runs), _tail(runs, len(a), len(b))) if _longest(end) <= PASSAGE_SLOTS * reach]
    a_top, b_top = a_spans[0][0], b_spans[0][0]
    after = min(len(a) - a_spans[-1][1], len(b) - b_spans[-1][1])
    first = runs[0][1]
    head = _head(runs) if 0 < a_top <= reach and 0 < first <= reach else None
    replaced = min(a_top, b_top) + after + between
    return Alignment(len(a), len(b), a_spans, b_spans, runs, replaced, between, slots, head, passages, ends)


def _head(runs: Sequence[Run]) -> Slot:
    a_at, b_at, _ = runs[0]
    return (0, a_at, 0, b_at)


def _tail(runs: Sequence[Run], a_words: int, b_words: int) -> Slot:
    a_at, b_at, length = runs[-1]
    return (a_at + length, a_words, b_at + length, b_words)


def _longest(gap: Slot) -> int:
    return max(gap[1] - gap[0], gap[3] - gap[2])


def _gaps(runs: Sequence[Run], b_spans: Sequence[Span]) -> tuple[list[Slot], int]:
    """Where words stand against others between two runs, and how many these are in all."""
    covered = _Covered(b_spans)
    slots: list[Slot] = []
    between = 0
    for (a_at, b_at, length), (a_next, b_next, _) in pairwise(runs):
        a_end, b_end = a_at + length, b_at + length
        # A moved paragraph is no replacement.
        if a_next <= a_end or b_next <= b_end:
            continue
        against = min(a_next - a_end, b_next - b_end - covered.words(b_end, b_next))
        if against > 0:
            between += against
            slots.append((a_end, a_next, b_end, b_next))
    return slots, between


class _Covered:
    """How many words of a stretch stand in one of the spans."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._starts = [start for start, _ in spans]
        self._before = [0, *accumulate(end - start for start, end in spans)]

    def words(self, start: int, end: int) -> int:
        return self._until(end) - self._until(start)

    def _until(self, place: int) -> int:
        at = bisect_right(self._starts, place)
        if not at:
            return 0
        return self._before[at] - max(0, self._spans[at - 1][1] - place)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The spans, ordered by their start, joined where they touch."""
    found: list[Span] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _runs(a: Windows, b: Windows) -> list[Run]:
    if not len(a.hashes) or not len(b.hashes):
        return []
    order, ranked = b.ranking
    at = ranked.searchsorted(a.hashes)
    at[at == len(ranked)] = 0
    in_a = (ranked[at] == a.hashes).nonzero()[0]
    if not len(in_a):
        return []
    in_b = order[at[in_a]]
    breaks = ((in_a[1:] - in_a[:-1] != 1) | (in_b[1:] - in_b[:-1] != 1)).nonzero()[0] + 1
    first = [0, *breaks.tolist()]
    a_starts, b_starts = in_a[first].tolist(), in_b[first].tolist()
    rest = a.width - 1
    lengths = [after - before + rest for before, after in pairwise([*first, len(in_a)])]
    return list(zip(a_starts, b_starts, lengths, strict=True))
