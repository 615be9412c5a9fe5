"""What a headline says of the words that two texts share: are these about the article, or do they frame it?

A frame (a footer, an offer, a player's text) stands under headlines that it does not mention. A dispatch that two
outlets run under headlines of their own mentions at least one of them. No list of words is used: short words
are left out, and words count by their first letters, so that inflections agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from onestory.dedupe.characters import folded, lowered
from onestory.dedupe.shingles import units_of

__all__ = ["NAMED_SHARE", "OWN_SHARE", "Headline", "are_related", "are_same", "is_framed", "names_either"]

STEM_CHARS = 5
SHORTEST_WORD = 3
FEWEST_WORDS = 2
RELATED_JACCARD = 0.25
RELATED_SHARE, RELATED_WORDS = 0.5, 2
SAME_SHARE, SAME_WORDS = 0.8, 3
NAMED_SHARE = 0.34
OWN_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Headline:
    """One line for each form of the headline: what the page shows, what its address says."""

    text: str

    @cached_property
    def lines(self) -> tuple[frozenset[str], ...]:
        """The stems of each line; lines without any are left out."""
        found = (stems_of(units_of(lowered(folded(line)))) for line in self.text.split("\n"))
        return tuple(stems for stems in found if stems)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all lines."""
        return frozenset().union(*self.lines)

    def share_in(self, words: frozenset[str]) -> float:
        """The part of the headline that is among these stems, of the line that is there most."""
        return max((len(line & words) / len(line) for line in self.lines), default=1.0)

    @property
    def says_something(self) -> bool:
        """Whether there are enough words to tell two headlines apart."""
        return len(self.stems) >= FEWEST_WORDS


def stems_of(words: Iterable[str]) -> frozenset[str]:
    """The stems of lower-cased words; single characters, of scripts without spaces, by twos."""
    found: set[str] = set()
    before = ""
    for word in words:
        if len(word) == 1 and not word.isascii():
            found.add(before + word)
            before = word
            continue
        before = ""
        if len(word) >= SHORTEST_WORD and not word.isdigit():
            found.add(word[:STEM_CHARS])
    return frozenset(found)


def are_related(a: Headline, b: Headline) -> bool:
    """Whether two headlines may be about one thing; always where one of them says too little."""
    if not a.says_something or not b.says_something:
        return True
    both, least = len(a.stems & b.stems), min(len(a.stems), len(b.stems))
    if both >= RELATED_WORDS and both >= RELATED_SHARE * least:
        return True
    return both >= RELATED_JACCARD * len(a.stems | b.stems)


def are_same(a: Headline, b: Headline) -> bool:
    """Whether it is one headline, perhaps with an addition to one of them."""
    return any(
        min(len(one), len(other)) >= SAME_WORDS and len(one & other) >= SAME_SHARE * max(len(one), len(other))
        for one in a.lines
        for other in b.lines
    )


def names_either(words: frozenset[str], a: Headline, b: Headline) -> bool:
    """Whether the shared words, as stems, say what at least one of the headlines says."""
    return max(a.share_in(words), b.share_in(words)) >= NAMED_SHARE


def is_framed(words: frozenset[str], a: Headline, b: Headline) -> bool:
    """Whether shared words, as stems, are what one host shows around two articles.

    A host has no reason to run one text under two headlines, of which one has nothing to do with it. Words of
    both headlines say nothing here: they may be the name of a series.
    """
    own, others = a.stems - b.stems, b.stems - a.stems
    if not own or not others:
        return False
    shares = (len(own & words) / len(own), len(others & words) / len(others))
    return (max(shares) if are_related(a, b) else min(shares)) < NAMED_SHARE
