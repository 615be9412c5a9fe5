"""What a host shows around its articles, learned from the lines it repeats. Pure: the store keeps what was learned.

A line is counted by the different *stories* of a host that showed it. That is what makes near-copies and re-fetches
count once: a page fetched ten times, or a text that a host runs under five URLs, is one story, and must not teach the
filter that its body is furniture. Pages under unrelated headlines are never one story here, however much they have in
common: what made them alike may be the very lines that are to be learned.

Order: what is learned from a set of articles is the same for any order of arrival, since counts are of sets. What an
article is cleaned with is what was *published* before, and that changes at stated moments only
(`onestory.pipelines.boilerplate.learning`).
Lines that were taken out as the host's go on being counted, so learning feeds on the same lines whether a filter was
already active or not.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

import numpy as np
import xxhash

from onestory.dedupe.errors import SignatureCorrupt
from onestory.dedupe.headlines import Headline, are_related
from onestory.dedupe.signature import Signature
from onestory.urls import bare_host, host_of, path_owner

__all__ = [
    "LineCount",
    "distinct_stories",
    "fingerprint",
    "fingerprints",
    "fingerprints_for_page",
    "learned_fingerprints",
]


# Longer lines that a host repeats are background paragraphs of its running stories more often than furniture.
MAX_LINE_CHARS = 420

MIN_STORIES = 3

MIN_SHARE = 0.04

HALF_LIFE = timedelta(days=30)

# Sentences that a host repeats are mostly the background of its running stories, or formula copy; those that are
# furniture stand under nearly every article.
SENTENCE_WORDS = 8

MIN_SENTENCE_STORIES = 5

MIN_SENTENCE_SHARE = 0.2

_WORD = re.compile(r"[^\W\d_]+")

_SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"'”’»«)\]]*$")


@dataclass(frozen=True, slots=True)
class LineCount:
    """How often a host showed a line: in `stories` different stories, the last one at `last_seen`."""

    fingerprint: int
    stories: int
    last_seen: datetime
    line: str = ""

    @property
    def is_sentence(self) -> bool:
        return bool(_SENTENCE_END.search(self.line)) and len(_WORD.findall(self.line)) >= SENTENCE_WORDS


def fingerprint(line: str) -> int | None:
    """A signed 64-bit number for a line's words, without case, digits and signs; None for a line without words.

    Digits are left out because counters and dates change within the same furniture ("12 comments").
    """
    words = _WORD.findall(line.lower())
    if not words or len(line) > MAX_LINE_CHARS:
        return None
    return xxhash.xxh3_64_intdigest(" ".join(words).encode("utf-8", "replace")) - (1 << 63)


def fingerprints(lines: Iterable[str]) -> frozenset[int]:
    """What one article offers to its host's count: each line once."""
    return frozenset(number for line in lines if (number := fingerprint(line)) is not None)


def learned_fingerprints(counts: Iterable[LineCount], *, stories: int, now: datetime) -> frozenset[int]:
    """The fingerprints that are furniture on a host of which `stories` different stories are known.

    A line needs MIN_STORIES and MIN_SHARE of the host's stories, a sentence more of both; its count halves with every
    HALF_LIFE in which no article shows it, so that a host's old furniture is forgotten.
    """
    return frozenset(count.fingerprint for count in counts if _decayed(count, now) >= _floor(count, stories))


def _floor(count: LineCount, stories: int) -> float:
    if count.is_sentence:
        return max(MIN_SENTENCE_STORIES, MIN_SENTENCE_SHARE * stories)
    return max(MIN_STORIES, MIN_SHARE * stories)


def _decayed(count: LineCount, now: datetime) -> float:
    idle = max(now - count.last_seen - HALF_LIFE, timedelta(0))
    return float(count.stories * 0.5 ** (idle / HALF_LIFE))


def fingerprints_for_page(url: str, in_force: Mapping[str, frozenset[int]]) -> frozenset[int]:
    """The active lines for a page: of its owner's space, its host, and the names above, as a mobile page is the same
    site's.
    """
    host = bare_host(host_of(url))
    owner = path_owner(url)
    found = in_force.get(f"{host}/{owner}", frozenset()) if owner else frozenset()
    while "." in host:
        found |= in_force.get(host, frozenset())
        host = host.partition(".")[2]
    return found


# Estimated Jaccard similarity. Two articles that furniture makes this alike teach nothing about either.
NEAR = 0.5


def distinct_stories(story_ids: Sequence[str], signatures: Sequence[bytes], headlines: Sequence[Headline]) -> list[int]:
    """A number for each article, the same for near-copies and for members of one story, whatever the order.

    Articles under unrelated headlines are apart, unless others connect them.
    """
    parents = list(range(len(story_ids)))
    inside: dict[str, list[int]] = defaultdict(list)
    for index, story_id in enumerate(story_ids):
        inside[story_id].append(index)
    together = (pair for members in inside.values() for pair in combinations(members, 2))
    for index, other in (*together, *_near(signatures)):
        if are_related(headlines[index], headlines[other]):
            _join(parents, index, other)
    return [_root(parents, index) for index in range(len(parents))]


def _near(signatures: Sequence[bytes]) -> list[tuple[int, int]]:
    read = [(index, found) for index, data in enumerate(signatures) if (found := _minhash(data)) is not None]
    length = max((len(found) for _, found in read), default=0)
    # Signatures of other parameters cannot be compared; the next reindex replaces them.
    places = [index for index, found in read if len(found) == length]
    rows = np.array([found for _, found in read if len(found) == length])
    pairs = []
    for at in range(1, len(places)):
        alike = (rows[:at] == rows[at]).mean(axis=1) >= NEAR
        pairs += [(places[at], places[other]) for other in np.flatnonzero(alike).tolist()]
    return pairs


def _minhash(data: bytes) -> "np.ndarray[tuple[int], np.dtype[np.uint32]] | None":
    try:
        return Signature.from_bytes(data).minhash
    except SignatureCorrupt:
        return None


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index


def _join(parents: list[int], a: int, b: int) -> None:
    low, high = sorted((_root(parents, a), _root(parents, b)))
    parents[high] = low
