"""Stars: each article goes to the fullest one near it that is not itself held by another.

Star clustering (Aslam, Pelekhov and Rus, 2004) with a rank in place of the degree.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from onestory.dedupe.constraints import Constraints

__all__ = ["Rank", "StarClusters"]

Rank = tuple[int, str]


@dataclass(frozen=True, slots=True)
class StarClusters:
    """The stars as they form: `home` has the representative of each article that has one.

    Articles that an editor bound together (a bundle) move as one. Keys of `bundles` are those of `held.bundle`.
    """

    ranks: Mapping[str, Rank]
    near: Mapping[str, Collection[str]]
    held: Constraints
    alike: Callable[[str, str], float]
    bundles: Mapping[str, Sequence[str]]
    home: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        ranks: Mapping[str, Rank],
        near: Mapping[str, Collection[str]],
        held: Constraints,
        alike: Callable[[str, str], float],
    ) -> "StarClusters":
        """`near`: the articles that may share an article's story; `alike`: how alike two such are, 0 to 1."""
        bundles: dict[str, list[str]] = defaultdict(list)
        for article in sorted(ranks, key=lambda article: ranks[article]):
            bundles[held.bundle[article]].append(article)
        stars = cls(ranks, near, held, alike, bundles)
        for bundle, inside in bundles.items():
            if inside[0] not in stars.home:
                stars._gather(bundle)
        return stars

    def _gather(self, bundle: str) -> None:
        """Takes what is near a bundle; what is near one that an editor bound into it is near it, too."""
        head = self.bundles[bundle][0]
        taken = {bundle}
        self.home.update(dict.fromkeys(self.bundles[bundle], head))
        reaching, asked = [bundle], {bundle}
        while reaching:
            around = self._around(reaching) - asked
            asked |= around
            reaching = []
            for candidate in self._in_order(around, taken):
                if self._is_free(candidate) and self._may_join(candidate, taken):
                    taken.add(candidate)
                    self.home.update(dict.fromkeys(self.bundles[candidate], head))
                    reaching += [candidate] if len(self.bundles[candidate]) > 1 else []

    def _around(self, bundles: Iterable[str]) -> set[str]:
        return {
            self.held.bundle[other] for one in bundles for inside in self.bundles[one] for other in self.near[inside]
        }

    def _is_free(self, bundle: str) -> bool:
        return self.bundles[bundle][0] not in self.home

    def _may_join(self, candidate: str, taken: set[str]) -> bool:
        """Nothing in the star must be apart from it; and it is not closer to what an editor parted from the star."""
        if not self.held.apart:
            return True
        if not taken.isdisjoint(self.held.apart.get(candidate, ())):
            return False
        rivals = {other for one in taken for other in self.held.apart.get(one, ()) if self._is_free(other)}
        return not rivals or self._closeness(candidate, taken) >= self._closeness(candidate, rivals)

    def _closeness(self, candidate: str, others: Collection[str]) -> tuple[float, int]:
        """How alike the closest pair is, and how many pairs there are."""
        found = [
            self.alike(one, other)
            for one in self.bundles[candidate]
            for other in self.near[one]
            if self.held.bundle[other] in others
        ]
        return (max(found, default=0.0), len(found))

    def _in_order(self, around: set[str], taken: set[str]) -> Iterable[str]:
        """Where some must not meet, the closest first, then those that keep fewer others out."""
        if self.held.apart.keys().isdisjoint(around):
            return sorted(around)
        return sorted(
            around,
            key=lambda one: (
                -self._closeness(one, taken)[0],
                len(around.intersection(self.held.apart.get(one, ()))),
                self.ranks[self.bundles[one][0]],
            ),
        )
