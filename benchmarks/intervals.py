"""Pairwise scores with their intervals: Wilson's for shares of few pairs, the bootstrap over groups for many.

Pairs of one story depend on each other, so a set with groups is drawn again by group (Efron and Tibshirani, 1993).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from benchmarks.labelled import LabelledSet

__all__ = ["Tally", "bootstrap", "tally", "wilson"]

Z = 1.96
DRAWS = 500
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Tally:
    """Labelled pairs: joined rightly, joined wrongly, and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def wilson(hits: int, of: int) -> Interval:
    """Wilson's score interval for a share, 95%."""
    if not of:
        return (0.0, 1.0)
    share, weight = hits / of, Z * Z / of
    middle = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * sqrt(share * (1 - share) / of + weight / (4 * of))
    return (max(0.0, middle - half), min(1.0, middle + half))


def tally(labelled: LabelledSet, labels: Sequence[object]) -> Tally:
    """How the labelled pairs fare."""
    right, wrong, missed = (sum(counted.values()) for counted in _by_group(labelled, labels))
    return Tally(right, wrong, missed)


def bootstrap(labelled: LabelledSet, labels: Sequence[object]) -> tuple[Interval, Interval, Interval]:
    """95% intervals of precision, recall and F1 over draws of groups; a wrong pair counts half in each of its two."""
    counts = _by_group(labelled, labels)
    groups = sorted(set().union(*counts))
    table = np.array([[counted[group] for counted in counts] for group in groups], dtype=float)
    if not len(table):
        return ((0.0, 1.0),) * 3
    chance = np.random.default_rng(1)
    drawn = np.array([table[chance.integers(0, len(table), len(table))].sum(axis=0) for _ in range(DRAWS)])
    right, wrong, missed = drawn.T
    precision = right / np.maximum(right + wrong, 1e-9)
    recall = right / np.maximum(right + missed, 1e-9)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    low, high = np.quantile([precision, recall, f1], [0.025, 0.975], axis=1)
    return tuple(zip(low.tolist(), high.tolist(), strict=True))  # type: ignore[return-value]


def _by_group(labelled: LabelledSet, labels: Sequence[object]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """By group: right, wrong and missed pairs."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for a, b in labelled.same():
        counted = right if labels[a] == labels[b] else missed
        counted[labelled.articles[a].group] += 1
    for a, b in _joined(labelled, labels):
        if labelled.is_same((a, b)) is False:
            for at in (a, b):
                wrong[labelled.articles[at].group] += 0.5  # type: ignore[assignment]
    return right, wrong, missed


def _joined(labelled: LabelledSet, labels: Sequence[object]) -> list[tuple[int, int]]:
    if labelled.judged is not None:
        return [(a, b) for a, b in labelled.judged if labels[a] == labels[b]]
    inside: dict[object, list[int]] = {}
    for at, label in enumerate(labels):
        inside.setdefault(label, []).append(at)
    return [(a, b) for members in inside.values() for place, b in enumerate(members) for a in members[:place]]
