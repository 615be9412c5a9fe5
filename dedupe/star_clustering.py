"""From matches to groups: cores of articles that hold most of each other, and what is a part of one of them.

A core is connected: consecutive leads of a dispatch are one story however far its ends have moved apart. What is only
a part of another text (an excerpt, a brief) belongs where most of it stands, and connects nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from onestory.dedupe.constraints import Constraints

__all__ = ["Bond", "Rank", "grouped"]

Rank = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Bond:
    """Two articles that may share a story. `mutual`: each holds much of the other; else `one` is a part of `other`.

    `share` is the part of `one` that stands in `other`; `unrelated`: their headlines do not say that it belongs there.
    """

    one: str
    other: str
    jaccard: float
    mutual: bool
    share: float
    unrelated: bool = False


@dataclass(slots=True)
class _Groups:
    """Disjoint sets of bundles that an editor's words keep apart."""

    apart: Mapping[str, set[str]]
    parent: dict[str, str]
    inside: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, held: Constraints) -> "_Groups":
        bundles = set(held.bundle.values())
        return cls(held.apart, {one: one for one in bundles}, {one: [one] for one in bundles})

    def root(self, one: str) -> str:
        while self.parent[one] != one:
            self.parent[one] = one = self.parent[self.parent[one]]
        return one

    def join(self, one: str, other: str) -> bool:
        """Makes one group of two, unless something in them must be apart; whether they are one now."""
        a, b = self.root(one), self.root(other)
        if a == b:
            return True
        if not self._may_meet(a, b):
            return False
        low, high = min(a, b), max(a, b)
        self.parent[high] = low
        self.inside[low] += self.inside.pop(high)
        return True

    def _may_meet(self, a: str, b: str) -> bool:
        if not self.apart:
            return True
        fewer, more = sorted((self.inside[a], self.inside[b]), key=len)
        there = set(more)
        return all(there.isdisjoint(self.apart.get(one, ())) for one in fewer)


def grouped(ranks: Mapping[str, Rank], bonds: Sequence[Bond], held: Constraints) -> dict[str, str]:
    """The representative of each article: the fullest of its group."""
    groups = _Groups.of(held)
    for bond in sorted((bond for bond in bonds if bond.mutual), key=_closest_first):
        groups.join(held.bundle[bond.one], held.bundle[bond.other])
    core = {article: groups.root(held.bundle[article]) for article in ranks}
    _attach(groups, core, bonds)
    return _heads(groups, ranks, held)


def _closest_first(bond: Bond) -> tuple[float, str, str]:
    return (-bond.jaccard, bond.one, bond.other)


def _least_first(bond: Bond) -> tuple[bool, float, float, str, str]:
    return (not bond.unrelated, bond.share, bond.jaccard, bond.one, bond.other)


def _attach(groups: _Groups, core: Mapping[str, str], bonds: Iterable[Bond]) -> None:
    """Joins each core to the one that holds most of one of its articles.

    Cores that hold parts of each other in a circle are taken for one, and go on together (as in the algorithm of Chu,
    Liu and Edmonds): so every way ends where nothing is a part of anything else.
    """
    outer = (bond for bond in bonds if core[bond.one] != core[bond.other])
    leads: dict[str, list[Bond]] = {one: [] for one in core.values()}
    for bond in sorted(outer, key=_least_first):
        leads[core[bond.one]].append(bond)
    walk = _Walk(groups, core, leads, {one: one for one in leads}, set())
    for start in sorted(leads):
        walk.follow(start)


@dataclass(slots=True)
class _Walk:
    """Ways from core to core. `leads` has what is left to try, the best last; `circle` leads from cores to circles."""

    groups: _Groups
    core: Mapping[str, str]
    leads: dict[str, list[Bond]]
    circle: dict[str, str]
    done: set[str]

    def follow(self, start: str) -> None:
        path = [self._place(start)]
        while path[-1] not in self.done:
            target = self._next(path[-1])
            if target is None or target in self.done:
                break
            if target in path:
                self._close(path[path.index(target) :])
                del path[path.index(target) + 1 :]
            else:
                path.append(target)
        self.done.update(path)

    def _place(self, one: str) -> str:
        while self.circle[one] != one:
            self.circle[one] = one = self.circle[self.circle[one]]
        return one

    def _next(self, here: str) -> str | None:
        """Where the best bond that leads out of here leads, once the two are one group."""
        while self.leads[here]:
            bond = self.leads[here].pop()
            target = self._place(self.core[bond.other])
            if target != here and self.groups.join(self.core[bond.one], self.core[bond.other]):
                return target
        return None

    def _close(self, cores: Sequence[str]) -> None:
        first = cores[0]
        rest = [bond for one in cores for bond in self.leads[one]]
        self.leads[first] = sorted(rest, key=_least_first)
        self.circle.update(dict.fromkeys(cores, first))


def _heads(groups: _Groups, ranks: Mapping[str, Rank], held: Constraints) -> dict[str, str]:
    """The fullest article of each group."""
    head: dict[str, str] = {}
    for article in sorted(ranks, key=lambda one: ranks[one]):
        head.setdefault(groups.root(held.bundle[article]), article)
    return {article: head[groups.root(held.bundle[article])] for article in ranks}
