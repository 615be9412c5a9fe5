"""Decisions turned into constraints: which articles are bound together, which are kept apart; the later word wins."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Literal

__all__ = ["Constraints", "GroupingDecision"]


@dataclass(frozen=True, slots=True)
class GroupingDecision:
    """An editor's word on articles, by their ids.

    "together": they are one story. "apart": no two of them are. "split": they are one story and `against` are
    another one, however little holds these together without what left. "original": the first of them stands for its
    story. Where two decisions cannot both hold, the one with the higher `sequence` does.
    """

    kind: Literal["together", "apart", "split", "original"]
    articles: tuple[str, ...]
    sequence: int
    against: tuple[str, ...] = ()


@dataclass(slots=True)
class Constraints:
    """Bundles of articles bound together, and the bundles they must not meet."""

    bundle: dict[str, str] = field(default_factory=dict)
    apart: dict[str, set[str]] = field(default_factory=dict)
    originals: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, articles: Iterable[str], decisions: Iterable[GroupingDecision]) -> "Constraints":
        """Reads the decisions from the last to the first; one that the later ones leave no room for is passed over."""
        held = cls({article: article for article in articles})
        for decision in sorted(decisions, key=_last_first):
            held._obey(decision)
        return held

    def may_meet(self, a: str, b: str) -> bool:
        """Whether two bundles may be one story."""
        return b not in self.apart.get(a, ())

    def _obey(self, decision: GroupingDecision) -> None:
        known = sorted({article for article in decision.articles if article in self.bundle})
        if decision.kind == "original":
            for article in known:
                self.originals.setdefault(article, decision.sequence)
        elif decision.kind == "apart":
            self._part(combinations(known, 2))
        else:
            self._join(known)
            self._join(sorted({article for article in decision.against if article in self.bundle}))
            self._part(product(self._bundles(known), self._bundles(decision.against)))

    def _bundles(self, articles: Iterable[str]) -> list[str]:
        return sorted({self.bundle[article] for article in articles if article in self.bundle})

    def _part(self, pairs: Iterable[tuple[str, str]]) -> None:
        for one, other in pairs:
            a, b = self.bundle[one], self.bundle[other]
            if a != b:
                self.apart.setdefault(a, set()).add(b)
                self.apart.setdefault(b, set()).add(a)

    def _join(self, articles: Iterable[str]) -> None:
        """Binds each to the first of those before it that it may meet."""
        met: list[str] = []
        for article in articles:
            other = next((one for one in met if self.may_meet(self.bundle[article], self.bundle[one])), None)
            if other is None:
                met.append(article)
            elif self.bundle[article] != self.bundle[other]:
                a, b = self.bundle[article], self.bundle[other]
                self._bind(min(a, b), max(a, b))

    def _bind(self, kept: str, gone: str) -> None:
        for article, bundle in self.bundle.items():
            if bundle == gone:
                self.bundle[article] = kept
        for other in self.apart.pop(gone, set()):
            self.apart[other].discard(gone)
            self.apart[other].add(kept)
            self.apart.setdefault(kept, set()).add(other)


def _last_first(decision: GroupingDecision) -> tuple[int, str, tuple[str, ...]]:
    return (-decision.sequence, decision.kind, decision.articles)
