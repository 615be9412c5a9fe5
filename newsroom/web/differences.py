"""How many words a copy kept of its original, cut and added: counted once for two versions, and remembered."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

from pipelines.changes import changes_of
from store.story_copies import CopyText

__all__ = ["Difference", "Differences"]

MOST_KEPT = 20_000
# Each takes some ten milliseconds the first time; evidence tells of the others until the page is opened again.
MOST_NEW = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """In words of the original and of the copy. What stands elsewhere counts as kept, and in `moved`."""

    kept: int
    cut: int
    added: int
    moved: int

    @property
    def share(self) -> float:
        """How much of the original the copy has, 0 to 1."""
        return self.kept / (self.kept + self.cut) if self.kept + self.cut else 0.0


class Differences:
    """One for an app. A version never changes its text under its number, but for `reextract`: the digest tells."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[bytes, bytes], Difference] = OrderedDict()
        self._lock = Lock()

    def between(self, original: CopyText, others: Iterable[CopyText]) -> dict[str, Difference]:
        """By article; of texts that were never compared only the first few."""
        found: dict[str, Difference] = {}
        left = MOST_NEW
        for other in others:
            known = self._known(original, other)
            if known is None and left:
                left -= 1
                known = self._counted(original, other)
            if known is not None:
                found[other.article_id] = known
        return found

    def _known(self, original: CopyText, other: CopyText) -> Difference | None:
        with self._lock:
            return self._kept.get((original.digest, other.digest))

    def _counted(self, original: CopyText, other: CopyText) -> Difference:
        changes = changes_of(original.text, other.text)
        found = Difference(changes.kept + changes.moved, changes.removed, changes.added, changes.moved)
        with self._lock:
            self._kept[original.digest, other.digest] = found
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found
