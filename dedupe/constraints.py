"""Decisions turned into constraints: which articles are bound together, which are kept apart; the later word wins."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

__all__ = ["Constraints", "Decision"]


@dataclass(frozen=True, slots=True)
class Decision:
    """An editor's word on articles, by their ids.

    "together": they are one story. "apart": no two of them are. "original": the first of them stands for its
    story. Where two decisions cannot both hold, the one with the higher `sequence` does.
    """

    kind: Literal["together", "apart", "original"]
    articles: tuple[str, ...]
    sequence: int


@dataclass(slots=True)
class Constraints:
    """Bundles of articles bound together, and the bundles they must not meet."""

    bundle: dict[str, str] = field(default_factory=dict)
    apart: dict[str, set[str]] = field(default_factory=dict)
    originals: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, articles: Iterable[str], decisions: Iterable[Decision]) -> "Constraints":
        """Reads the decisions from the last to the first; one that the later ones leave no room for is passed over."""
        held = cls({article: article for article in articles})
        for decision in sorted(decisions, key=_last_first):
            known = sorted({article for article in decision.articles if article in held.bundle})
            if decision.kind == "original":
                for article in known:
                    held.originals.setdefault(article, decision.sequence)
                continue
            for a, b in combinations(known, 2):
                held._hold(decision.kind, held.bundle[a], held.bundle[b])
        return held

    def may_meet(self, a: str, b: str) -> bool:
        """Whether two bundles may be one story."""
        return b not in self.apart.get(a, ())

    def _hold(self, kind: str, a: str, b: str) -> None:
        if a == b:
            return
        if kind == "apart":
            self.apart.setdefault(a, set()).add(b)
            self.apart.setdefault(b, set()).add(a)
        elif self.may_meet(a, b):
            self._bind(min(a, b), max(a, b))

    def _bind(self, kept: str, gone: str) -> None:
        for article, bundle in self.bundle.items():
            if bundle == gone:
                self.bundle[article] = kept
        for other in self.apart.pop(gone, set()):
            self.apart[other].discard(gone)
            self.apart[other].add(kept)
            self.apart.setdefault(kept, set()).add(other)


def _last_first(decision: Decision) -> tuple[int, str, tuple[str, ...]]:
    return (-decision.sequence, decision.kind, decision.articles)
