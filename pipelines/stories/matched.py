"""Matches as an evaluation reads them: under the numbers of current versions, whichever was found first."""

from typing import NamedTuple

from onestory.store.stories.components import MatchRow

__all__ = ["Seen", "seen_of"]


class Seen(NamedTuple):
    """What a partition reads of a match; `a` is the lower number."""

    a: int
    b: int
    kind: str
    a_is: str
    b_is: str
    jaccard: float
    containment_a: float
    containment_b: float
    off_topic: bool
    unrelated: bool
    longest_run: int
    a_at: int
    b_at: int


def seen_of(row: MatchRow) -> Seen:
    """The match of two versions that show something."""
    told = row.evidence
    return Seen(
        row.a,
        row.b,
        row.kind,
        told["a_is"],
        told["b_is"],
        told["jaccard"],
        told["containment_a"],
        told["containment_b"],
        told.get("off_topic", False),
        told.get("unrelated", False),
        told["longest_run"],
        told["a_at"],
        told["b_at"],
    )
