"""Does a candidate hold? Two texts in, evidence out; the same for (a, b) and (b, a).

An edit cuts, adds, moves, and replaces little. Two writers with one source replace much: beside what they share,
both go on with words of their own. A form that was filled in again replaces little, but precisely what carries
the news: names and numbers. No statistic of the corpus enters: the same two texts give the same evidence
for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from onestory.dedupe.alignment import Alignment, Span, align
from onestory.dedupe.evidence import (
    FLOOR_SHARED,
    Evidence,
    Kind,
    Relation,
    ShingleOverlap,
    compare_shingles,
    first_shared,
)
from onestory.dedupe.forms import conflicts_of
from onestory.dedupe.headlines import NAMED_SHARE, Headline, are_related, are_same, is_framed, names_either
from onestory.dedupe.signature import Signature
from onestory.dedupe.text import ComparedText, shared_stems, windows_of

__all__ = [
    "ComparedText",
    "Evidence",
    "Kind",
    "Relation",
    "ShingleOverlap",
    "compare_shingles",
    "compare_words",
    "settled",
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
LEAD_SHARE = 0.4
QUOTED_SHARE, QUOTER_WORDS, SAME_JACCARD = 0.8, 15, 0.8
CAPTION_WORDS = 170  # captions are no longer
DEVELOPS_RUN_WORDS = 12
TEASER_WORDS, TEASER_HEAD, TEASER_TOP, TEASER_RUN, TEASER_SHARE = 100, 40, 150, 12, 0.3
# Two texts of one length may be one form, filled in twice: then nearly all of the shorter one is the run.
TEASED_LENGTH, SAME_LENGTH_SHARE = 1.5, 0.75
TOP_WORDS, HEAD_WORDS = 40, 12
NAMED_FURTHER_DOWN, NAMED_LITTLE, PASSAGE_WORDS = 0.5, 0.3, 60
NAMED_AT_TOP, TOP_SHARE = 0.3, 0.15  # a live file has its latest item at its top, and many others
UNNAMED_SHARE, UNNAMED_FURTHER_DOWN = 0.75, 0.9  # of a part, where a headline says too little
PART_RUN = 0.3


def verify(a: ComparedText, b: ComparedText) -> Evidence | None:
    """Evidence for the pair, the lower number first; None when the candidate shows nothing."""
    if a.number > b.number:
        a, b = b, a
    seen = compare_shingles(a.signature, b.signature, same_headline=are_same(a.headline, b.headline))
    if seen is None:
        return None
    return settled(a, b, seen) or compare_words(a, b, seen)


class Outline(Protocol):
    """What is known of a version without its text."""

    @property
    def number(self) -> int: ...
    @property
    def signature(self) -> Signature: ...
    @property
    def headline(self) -> Headline: ...
    @property
    def origin(self) -> str: ...


def settled(a: Outline, b: Outline, seen: ShingleOverlap) -> Evidence | None:
    """The evidence, if shingles and headlines decide it. None if the words must be compared."""
    one, other = a.headline, b.headline
    if seen.decided and (seen.shared >= CAPTION_WORDS or seen.jaccard >= SAME_JACCARD):
        if are_same(one, other) or (not one.text and not other.text and not seen.is_part):
            return seen.as_copy(a.number, b.number)
    elif _may_be_a_passage(a, b, seen):
        places = first_shared(a.signature, b.signature)
        if min(places) > HEAD_WORDS:
            return seen.as_passage(a.number, b.number, places)
    return None


def _may_be_a_passage(a: Outline, b: Outline, seen: ShingleOverlap) -> bool:
    """Whether a pair shares too little for a copy and has related headlines, so that it shows no frame either."""
    little = seen.shared >= FLOOR_SHARED and max(seen.a_in_b, seen.b_in_a) < DEVELOPS_CONTAINMENT
    if not little or (a.origin and a.origin == b.origin):
        return False
    return are_related(a.headline, b.headline) and not are_same(a.headline, b.headline)


def compare_words(a: ComparedText, b: ComparedText, seen: ShingleOverlap) -> Evidence | None:
    """Evidence on the words, for a pair that the shingles do not decide; `a` has the lower number.

    A repeated passage is aligned at its first place in the second text. So the texts themselves say which is the
    second one, never their numbers.
    """
    if a.signature.digest <= b.signature.digest:
        return _aligned(a, b, seen)
    found = _aligned(b, a, seen.turned())
    return found and found.turned()


def _aligned(a: ComparedText, b: ComparedText, seen: ShingleOverlap) -> Evidence | None:
    found = align(*windows_of(a, b))
    if found is None:
        return None
    topic = _Topic.of(a, b, found)
    teaser = topic.same and _is_teaser(found) and not _is_caption(a, b, found)
    conflicts, formula = conflicts_of(a, b, _behind_the_head(found) if teaser else found)
    kind = "copy" if teaser and not formula else _kind(a, b, found, seen, topic, formula)
    if kind is None:
        return None
    return seen.evidence(
        a.number,
        b.number,
        kind=kind,
        shared_words=found.shared,
        longest_run=found.longest,
        replaced_words=found.replaced,
        conflicts=conflicts,
        a_at=found.a_spans[0][0],
        b_at=found.b_spans[0][0],
        off_topic=topic.off,
        unrelated=topic.known and not (topic.same or topic.related),
    )


@dataclass(frozen=True, slots=True)
class _Topic:
    """What the headlines say of the pair. `shares`: how much of each the shared words say."""

    one_origin: bool
    same: bool = False
    related: bool = False
    off: bool = False
    framed: bool = False
    shares: tuple[float, float] = (0.0, 0.0)
    known: bool = True

    @property
    def named(self) -> float:
        """How much the shared words say of the headline of which they say less."""
        return min(self.shares)

    @classmethod
    def of(cls, a: ComparedText, b: ComparedText, found: Alignment) -> "_Topic":
        one, other = a.headline, b.headline
        one_origin = bool(a.origin) and a.origin == b.origin
        if are_same(one, other):
            return cls(one_origin, same=True, related=True, shares=(1.0, 1.0))
        # Where neither has a headline the texts alone are asked, as in a collection without any.
        if not one.stems and not other.stems:
            return cls(one_origin, related=not one_origin, known=False)
        words = shared_stems(a, found.a_spans)
        shares = (one.share_in(words), other.share_in(words))
        if not one.stems or not other.stems:
            return cls(one_origin, shares=shares, known=False)
        framed = one_origin and is_framed(words, one, other)
        if are_related(one, other):
            known = one.says_something and other.says_something
            return cls(one_origin, related=known, framed=framed, shares=shares, known=known)
        return cls(one_origin, off=not names_either(words, one, other), framed=framed, shares=shares)


def _behind_the_head(found: Alignment) -> Alignment:
    """Without the slots before the longest run: bylines and times stand there, under a headline that is the same."""
    start = max(found.runs, key=lambda run: run[2])[0]
    return replace(found, head=None, slots=[slot for slot in found.slots if slot[0] >= start])


def _kind(
    a: ComparedText, b: ComparedText, found: Alignment, seen: ShingleOverlap, topic: _Topic, formula: bool
) -> Kind | None:
    if topic.framed:
        return "frame"
    if formula:
        return None
    if seen.shared < FLOOR_SHARED:
        return None
    containment = max(seen.a_in_b, seen.b_in_a)
    plain = seen.decided and not (seen.jaccard < SAME_JACCARD and _is_caption(a, b, found))
    if plain or _is_copy(a, b, found, seen.jaccard, containment):
        return "contains" if _is_part_of_another(found, seen, topic) else "copy"
    passages = sum(length >= DEVELOPS_RUN_WORDS for _, _, length in found.runs)
    if containment < DEVELOPS_CONTAINMENT or passages < 2 or _is_quotation(a, b, found):
        return "quotes"
    # A new lead rewrites much under a headline on the same subject. Pages of one host's series resemble that.
    supported = topic.related if topic.known else topic.named >= NAMED_FURTHER_DOWN
    is_lead = supported and not topic.one_origin and min(seen.a_in_b, seen.b_in_a) > LEAD_SHARE
    return "copy" if is_lead else "develops"


def _is_teaser(found: Alignment) -> bool:
    """A short text, a good part of which is one run from the top of the other, much longer one."""
    a_at, b_at, length = max(found.runs, key=lambda one: one[2])
    short, here, place = (found.a_words, a_at, b_at) if found.a_words <= found.b_words else (found.b_words, b_at, a_at)
    if max(found.a_words, found.b_words) < TEASED_LENGTH * short and length < SAME_LENGTH_SHARE * short:
        return False
    if short > TEASER_WORDS or here > TEASER_HEAD or place > TEASER_TOP:
        return False
    return length >= max(TEASER_RUN, TEASER_SHARE * short)


def _is_part_of_another(found: Alignment, seen: ShingleOverlap, topic: _Topic) -> bool:
    """One is a part of the other, which holds much else, and nothing says that this is about the same."""
    if topic.same or not seen.is_part:
        return False
    part = 0 if seen.a_in_b >= seen.b_in_a else 1
    inside, where = (seen.a_in_b, found.b_spans) if part == 0 else (seen.b_in_a, found.a_spans)
    further_down = where[0][0] > TOP_WORDS
    if further_down and inside < COPY_CONTAINMENT:
        return True
    if topic.related or topic.one_origin:
        return not topic.related
    # A headline that its own words do not mention says nothing, where they do mention the other one.
    misnamed = (
        further_down
        and found.shared >= PASSAGE_WORDS
        and topic.shares[part] < NAMED_SHARE
        and topic.shares[1 - part] >= NAMED_LITTLE
    )
    if not topic.known or misnamed:
        return inside < (UNNAMED_FURTHER_DOWN if further_down else UNNAMED_SHARE)
    if further_down:
        return topic.named < NAMED_FURTHER_DOWN
    return topic.named < NAMED_AT_TOP and min(seen.a_in_b, seen.b_in_a) < TOP_SHARE


def _is_copy(a: ComparedText, b: ComparedText, found: Alignment, jaccard: float, containment: float) -> bool:
    shared, longest = found.shared, found.longest
    if containment < EXCERPT_CONTAINMENT or found.replaced > REPLACED_SHARE * (found.replaced + shared):
        return False
    rest = min(found.a_words - found.a_shared, found.b_words - found.b_shared)
    if containment < COPY_CONTAINMENT and (
        rest - found.replaced > EXCERPT_REST_WORDS or longest < PASSAGE_SHARE * shared
    ):
        return False
    scrap = shared < SCRAP_WORDS or longest < PASSAGE_SHARE * shared
    if scrap and containment < SCRAP_CONTAINMENT and jaccard < SCRAP_JACCARD:
        return False
    if jaccard < SCRAP_JACCARD and longest < PART_RUN * shared:
        return False
    if containment < LOOSE_CONTAINMENT and found.between > REWRITTEN_SHARE * shared:
        return False
    return jaccard >= SAME_JACCARD or not _is_borrowed(a, b, found)


def _is_borrowed(a: ComparedText, b: ComparedText, found: Alignment) -> bool:
    """Whether the shared words come from a third party: a caption, or a quotation that both articles comment on."""
    return _is_caption(a, b, found) or (found.replaced >= QUOTER_WORDS and _is_quotation(a, b, found))


def _is_quotation(a: ComparedText, b: ComparedText, found: Alignment) -> bool:
    """Nearly all that the two share stands between quotation marks in both."""
    shares = (_share_in(a.quoted, found.a_words, found.a_spans), _share_in(b.quoted, found.b_words, found.b_spans))
    return min(shares) >= QUOTED_SHARE


def _is_caption(a: ComparedText, b: ComparedText, found: Alignment) -> bool:
    """Whether nearly all shared words are in picture captions, which may stand beside any text."""
    shares = (
        _share_in(a.captioned, found.a_words, found.a_spans),
        _share_in(b.captioned, found.b_words, found.b_spans),
    )
    return min(shares) >= QUOTED_SHARE


def _share_in(before: NDArray[np.int64] | None, words: int, shared: Sequence[Span]) -> float:
    """The part of the shared words that stands where `before` counts them."""
    if before is None or len(before) != words + 1:
        return 0.0
    inside = sum(int(before[end] - before[start]) for start, end in shared)
    return inside / max(1, sum(end - start for start, end in shared))
