"""Matches as they are stored, and as an evaluation reads them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from onestory.dedupe.evidence import Evidence
from onestory.dedupe.round_ups import is_inert, share_within
from onestory.store.stories.components import MatchRow, add_matches, lower_least_parts

__all__ = ["Seen", "parts_held", "record_matches", "seen_of", "stored_evidence"]


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


def parts_held(row: MatchRow) -> Iterator[tuple[int, float]]:
    """Each of the two versions that the other lies within, and the share of its text that the other is."""
    if row.kind == "copy":
        seen = seen_of(row)
        for number in (row.a, row.b):
            share = share_within(seen, number)
            if share is not None:
                yield number, share


def record_matches(connection: Connection, rows: Sequence[MatchRow]) -> None:
    """Stores matches, except those already stored, and what they say of the articles that hold others."""
    add_matches(connection, rows)
    lower_least_parts(connection, _least_parts(rows))


def _least_parts(rows: Iterable[MatchRow]) -> dict[str, float]:
    """The smallest share of each article's text that another within it is."""
    least: dict[str, float] = {}
    for row in rows:
        for number, share in parts_held(row):
            article = row.a_article if number == row.a else row.b_article
            least[article] = min(share, least.get(article, share))
    return least


def stored_evidence(evidence: Evidence, a_words: int, b_words: int) -> dict[str, Any]:
    """What the store keeps of the evidence for two versions of so many words, beside their numbers and the kind."""
    told = evidence.to_dict()
    for name in ("a", "b", "kind"):
        del told[name]
    if is_inert(evidence, a_words, b_words):
        told["inert"] = True
    return told
