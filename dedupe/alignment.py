"""Where two texts run together and where they part: runs of shared words, and what stands between them.

A run is a maximal stretch of shared shingles that keep their distance. Between two runs, before the first and after
the last, the texts part. Words that only one of them has there are a cut or an addition; words that both have are
*replaced*, and what they replaced each other with tells a copy from another writer, and from a form that was
filled in again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dedupe.characters import lowered
from dedupe.shingles import CHARS_IDEOGRAPHIC, CHARS_SYLLABIC, SHINGLE_WORDS, script_of, units_of, words_of

__all__ = ["Alignment", "Tokens", "align"]

SLOT_WORDS = 12  # a longer gap is another passage, not a slot of a form
_WIDTHS = {"": SHINGLE_WORDS, "ideographic": CHARS_IDEOGRAPHIC, "syllabic": CHARS_SYLLABIC}

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tokens:
    """A text's words: a hash of each in small letters, how they were written, and the width of a shingle of them."""

    text: str

    @cached_property
    def _script(self) -> str | None:
        return script_of(self.text)

    @cached_property
    def hashes(self) -> Ints:
        # Python's own hash of a word is good enough here: the values never leave the process.
        found = units_of(lowered(self.text)) if self._script is not None else words_of(self.text).normal.split()
        return np.fromiter(map(hash, found), dtype=np.int64, count=len(found))

    @cached_property
    def written(self) -> Sequence[str]:
        return units_of(self.text)

    @cached_property
    def width(self) -> int:
        return _WIDTHS[self._script or ""]

    @cached_property
    def common(self) -> frozenset[str]:
        """Words that the text also writes in small letters: a capital does not make them names."""
        return frozenset(word for word in self.written if word[:1].islower())

    def __len__(self) -> int:
        return len(self.hashes)


@dataclass(frozen=True, slots=True)
class Alignment:
    """What a and b share, in words (characters, in scripts without spaces).

    ``a_shared`` and ``b_shared`` mark the shared words of each; ``runs`` has (start in a, start in b, length) in
    the order of a; ``replaced`` counts words that stand against other words, ``between`` those of them between
    two runs; ``slots`` are the short ones of these gaps: (start, end) in a and in b; ``head`` is the same before the
    first run, None where it is long.
    """

    a_shared: NDArray[np.bool_]
    b_shared: NDArray[np.bool_]
    runs: Sequence[tuple[int, int, int]]
    replaced: int
    between: int
    slots: Sequence[tuple[int, int, int, int]]
    head: tuple[int, int, int, int] | None

    @property
    def shared(self) -> int:
        return min(int(self.a_shared.sum()), int(self.b_shared.sum()))

    @property
    def longest(self) -> int:
        return max(length for _, _, length in self.runs)


def align(a: Tokens, b: Tokens) -> Alignment | None:
    """The alignment of two texts, None when they share no shingle."""
    width = max(a.width, b.width)
    starts_a, starts_b, lengths = _runs(_windows(a.hashes, width), _windows(b.hashes, width), width)
    if not len(lengths):
        return None
    ends_a, ends_b = starts_a + lengths, starts_b + lengths
    a_shared, b_shared = _covered(starts_a, ends_a, len(a)), _covered(starts_b, ends_b, len(b))
    own_a, own_b = _count(~a_shared), _count(~b_shared)
    before = min(own_a[starts_a[0]], own_b[starts_b.min()])
    after = min(own_a[-1] - own_a[ends_a[-1]], own_b[-1] - own_b[ends_b.max()])
    gaps_a = own_a[starts_a[1:]] - own_a[ends_a[:-1]]
    gaps_b = own_b[starts_b[1:]] - own_b[ends_b[:-1]]
    between = np.minimum(gaps_a, gaps_b).clip(min=0)
    reach = SLOT_WORDS * width // SHINGLE_WORDS
    near = (between > 0) & (starts_a[1:] - ends_a[:-1] <= reach) & (starts_b[1:] - ends_b[:-1] <= reach)
    near &= starts_b[1:] >= ends_b[:-1]
    slots = [
        (int(ends_a[at]), int(starts_a[at + 1]), int(ends_b[at]), int(starts_b[at + 1]))
        for at in np.flatnonzero(near).tolist()
    ]
    top_a, top_b = int(starts_a[0]), int(starts_b[0])
    head = (0, top_a, 0, top_b) if 0 < top_a <= reach and 0 < top_b <= reach else None
    between[starts_b[1:] < starts_b[:-1]] = 0  # a moved paragraph is no replacement
    runs = list(zip(starts_a.tolist(), starts_b.tolist(), lengths.tolist(), strict=True))
    return Alignment(a_shared, b_shared, runs, int(before + after + between.sum()), int(between.sum()), slots, head)


def _windows(hashes: Ints, width: int) -> Ints:
    """One value a window of `width` words: a polynomial of their hashes, modulo 2**64."""
    if len(hashes) < width:
        return np.zeros(0, dtype=np.int64)
    values = hashes[: len(hashes) - width + 1].astype(np.uint64)
    for step in range(1, width):
        values = values * np.uint64(0x9E3779B97F4A7C15) + hashes[step : len(hashes) - width + 1 + step].astype(
            np.uint64
        )
    return values.view(np.int64)


def _runs(a: Ints, b: Ints, width: int) -> tuple[Ints, Ints, Ints]:
    """Starts in a, starts in b, and lengths in words, of the runs, in the order of a."""
    nothing = np.zeros(0, dtype=np.int64)
    if not len(a) or not len(b):
        return nothing, nothing, nothing
    order = np.argsort(b, kind="stable")
    ranked = b[order]
    at = np.searchsorted(ranked, a)
    at[at == len(b)] = 0
    in_a = np.flatnonzero(ranked[at] == a)
    if not len(in_a):
        return nothing, nothing, nothing
    in_b = order[at[in_a]]
    breaks = np.flatnonzero((np.diff(in_a) != 1) | (np.diff(in_b) != 1)) + 1
    first = np.concatenate([[0], breaks])
    lengths = np.diff(np.append(first, len(in_a))) + (width - 1)
    return in_a[first], in_b[first], lengths


def _covered(starts: Ints, ends: Ints, size: int) -> NDArray[np.bool_]:
    steps = np.zeros(size + 1, dtype=np.int64)
    np.add.at(steps, starts, 1)
    np.add.at(steps, ends, -1)
    return np.cumsum(steps[:-1]) > 0


def _count(mask: NDArray[np.bool_]) -> Ints:
    """How many are true before each place, and in all."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(mask)])
