"""Align two sequences of words.

Words that occur once in each are matched first, in the order that keeps most of them (patience diff, Bram Cohen);
between them the longest common subsequence decides.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import TypeVar

__all__ = ["Pair", "heaviest_ordered", "longest_ordered", "match_tokens", "unique_values"]

Pair = tuple[int, int]  # places of one thing in both sequences
Value = TypeVar("Value", bound=Hashable)


def match_tokens(ours: Sequence[str], theirs: Sequence[str], room: int) -> tuple[list[Pair], int]:
    """Pairs of equal tokens in the order of both, and the rest of `room`, in cells."""
    found: list[Pair] = []
    todo = [(0, len(ours), 0, len(theirs))]
    while todo:
        stretch, ends = _trimmed(ours, theirs, todo.pop())
        found += ends
        start, end, other, other_end = stretch
        unique = _unique(ours[start:end], theirs[other:other_end])
        marks = [(start + i, other + j) for i, j in longest_ordered(unique)]
        if marks:
            found += marks
            edges = [(start - 1, other - 1), *marks, (end, other_end)]
            todo += [(i + 1, k, j + 1, m) for (i, j), (k, m) in pairwise(edges) if i + 1 < k and j + 1 < m]
        elif 0 < (cells := (end - start) * (other_end - other)) <= room:
            room -= cells
            found += [(start + i, other + j) for i, j in _common(ours[start:end], theirs[other:other_end])]
    return sorted(found), room


def longest_ordered(pairs: Sequence[Pair]) -> list[Pair]:
    """The longest chain of these pairs, sorted by their first, that is sorted by their second as well."""
    ends: list[int] = []  # the smallest second that ends a sequence of each length
    tops: list[int] = []
    before: list[int] = []
    for at, (_, other) in enumerate(pairs):
        length = bisect_left(ends, other)
        before.append(tops[length - 1] if length else -1)
        ends[length : length + 1] = [other]
        tops[length : length + 1] = [at]
    return _followed(pairs, before, tops[-1] if tops else -1)


def heaviest_ordered(pairs: Sequence[Pair], weights: Sequence[int]) -> list[Pair]:
    """Like `longest_ordered`, for the heaviest chain; no two pairs share a position."""
    best = [(0, -1)] * (max((other for _, other in pairs), default=0) + 2)  # a Fenwick tree of (weight, pair)
    before: list[int] = []
    for at, (_, other) in enumerate(pairs):
        top, node = (0, -1), other
        while node > 0:
            top, node = max(top, best[node]), node & (node - 1)
        before.append(top[1])
        node = other + 1
        while node < len(best):
            best[node], node = max(best[node], (top[0] + weights[at], at)), node + (node & -node)
    return _followed(pairs, before, max(best)[1])


def _followed(pairs: Sequence[Pair], before: Sequence[int], last: int) -> list[Pair]:
    found: list[Pair] = []
    while last >= 0:
        found.append(pairs[last])
        last = before[last]
    return found[::-1]


def unique_values(values: Sequence[Value]) -> dict[Value, int]:
    """The values that occur once, with their positions, in order."""
    times = Counter(values)
    return {value: at for at, value in enumerate(values) if times[value] == 1}


def _trimmed(
    ours: Sequence[str], theirs: Sequence[str], stretch: tuple[int, int, int, int]
) -> tuple[tuple[int, int, int, int], list[Pair]]:
    """The range without the common prefix and suffix, and these."""
    start, end, other, other_end = stretch
    same: list[Pair] = []
    while start < end and other < other_end and ours[start] == theirs[other]:
        same.append((start, other))
        start, other = start + 1, other + 1
    while start < end and other < other_end and ours[end - 1] == theirs[other_end - 1]:
        end, other_end = end - 1, other_end - 1
        same.append((end, other_end))
    return (start, end, other, other_end), same


def _unique(ours: Sequence[str], theirs: Sequence[str]) -> list[Pair]:
    there = unique_values(theirs)
    return [(at, there[token]) for token, at in unique_values(ours).items() if token in there]


def _common(ours: Sequence[str], theirs: Sequence[str]) -> list[Pair]:
    """The longest common subsequence."""
    width = len(theirs) + 1
    lengths = [[0] * width]
    for token in reversed(ours):
        below, row = lengths[-1], [0] * width
        for at in range(width - 2, -1, -1):
            row[at] = below[at + 1] + 1 if token == theirs[at] else max(below[at], row[at + 1])
        lengths.append(row)
    lengths.reverse()
    found: list[Pair] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if ours[i] == theirs[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return found
