"""What two versions share, and what their shingles alone say of it."""

from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np

from onestory.dedupe.forms import FORMS
from onestory.dedupe.headlines import Headline
from onestory.dedupe.signature import Signature

__all__ = [
    "FOLLOWED_JACCARD",
    "Evidence",
    "Kind",
    "Match",
    "Member",
    "RelatedPair",
    "Relation",
    "ShingleOverlap",
    "compare_shingles",
    "first_shared",
]

Kind = Literal["copy", "contains", "develops", "quotes", "frame"]
Relation = Literal["verbatim", "edited", "excerpt", "fuller"]

# Each holds more of the other than two headlines can speak against, so that the two are in one core.
FOLLOWED_JACCARD = 0.4
FLOOR_SHARED = 20  # fewer shared shingles show nothing
FLOOR_SAME_HEADLINE = 8
FLOOR_CONTAINMENT = 0.05
OWN_WORDS = 25
PART_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two versions share; ``a`` < ``b`` are their numbers.

    ``kind``: "copy" (one story), "contains" (one is a passage of the other, which is about something else: a round-up,
    a live file), "develops" (much of one lives on in the other, which is a story of its own), "quotes" (a shared
    quotation, an item of a round-up), "frame" (what the host shows around its articles). ``off_topic``: what is shared
    mentions neither headline; ``unrelated``: the headlines have nothing to do with each other, as far as words tell.
    ``a_is`` says what a is beside b, ``b_is`` what b is beside a. ``containment_a`` is the part of a's
    shingles that b has. Counts are words: shared, the longest run, those that stand against others, and the names
    and numbers among these; ``a_at`` and ``b_at`` are the first shared word of each. Where the shingles alone
    decide (a plain copy, a short passage), the words were not looked at: the counts of words are 0, and shingles are
    counted.
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
    off_topic: bool = False
    unrelated: bool = False

    def turned(self) -> "Evidence":
        """The same evidence with a and b in each other's place."""
        return replace(
            self,
            a=self.b,
            b=self.a,
            a_is=self.b_is,
            b_is=self.a_is,
            containment_a=self.containment_b,
            containment_b=self.containment_a,
            a_at=self.b_at,
            b_at=self.a_at,
        )

    @property
    def is_followed(self) -> bool:
        """Whether the two are plainly copies, so that what each of them is a copy of need not be asked of the other.

        Two versions that a crowd's band names are not compared if both are followed by one: see `unverified_pairs`.
        """
        return self.kind == "copy" and self.jaccard > FOLLOWED_JACCARD and not self.off_topic

    def to_dict(self) -> dict[str, Any]:
        """Flat scalars, by field name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class ShingleOverlap:
    """What the shingles of a pair tell: how many are shared, and how much of each text they are.

    `decided`: no look at the words could speak against a copy. `same`: the words are the same, and are counted.
    """

    shared: int
    jaccard: float
    a_in_b: float
    b_in_a: float
    decided: bool
    same: bool = False

    @property
    def is_part(self) -> bool:
        """Whether at least one of the two is mostly something else."""
        return min(self.a_in_b, self.b_in_a) < PART_SHARE

    def turned(self) -> "ShingleOverlap":
        """The same with a and b in each other's place."""
        return replace(self, a_in_b=self.b_in_a, b_in_a=self.a_in_b)

    @property
    def relations(self) -> tuple[Relation, Relation]:
        """What a is beside b, and b beside a."""
        if self.jaccard >= 0.97:
            return "verbatim", "verbatim"
        if self.a_in_b > self.b_in_a + 0.25:
            return "excerpt", "fuller"
        if self.b_in_a > self.a_in_b + 0.25:
            return "fuller", "excerpt"
        return "edited", "edited"

    def as_copy(self, a: int, b: int) -> Evidence:
        """The evidence of a pair that is decided."""
        run = self.shared if self.same else 0
        return self.evidence(a, b, kind="copy", shared_words=self.shared, longest_run=run)

    def as_passage(self, a: int, b: int, places: tuple[int, int]) -> Evidence:
        """The evidence of a pair that shares a passage in the middle of both; `places` are its first words."""
        return self.evidence(
            a, b, kind="quotes", shared_words=self.shared, longest_run=0, a_at=places[0], b_at=places[1]
        )

    def evidence(  # noqa: PLR0913 - the fields, by name
        self,
        a: int,
        b: int,
        *,
        kind: Kind,
        shared_words: int,
        longest_run: int,
        replaced_words: int = 0,
        conflicts: int = 0,
        a_at: int = 0,
        b_at: int = 0,
        off_topic: bool = False,
        unrelated: bool = False,
    ) -> Evidence:
        figures = (round(self.jaccard, 4), round(self.a_in_b, 4), round(self.b_in_a, 4))
        counts = (shared_words, longest_run, replaced_words, conflicts)
        return Evidence(a, b, kind, *self.relations, *figures, *counts, a_at, b_at, off_topic, unrelated)


def compare_shingles(a: Signature, b: Signature, *, same_headline: bool = False) -> ShingleOverlap | None:
    """The first look at a pair, None when it shows nothing; under one headline fewer words show something."""
    if not a.words or not b.words:
        return None
    if a.digest == b.digest:
        return ShingleOverlap(a.words, 1.0, 1.0, 1.0, decided=True, same=True)
    ours, theirs = a.shingles, b.shingles
    shared = _shared(a, b)
    a_in_b, b_in_a = shared / len(ours), shared / len(theirs)
    floor = FLOOR_SAME_HEADLINE if same_headline else FLOOR_SHARED
    if shared < floor or max(a_in_b, b_in_a) < FLOOR_CONTAINMENT:
        return None
    jaccard = shared / (len(ours) + len(theirs) - shared)
    return ShingleOverlap(shared, jaccard, a_in_b, b_in_a, _is_plain(shared, len(ours), len(theirs)))


def first_shared(a: Signature, b: Signature) -> tuple[int, int]:
    """The places of the first shared shingle in a and in b, which share some."""
    both = np.concatenate((a.shingles, b.shingles))
    both.sort()
    shared = both[1:][both[1:] == both[:-1]]
    return a.first_of(shared), b.first_of(shared)


def _shared(a: Signature, b: Signature) -> int:
    both = np.concatenate((a.shingles, b.shingles))
    both.sort()
    return int(np.count_nonzero(both[1:] == both[:-1]))


def _is_plain(shared: int, ours: int, theirs: int) -> bool:
    """So little of one is missing from the other that no look at the words could speak against a copy.

    A word that stands against another costs at least one shingle: fewer than these cannot be a form.
    """
    own = min(ours, theirs) - shared
    return own < OWN_WORDS and own < FORMS[1][0] * shared


@dataclass(frozen=True, slots=True)
class Member:
    """An article with its current version: `id`, version `number`, `words`, `digest`; `host` is opaque.

    `headline` is known where `headlines_needed` asks for it; `is_mentioned` says whether the article's own text
    mentions that headline.
    """

    id: str
    number: int
    words: int
    digest: bytes
    host: str = ""
    headline: Headline | None = None
    is_mentioned: bool = False

    @property
    def rank(self) -> tuple[int, str]:
        """The fullest first, then by id: nothing that depends on arrival."""
        return (-self.words, self.id)


class RelatedPair(Protocol):
    """Two versions, `a` the lower number, and what each is beside the other."""

    @property
    def a(self) -> int: ...
    @property
    def b(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def a_is(self) -> str: ...
    @property
    def b_is(self) -> str: ...


class Match(RelatedPair, Protocol):
    """The fields of an Evidence that a partition reads."""

    @property
    def jaccard(self) -> float: ...
    @property
    def containment_a(self) -> float: ...
    @property
    def containment_b(self) -> float: ...
    @property
    def off_topic(self) -> bool: ...
    @property
    def unrelated(self) -> bool: ...
    @property
    def longest_run(self) -> int: ...
    @property
    def a_at(self) -> int: ...
    @property
    def b_at(self) -> int: ...
