"""What a host shows around its articles, learned from the lines it repeats. Pure: the store keeps the counts.

Each article offers the fingerprints of its lines once (`fingerprints`); the store counts, for each host and line, the
*stories* that showed it. Counting stories and not articles is what makes near-copies and re-fetches count once: a
page fetched ten times, or a text that a host runs under five URLs, is one story, and must not teach the filter that
its body is furniture.

Order: what is learned from a set of articles is the same for any order, since counts are sets. What an article was
cleaned *with* is what was known when it was extracted, so the first few articles of a host keep its furniture until
they are extracted again. The learned lines are removed from the text and never from what is offered, so learning
feeds on the same lines whether a filter was already active or not.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import xxhash

from store.models import Extracted

__all__ = ["LineCount", "fingerprint", "fingerprints", "learned", "offered"]

# Longer lines that a host repeats are background paragraphs of its running stories more often than furniture.
MAX_LINE_CHARS = 420
MIN_STORIES = 3
MIN_SHARE = 0.04
HALF_LIFE = timedelta(days=30)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class LineCount:
    """How often a host showed a line: in `stories` different stories, the last one at `last_seen`."""

    fingerprint: int
    stories: int
    last_seen: datetime


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


def offered(article: Extracted) -> frozenset[int]:
    """What an article offers to its host's count: the lines that were kept, and those taken out as the host's."""
    return fingerprints([*article.text.split("\n"), *(gone.line for gone in article.removed if gone.reason == "host")])


def learned(counts: Iterable[LineCount], *, stories: int, now: datetime) -> frozenset[int]:
    """The fingerprints that are furniture on a host of which `stories` different stories are known.

    A line needs MIN_STORIES and MIN_SHARE of the host's stories; its count halves with every HALF_LIFE in which no
    article shows it, so that a host's old furniture is forgotten.
    """
    floor = max(MIN_STORIES, MIN_SHARE * stories)
    return frozenset(count.fingerprint for count in counts if _decayed(count, now) >= floor)


def _decayed(count: LineCount, now: datetime) -> float:
    idle = max(now - count.last_seen - HALF_LIFE, timedelta(0))
    return float(count.stories * 0.5 ** (idle / HALF_LIFE))
