"""An inverted index of term vectors in memory, in segments: compares one vector with all by the terms they share.

New vectors collect in a buffer. A full buffer becomes a segment, and segments of like size are merged, as in a
log-structured merge tree (O'Neil et al. 1996). An entry takes four bytes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from onestory.news_events.features import TermVector

__all__ = ["Postings"]

BUFFERED = 32
MAX_SEGMENT = 16_384


class Postings:
    """Vectors numbered from 0 in the order in which they were added."""

    def __init__(self) -> None:
        self._segments: list[_Segment] = []
        self._buffer: list[TermVector] = []

    def __len__(self) -> int:
        return (self._segments[-1].end if self._segments else 0) + len(self._buffer)

    def append(self, vector: TermVector) -> int:
        """Add a vector, and return its number."""
        self._buffer.append(vector)
        number = len(self) - 1
        if len(self._buffer) == BUFFERED:
            self._segments.append(_Segment.of_vectors(len(self) - BUFFERED, self._buffer))
            self._buffer = []
            self._merge()
        return number

    def products(self, vector: TermVector) -> NDArray[np.float64]:
        """The products of this vector with all: whole numbers, in units of 1 / SCALE ** 2."""
        parts = [segment.products(vector) for segment in self._segments]
        if self._buffer:
            parts.append(_Segment.of_vectors(0, self._buffer).products(vector))
        return np.concatenate(parts) if parts else np.zeros(0)

    def _merge(self) -> None:
        while len(self._segments) > 1:
            older, newer = self._segments[-2:]
            size = newer.end - older.start
            if older.end - older.start > newer.end - newer.start or size > MAX_SEGMENT:
                return
            self._segments[-2:] = [older.followed_by(newer)]


class _Segment:
    """Vectors `start` to `end` - 1, sorted by term: for each term the vectors that have it, and their weights."""

    __slots__ = ("_places", "_starts", "_terms", "_weights", "end", "start")

    def __init__(
        self,
        start: int,
        end: int,
        terms: NDArray[np.uint32],
        places: NDArray[np.uint16],
        weights: NDArray[np.uint16],
    ) -> None:
        order = np.argsort(terms, kind="stable")
        self.start = start
        self.end = end
        self._terms, starts = np.unique(terms[order], return_index=True)
        self._starts = np.append(starts, len(terms)).astype(np.int64)
        self._places = places[order]
        self._weights = weights[order]

    @classmethod
    def of_vectors(cls, start: int, vectors: Sequence[TermVector]) -> "_Segment":
        counts = [len(vector.terms) for vector in vectors]
        places = np.repeat(np.arange(len(vectors), dtype=np.uint16), counts)
        terms = np.concatenate([vector.terms for vector in vectors])
        weights = np.concatenate([vector.weights for vector in vectors])
        return cls(start, start + len(vectors), terms, places, weights)

    def followed_by(self, newer: "_Segment") -> "_Segment":
        """Both as one segment."""
        moved = (newer._places + np.uint16(newer.start - self.start)).astype(np.uint16)
        return _Segment(
            self.start,
            newer.end,
            np.concatenate([self._all_terms(), newer._all_terms()]),
            np.concatenate([self._places, moved]),
            np.concatenate([self._weights, newer._weights]),
        )

    def _all_terms(self) -> NDArray[np.uint32]:
        return np.repeat(self._terms, np.diff(self._starts))

    def products(self, vector: TermVector) -> NDArray[np.float64]:
        count = self.end - self.start
        at = np.minimum(np.searchsorted(self._terms, vector.terms), max(len(self._terms) - 1, 0))
        shared = self._terms[at] == vector.terms if len(self._terms) else np.zeros(len(vector.terms), dtype=bool)
        starts, lengths = self._starts[at[shared]], np.diff(self._starts)[at[shared]]
        if not len(starts):
            return np.zeros(count)
        # The entries of all shared terms, as one array of positions.
        offsets = np.repeat(starts - np.append(0, np.cumsum(lengths)[:-1]), lengths)
        entries = offsets + np.arange(len(offsets))
        weights = np.repeat(vector.weights[shared].astype(np.float64), lengths)
        products = self._weights[entries] * weights
        return np.bincount(self._places[entries], weights=products, minlength=count).astype(np.float64)
