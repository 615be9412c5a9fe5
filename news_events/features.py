"""What is compared of a story: the weighted words of its representative, the fullest copy.

The vector is TF-IDF (Salton and Buckley 1988) with a logarithmic term frequency and the rarity of `rarity.py`,
scaled to length 1. The headline counts twice. Weights are kept as 16-bit integers and terms as 32-bit hashes: sums of
products are whole numbers, so the order of summation never changes a similarity.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
import xxhash
from numpy.typing import NDArray

from onestory.dedupe.characters import DENSE, folded, lowered
from onestory.dedupe.shingles import units_of
from onestory.news_events.rarity import has_table, rarity

__all__ = [
    "FEATURES_VERSION",
    "NO_TERMS",
    "SCALE",
    "SemanticFeatures",
    "StoryFeatures",
    "TermVector",
    "scaled_vector",
    "term_vector",
]

# Part of what is stored: vectors and links of another version are computed again.
FEATURES_VERSION = "2"
SCALE = 65_535  # the integer that stands for a weight of 1
MAX_BODY_WORDS = 1000
HEADLINE_WEIGHT = 2
_DENSE = re.compile(f"[{DENSE}]")
_SENTENCE_END = re.compile(r"[.!?…:\n]")


@dataclass(frozen=True, slots=True, eq=False)
class TermVector:
    """A sparse vector of length 1: ascending term hashes (uint32), and weights (uint16) in units of 1 / SCALE."""

    terms: NDArray[np.uint32]
    weights: NDArray[np.uint16]

    def to_bytes(self) -> bytes:
        return self.terms.astype("<u4").tobytes() + self.weights.astype("<u2").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "TermVector":
        count = len(data) // 6
        terms = np.frombuffer(data, dtype="<u4", count=count)
        return cls(terms, np.frombuffer(data, dtype="<u2", offset=4 * count))


NO_TERMS = TermVector(np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint16))


@dataclass(frozen=True, slots=True, eq=False)
class SemanticFeatures:
    """The embedding (int8) of a story's headline and lead, and the names and numbers of its beginning (`names.py`)."""

    embedding: NDArray[np.int8]
    names: TermVector


@dataclass(frozen=True, slots=True)
class StoryFeatures:
    """A story as events see it: its id, its representative with language, time, outlet and recurring title (see
    `series.py`), and the vector of that. An empty outlet or series is unknown. The id of a story depends on which copy
    arrived first, the representative does not: it decides between equals.

    `semantic` is None without the extra, and until it is computed.

    `is_observed`: it was fetched as it appeared, so `time` is near; else it was imported. `time` is None for what was
    imported without any; then `seen`, when it was first stored, stands for it.
    """

    story: str
    representative: str
    language: str
    time: datetime | None
    seen: datetime
    vector: TermVector
    outlet: str = ""
    series: str = ""
    is_observed: bool = True
    semantic: SemanticFeatures | None = None


def term_vector(title: str, text: str, *, language: str) -> TermVector:
    """The vector of a story from a headline and a text; `language` is an ISO 639-1 code.

    For languages without a table of frequencies only names and numbers are compared.
    """
    units = _terms if has_table(language) else _names_and_numbers
    counts: Counter[str] = Counter()
    for word in units(title):
        counts[word] += HEADLINE_WEIGHT
    counts.update(_first(units(text), MAX_BODY_WORDS))
    return scaled_vector({word: (1 + math.log(count)) * rarity(word, language) for word, count in counts.items()})


def _first(words: Iterable[str], limit: int) -> Iterator[str]:
    for at, word in enumerate(words):
        if at >= limit:
            return
        yield word


def _terms(text: str) -> Iterator[str]:
    """Lower-case words; pairs of neighbouring characters in scripts without spaces."""
    units = units_of(lowered(folded(text)))
    if not _DENSE.search(text):
        yield from units
        return
    for one, following in pairwise([*units, ""]):
        if not _DENSE.match(one):
            yield one
        elif _DENSE.match(following):
            yield one + following


def _names_and_numbers(text: str) -> Iterator[str]:
    """Words with a capital inside a sentence, and words with a digit."""
    for sentence in _SENTENCE_END.split(folded(text)):
        for at, word in enumerate(units_of(sentence)):
            if (at and word[:1].isupper()) or any(map(str.isdigit, word)):
                yield word.lower()


def scaled_vector(weights: dict[str, float]) -> TermVector:
    """The vector of terms by weight, scaled to length 1."""
    length = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
    by_hash: dict[int, int] = {}
    for word, weight in weights.items():
        scaled = round(SCALE * weight / length) if length else 0
        if scaled:
            key = xxhash.xxh32_intdigest(word.encode())
            by_hash[key] = max(by_hash.get(key, 0), scaled)
    terms = sorted(by_hash)
    return TermVector(np.array(terms, dtype=np.uint32), np.array([by_hash[term] for term in terms], dtype=np.uint16))
