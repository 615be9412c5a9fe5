"""How good a partition is: pairwise precision, recall and F1, and the adjusted Rand index (Hubert and Arabie, 1985)."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

__all__ = ["Scores", "scores"]


@dataclass(frozen=True, slots=True)
class Scores:
    """Over all pairs of articles."""

    precision: float
    recall: float
    f1: float
    ari: float


def scores(truth: Sequence[Hashable], found: Sequence[Hashable]) -> Scores:
    """Both give the label of each article; labels only say which articles belong together."""
    true, claimed = _pairs(truth), _pairs(found)
    both = _pairs(list(zip(truth, found, strict=True)))
    precision = both / claimed if claimed else 1.0
    recall = both / true if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    every = len(truth) * (len(truth) - 1) / 2
    expected = true * claimed / every if every else 0.0
    spread = (true + claimed) / 2 - expected
    return Scores(precision, recall, f1, (both - expected) / spread if spread else 1.0)


def _pairs(labels: Sequence[Hashable]) -> int:
    return sum(size * (size - 1) // 2 for size in Counter(labels).values())
