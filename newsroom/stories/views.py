"""How many words a copy kept of its original, cut and added: counted once for two versions, and remembered."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from onestory.cache import LruCache
from onestory.pipelines.versions.freshness import Freshness
from onestory.pipelines.versions.word_diff import word_diff
from onestory.store.stories.copies import CopyText
from onestory.store.stories.records import CopyRecord, MatchRecord, StoryRecord

__all__ = [
    "CopyRow",
    "EvidenceRow",
    "Segment",
    "WordCountCache",
    "WordCounts",
    "copy_rows",
    "evidence_rows",
    "text_segments",
]


MAX_CACHED_COUNTS = 20_000

# Each takes some ten milliseconds the first time; evidence tells of the others until the page is opened again.
MAX_COUNTED_AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class WordCounts:
    """In words of the original and of the copy. What stands elsewhere counts as kept, and in `moved`."""

    kept: int
    cut: int
    added: int
    moved: int

    @property
    def share(self) -> float:
        """How much of the original the copy has, 0 to 1."""
        return self.kept / (self.kept + self.cut) if self.kept + self.cut else 0.0


class WordCountCache:
    """One for an app. A version never changes its text under its number, but for `reextract`: the digest tells."""

    def __init__(self) -> None:
        self._cache: LruCache[tuple[bytes, bytes], WordCounts] = LruCache(MAX_CACHED_COUNTS)

    def between(self, original: CopyText, others: Iterable[CopyText]) -> dict[str, WordCounts]:
        """By article; of texts that were never compared only the first few."""
        found: dict[str, WordCounts] = {}
        left = MAX_COUNTED_AT_ONCE
        for other in others:
            known = self._cache.get((original.digest, other.digest))
            if known is None and left:
                left -= 1
                known = self._counted(original, other)
            if known is not None:
                found[other.article_id] = known
        return found

    def _counted(self, original: CopyText, other: CopyText) -> WordCounts:
        changes = word_diff(original.text, other.text)
        found = WordCounts(changes.kept + changes.moved, changes.removed, changes.added, changes.moved)
        self._cache.put((original.digest, other.digest), found)
        return found


Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CopyRow:
    """A line of a story's table. `kept` is how much of the original it has, 0 to 1; None where it is not known.

    `words` counts the same in words. `headline` is told where it is another one, `number` is that of its version.
    """

    copy: CopyRecord
    is_ours: bool
    later: timedelta
    headline: str | None
    has_dropped_credit: bool
    kept: float | None
    words: WordCounts | None
    standing: Freshness | None
    versions: int
    number: int | None


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """What two copies share, `a` and `b` as members of the story; the parts are 0 to 1."""

    a: CopyRecord
    b: CopyRecord
    kind: str
    a_part: float | None
    b_part: float | None
    similarity: float | None
    shared_words: int | None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a text that ran before in these stories (numbers from 1), or in none.

    `begins` are those whose span starts here.
    """

    text: str
    stories: tuple[int, ...]
    begins: tuple[int, ...]


def copy_rows(  # noqa: PLR0913, PLR0917 - what is known of the copies, each by article
    record: StoryRecord,
    members: Sequence[CopyRecord],
    matches: Sequence[MatchRecord],
    ours: Collection[str],
    words: Mapping[str, WordCounts],
    standings: Mapping[str, Freshness],
    versions: Mapping[str, int],
    numbers: Mapping[str, int],
) -> list[CopyRow]:
    """One line for each copy, in the order of the copies."""
    measured = dict(_beside(record.original, matches))
    return [
        CopyRow(
            copy,
            copy.outlet in ours,
            copy.first_seen - record.first_seen,
            copy.title if copy.title != record.title else None,
            _has_dropped_credit(record, copy),
            words[copy.id].share if copy.id in words else measured.get(copy.id),
            words.get(copy.id),
            standings.get(copy.id),
            versions.get(copy.id, 1),
            numbers.get(copy.id),
        )
        for copy in members
    ]


def _has_dropped_credit(record: StoryRecord, copy: CopyRecord) -> bool:
    """The original names its agency, and this copy names nobody; what the agency runs itself needs no credit."""
    return bool(record.credit) and not copy.credit and copy.id != record.original and copy.outlet != record.credit


def _beside(original: str, matches: Sequence[MatchRecord]) -> Iterator[tuple[str, float | None]]:
    """How much of the original each copy has that was compared with it."""
    for match in matches:
        if match.a_article == original:
            yield match.b_article, match.evidence.get("containment_a")
        elif match.b_article == original:
            yield match.a_article, match.evidence.get("containment_b")


def evidence_rows(
    record: StoryRecord, members: Sequence[CopyRecord], matches: Sequence[MatchRecord], *, most: int
) -> list[EvidenceRow]:
    """At most `most` lines; those with the original come first, then the closest."""
    by_id = {copy.id: copy for copy in members}
    ranked = sorted(
        matches,
        key=lambda match: (
            record.original not in (match.a_article, match.b_article),
            -(match.evidence.get("jaccard") or 0),
        ),
    )
    return [
        EvidenceRow(
            by_id[match.a_article],
            by_id[match.b_article],
            match.kind,
            match.evidence.get("containment_a"),
            match.evidence.get("containment_b"),
            match.evidence.get("jaccard"),
            match.evidence.get("shared_words"),
        )
        for match in ranked[:most]
    ]


def text_segments(text: str, spans_of_stories: Sequence[Sequence[Span]]) -> list[Segment]:
    """The text cut wherever a span begins or ends; joined, the segments are the text again."""
    starts: dict[int, list[int]] = {}
    ends: dict[int, list[int]] = {}
    for number, spans in enumerate(spans_of_stories, 1):
        for start, end in spans:
            if start >= end:
                continue
            starts.setdefault(start, []).append(number)
            ends.setdefault(end, []).append(number)
    cuts = sorted({0, len(text), *starts, *ends})
    found: list[Segment] = []
    running: dict[int, int] = {}
    for here, further in pairwise(cuts):
        for number in ends.get(here, ()):
            running[number] -= 1
        for number in starts.get(here, ()):
            running[number] = running.get(number, 0) + 1
        inside = tuple(sorted(number for number, depth in running.items() if depth))
        found.append(Segment(text[here:further], inside, tuple(sorted(starts.get(here, ())))))
    return found
