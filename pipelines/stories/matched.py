"""Matches as they are stored, and as an evaluation reads them."""

from typing import Any, NamedTuple

from onestory.dedupe.evidence import Evidence
from onestory.dedupe.round_ups import is_inert
from onestory.store.stories.components import MatchRow

__all__ = ["Seen", "seen_of", "stored_evidence"]


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


def stored_evidence(evidence: Evidence, a_words: int, b_words: int) -> dict[str, Any]:
    """What the store keeps of the evidence for two versions of so many words, beside their numbers and the kind."""
    told = evidence.to_dict()
    for name in ("a", "b", "kind"):
        del told[name]
    if is_inert(evidence, a_words, b_words):
        told["inert"] = True
    return told
