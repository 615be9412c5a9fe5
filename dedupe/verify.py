"""Does a candidate hold? Two texts in, evidence out; the same for (a, b) and (b, a).

An edit cuts, adds, moves, and replaces little. Two writers with one source replace much: beside what they share,
both go on with words of their own. A form that was filled in again replaces little, but precisely what carries
the news: names and numbers. No statistic of the corpus enters: the same two texts give the same evidence
for ever.
"""

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dedupe.alignment import Alignment, Tokens, align
from dedupe.shingles import SHINGLE_WORDS, shingle_hashes, words_of
from dedupe.signature import Signature

__all__ = ["Evidence", "Kind", "Relation", "Text", "spans", "verify"]

Kind = Literal["copy", "quotes", "develops"]
Relation = Literal["verbatim", "edited", "excerpt", "fuller"]

FLOOR_SHARED = 20  # fewer shared shingles show nothing
FLOOR_CONTAINMENT = 0.05
COPY_CONTAINMENT = 0.5
EXCERPT_CONTAINMENT = 0.3  # enough where little is left over:
EXCERPT_REST_WORDS = 60
REPLACED_SHARE = 0.5
PASSAGE_SHARE = 0.5  # of what little is shared: one passage, not scraps
SCRAP_WORDS, SCRAP_CONTAINMENT, SCRAP_JACCARD = 40, 0.6, 0.2
LOOSE_CONTAINMENT = 0.65
REWRITTEN_SHARE = 0.25
CONFLICTS = 2
# A form: conflicts a shared word at least, and more than this share of all news words.
FORMS = ((0.03, 0.12), (0.015, 0.25))
NUMBER_FORMS = ((0.025, 0.4),)
DEVELOPS_CONTAINMENT = 0.2
QUOTED_SHARE, QUOTER_WORDS, SAME_JACCARD = 0.8, 15, 0.8
DEVELOPS_RUN_WORDS = 12
OWN_WORDS = 25
_QUOTATION = re.compile(r"“[^“”]{20,}[”“]|\"[^\"]{20,}\"|«[^«»]{20,}»|„[^„“”]{20,}[“”]|「[^「」]{10,}」")


@dataclass(frozen=True, eq=False)
class Text:
    """A version's text with its number and signature; words are split once, on demand."""

    number: int
    text: str
    signature: Signature

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self.text)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two versions share; ``a`` < ``b`` are their numbers.

    ``kind``: "copy" (one story), "quotes" (a round-up, a shared quotation, or a filled-in form's frame is not
    enough for one story), "develops" (much of one lives on in the other, which is a story of its own).
    ``a_is`` says what a is beside b, ``b_is`` what b is beside a. ``containment_a`` is the part of a's
    shingles that b has. Counts are words: shared, the longest run, those that stand against others, and the names
    and numbers among these; ``a_at`` and ``b_at`` are the first shared word of each. Where the shingles alone
    decide (a plain copy), the words were not looked at: the last five are 0, and shingles are counted.
    """

    a: int
    b: int
    kind: Kind
    a_is: Relation
    b_is: Relation
    jaccard: float
    containment_a: float
    containment_b: float
    shared_words: int
    longest_run: int
    replaced_words: int
    conflicts: int
    a_at: int
    b_at: int

    def to_dict(self) -> dict[str, Any]:
        """Flat scalars, by field name."""
        return dataclasses.asdict(self)


def verify(a: Text, b: Text) -> Evidence | None:
    """Evidence for the pair, None when the candidate shows nothing."""
    if a.number > b.number:
        a, b = b, a
    left, right = a.signature, b.signature
    if not left.words or not right.words:
        return None
    if left.digest == right.digest:
        words = left.words
        return Evidence(a.number, b.number, "copy", "verbatim", "verbatim", 1.0, 1.0, 1.0, words, words, 0, 0, 0, 0)
    shared = len(np.intersect1d(left.shingles, right.shingles, assume_unique=True))
    a_in_b, b_in_a = shared / len(left.shingles), shared / len(right.shingles)
    if shared < FLOOR_SHARED or max(a_in_b, b_in_a) < FLOOR_CONTAINMENT:
        return None
    jaccard = shared / (len(left.shingles) + len(right.shingles) - shared)
    if _is_plain(shared, len(left.shingles), len(right.shingles)):
        a_is, b_is = _relations(jaccard, a_in_b, b_in_a)
        figures = (round(jaccard, 4), round(a_in_b, 4), round(b_in_a, 4), shared)
        return Evidence(a.number, b.number, "copy", a_is, b_is, *figures, 0, 0, 0, 0, 0)
    alignment = align(a.tokens, b.tokens)
    if alignment is None:
        return None
    return _weigh(a, b, alignment, jaccard, a_in_b, b_in_a)


def _is_plain(shared: int, ours: int, theirs: int) -> bool:
    """So little of one is missing from the other that no look at the words could speak against a copy.

    A word that stands against another costs at least one shingle: fewer than these cannot be a form.
    """
    own = min(ours, theirs) - shared
    return own < OWN_WORDS and own < FORMS[1][0] * shared


def _weigh(a: Text, b: Text, found: Alignment, jaccard: float, a_in_b: float, b_in_a: float) -> Evidence | None:
    conflicts, formula = _conflicts(a, b, found)
    if formula:
        return None
    kind: Kind = "copy"
    if not _is_copy(a, b, found, jaccard, max(a_in_b, b_in_a)):
        passages = sum(length >= DEVELOPS_RUN_WORDS for _, _, length in found.runs)
        developed = max(a_in_b, b_in_a) >= DEVELOPS_CONTAINMENT and passages > 1
        kind = "develops" if developed and not _is_quotation(a, b, found) else "quotes"
    a_is, b_is = _relations(jaccard, a_in_b, b_in_a)
    return Evidence(
        a.number,
        b.number,
        kind,
        a_is,
        b_is,
        round(jaccard, 4),
        round(a_in_b, 4),
        round(b_in_a, 4),
        found.shared,
        found.longest,
        found.replaced,
        conflicts,
        found.runs[0][0],
        min(start for _, start, _ in found.runs),
    )


def _is_copy(a: Text, b: Text, found: Alignment, jaccard: float, containment: float) -> bool:
    if containment < EXCERPT_CONTAINMENT:
        return False
    if found.replaced > REPLACED_SHARE * (found.replaced + found.shared):
        return False
    rest = min(len(found.a_shared) - int(found.a_shared.sum()), len(found.b_shared) - int(found.b_shared.sum()))
    if containment < COPY_CONTAINMENT and (
        rest - found.replaced > EXCERPT_REST_WORDS or found.longest < PASSAGE_SHARE * found.shared
    ):
        return False
    scrap = found.shared < SCRAP_WORDS or found.longest < PASSAGE_SHARE * found.shared
    if scrap and containment < SCRAP_CONTAINMENT and jaccard < SCRAP_JACCARD:
        return False
    if containment < LOOSE_CONTAINMENT and found.between > REWRITTEN_SHARE * found.shared:
        return False
    return jaccard >= SAME_JACCARD or found.replaced < QUOTER_WORDS or not _is_quotation(a, b, found)


def _relations(jaccard: float, a_in_b: float, b_in_a: float) -> tuple[Relation, Relation]:
    if jaccard >= 0.97:
        return "verbatim", "verbatim"
    if a_in_b > b_in_a + 0.25:
        return "excerpt", "fuller"
    if b_in_a > a_in_b + 0.25:
        return "fuller", "excerpt"
    return "edited", "edited"


def _conflicts(a: Text, b: Text, found: Alignment) -> tuple[int, bool]:
    """News words that stand against others, and whether that makes the two a form, filled in twice.

    Names and numbers carry news. Where the texts know no capitals every word may, and numbers are looked at alone.
    """
    if not found.slots:
        return 0, False
    small = a.tokens.common | b.tokens.common
    if a.tokens.common and b.tokens.common:
        return _tally(a, b, found, lambda word: _is_name(word, small) or _is_number(word), FORMS)
    conflicts, formula = _tally(a, b, replace(found, head=None), lambda _: True, FORMS)
    return conflicts, formula or _tally(a, b, found, _is_number, NUMBER_FORMS)[1]


def _tally(
    a: Text, b: Text, found: Alignment, is_news: Callable[[str], bool], forms: Sequence[tuple[float, float]]
) -> tuple[int, bool]:
    conflicts = agreed = 0
    for slot in found.slots:
        against, same = _against(a, b, slot, is_news)
        conflicts, agreed = conflicts + against, agreed + same
    if conflicts and found.head:
        # Datelines of copies differ too: what stands before the first run counts only with what stands behind it.
        conflicts += _against(a, b, found.head, is_news)[0]
    rate = conflicts * max(a.tokens.width, b.tokens.width) / (SHINGLE_WORDS * max(1, found.shared))
    if conflicts < CONFLICTS or rate < min(least for least, _ in forms):
        return conflicts, False
    words = a.tokens.written
    agreed += sum(is_news(words[at]) for at in np.flatnonzero(found.a_shared).tolist())
    share = conflicts / (conflicts + agreed)
    return conflicts, any(rate >= least and share > most for least, most in forms)


def _against(a: Text, b: Text, slot: tuple[int, int, int, int], is_news: Callable[[str], bool]) -> tuple[int, int]:
    """News words of a slot that stand against others, and those that both have."""
    ours = [word for word in a.tokens.written[slot[0] : slot[1]] if is_news(word)]
    theirs = [word for word in b.tokens.written[slot[2] : slot[3]] if is_news(word)]
    same = set(ours) & set(theirs)
    return min(sum(word not in same for word in ours), sum(word not in same for word in theirs)), len(same)


def _is_number(word: str) -> bool:
    return any(map(str.isdigit, word))


def _is_name(word: str, small: frozenset[str]) -> bool:
    return word[:1].isupper() and word.lower() not in small


def _is_quotation(a: Text, b: Text, found: Alignment) -> bool:
    """Nearly all that the two share stands between quotation marks in both."""
    return min(_quoted(a.text, found.a_shared), _quoted(b.text, found.b_shared)) >= QUOTED_SHARE


def _quoted(text: str, shared: NDArray[np.bool_]) -> float:
    inside = np.zeros(len(text) + 1, dtype=np.int8)
    for match in _QUOTATION.finditer(text):
        inside[match.start() : match.end()] = 1
    places = [start for start, _ in words_of(text, spans=True).spans]
    marks = inside[np.array(places, dtype=np.int64)] > 0
    if len(marks) != len(shared):
        return 0.0
    return float((marks & shared).sum() / max(1, int(shared.sum())))


def spans(a_text: str, b_text: str) -> list[tuple[int, int]]:
    """Character spans of a that also stand in b, in order, joined where they touch."""
    words = words_of(a_text, spans=True)
    mine, theirs = shingle_hashes(words), shingle_hashes(words_of(b_text))
    if not len(mine) or not len(theirs):
        return []
    found: list[tuple[int, int]] = []
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
