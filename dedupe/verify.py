"""Does a candidate hold? Two texts in, evidence out; the same for (a, b) and (b, a).

An edit cuts, adds, moves, and replaces little. Two writers with one source replace much: beside what they share,
both go on with words of their own. A form that was filled in again replaces little, but precisely what carries
the news: names and numbers. No statistic of the corpus enters: the same two texts give the same evidence
for ever.
"""

from collections.abc import Sequence

import numpy as np

from onestory.dedupe.alignment import Alignment, Span, align
from onestory.dedupe.evidence import Evidence, Kind, Relation, ShingleOverlap, compare_shingles
from onestory.dedupe.forms import conflicts_of
from onestory.dedupe.shingles import SHINGLE_WORDS, shingle_hashes, tokenize
from onestory.dedupe.text import ComparedText, windows_of

__all__ = [
    "ComparedText",
    "Evidence",
    "Kind",
    "Relation",
    "ShingleOverlap",
    "compare_shingles",
    "compare_words",
    "spans",
    "verify",
]

COPY_CONTAINMENT = 0.5
EXCERPT_CONTAINMENT = 0.3  # enough where little is left over:
EXCERPT_REST_WORDS = 60
REPLACED_SHARE = 0.5
PASSAGE_SHARE = 0.5  # of what little is shared: one passage, not scraps
SCRAP_WORDS, SCRAP_CONTAINMENT, SCRAP_JACCARD = 40, 0.6, 0.2
LOOSE_CONTAINMENT = 0.65
REWRITTEN_SHARE = 0.25
DEVELOPS_CONTAINMENT = 0.2
QUOTED_SHARE, QUOTER_WORDS, SAME_JACCARD = 0.8, 15, 0.8
DEVELOPS_RUN_WORDS = 12


def verify(a: ComparedText, b: ComparedText) -> Evidence | None:
    """Evidence for the pair, None when the candidate shows nothing."""
    if a.number > b.number:
        a, b = b, a
    seen = compare_shingles(a.signature, b.signature)
    if seen is None:
        return None
    return seen.as_copy(a.number, b.number) if seen.decided else compare_words(a, b, seen)


def compare_words(a: ComparedText, b: ComparedText, seen: ShingleOverlap) -> Evidence | None:
    """Evidence on the words, for a pair that the shingles do not decide; `a` has the lower number."""
    found = align(*windows_of(a, b))
    if found is None:
        return None
    conflicts, formula = conflicts_of(a, b, found)
    if formula:
        return None
    return seen.evidence(
        a.number,
        b.number,
        kind=_kind(a, b, found, seen),
        shared_words=found.shared,
        longest_run=found.longest,
        replaced_words=found.replaced,
        conflicts=conflicts,
        a_at=found.a_spans[0][0],
        b_at=found.b_spans[0][0],
    )


def _kind(a: ComparedText, b: ComparedText, found: Alignment, seen: ShingleOverlap) -> Kind:
    containment = max(seen.a_in_b, seen.b_in_a)
    if _is_copy(a, b, found, seen.jaccard, containment):
        return "copy"
    passages = sum(length >= DEVELOPS_RUN_WORDS for _, _, length in found.runs)
    developed = containment >= DEVELOPS_CONTAINMENT and passages > 1
    return "develops" if developed and not _is_quotation(a, b, found) else "quotes"


def _is_copy(a: ComparedText, b: ComparedText, found: Alignment, jaccard: float, containment: float) -> bool:
    if containment < EXCERPT_CONTAINMENT:
        return False
    shared, longest = found.shared, found.longest
    if found.replaced > REPLACED_SHARE * (found.replaced + shared):
        return False
    rest = min(found.a_words - found.a_shared, found.b_words - found.b_shared)
    if containment < COPY_CONTAINMENT and (
        rest - found.replaced > EXCERPT_REST_WORDS or longest < PASSAGE_SHARE * shared
    ):
        return False
    scrap = shared < SCRAP_WORDS or longest < PASSAGE_SHARE * shared
    if scrap and containment < SCRAP_CONTAINMENT and jaccard < SCRAP_JACCARD:
        return False
    if containment < LOOSE_CONTAINMENT and found.between > REWRITTEN_SHARE * shared:
        return False
    return jaccard >= SAME_JACCARD or found.replaced < QUOTER_WORDS or not _is_quotation(a, b, found)


def _is_quotation(a: ComparedText, b: ComparedText, found: Alignment) -> bool:
    """Nearly all that the two share stands between quotation marks in both."""
    return (
        _quoted(a, found.a_words, found.a_spans) >= QUOTED_SHARE
        and _quoted(b, found.b_words, found.b_spans) >= QUOTED_SHARE
    )


def _quoted(text: ComparedText, words: int, shared: Sequence[Span]) -> float:
    before = text.quoted
    if before is None or len(before) != words + 1:
        return 0.0
    inside = sum(int(before[end] - before[start]) for start, end in shared)
    return inside / max(1, sum(end - start for start, end in shared))


def spans(a_text: str, b_text: str) -> list[Span]:
    """Character spans of a that also stand in b, in order, joined where they touch."""
    words = tokenize(a_text, spans=True)
    mine, theirs = shingle_hashes(words), shingle_hashes(tokenize(b_text))
    if not len(mine) or not len(theirs):
        return []
    found: list[Span] = []
    covered = -1
    for hit in np.flatnonzero(np.isin(mine, theirs)).tolist():
        last = min(hit + SHINGLE_WORDS, len(words)) - 1
        start, end = words.spans[hit][0], words.spans[last][1]
        if hit <= covered + 1 and found:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
        covered = last
    return found
