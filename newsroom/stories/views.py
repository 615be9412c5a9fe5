"""View models of the story page: copies and evidence."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from onestory.newsroom.stories.word_counts import WordCounts
from onestory.pipelines.stories.leads import Lead
from onestory.pipelines.versions.freshness import Freshness
from onestory.store.articles.earlier_versions import EarlierVersion
from onestory.store.stories.records import CopyRecord, MatchRecord, StoryRecord

__all__ = [
    "CopyRow",
    "EvidenceRow",
    "Segment",
    "copy_rows",
    "evidence_rows",
    "text_segments",
]


Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CopyRow:
    """A row of the table of copies. `kept` is the share of the original kept, 0 to 1, or None if unknown.

    `words` has the same as word counts. `headline` is set if it differs, `number` is that of its version. `earlier` is
    set if it is a verbatim copy of an earlier version of the original, `lead` if the copies run several leads.
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
    earlier: EarlierVersion | None
    lead: Lead | None


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A match between two copies, `a` and `b`, with the numbers of their versions. Shares are 0 to 1."""

    a: CopyRecord
    b: CopyRecord
    a_number: int
    b_number: int
    kind: str
    a_part: float | None
    b_part: float | None
    similarity: float | None
    shared_words: int | None


@dataclass(frozen=True, slots=True)
class Segment:
    """A passage of a text, and the stories (numbered from 1) that contain it.

    `begins` lists those whose span starts here.
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
    earlier: Mapping[str, EarlierVersion],
    leads: Mapping[str, Lead],
) -> list[CopyRow]:
    """A row per copy, in order."""
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
            earlier.get(copy.id),
            leads.get(copy.id),
        )
        for copy in members
    ]


def _has_dropped_credit(record: StoryRecord, copy: CopyRecord) -> bool:
    """Whether the original credits an agency and this copy does not. The agency's own copies need no credit."""
    return bool(record.credit) and not copy.credit and copy.id != record.original and copy.outlet != record.credit


def _beside(original: str, matches: Sequence[MatchRecord]) -> Iterator[tuple[str, float | None]]:
    """The share of the original kept by each copy that was compared with it."""
    for match in matches:
        if match.a_article == original:
            yield match.b_article, match.evidence.get("containment_a")
        elif match.b_article == original:
            yield match.a_article, match.evidence.get("containment_b")


def evidence_rows(
    record: StoryRecord, members: Sequence[CopyRecord], matches: Sequence[MatchRecord], *, most: int
) -> list[EvidenceRow]:
    """Up to `most` rows, those with the original first, then by similarity."""
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
            match.a,
            match.b,
            match.kind,
            match.evidence.get("containment_a"),
            match.evidence.get("containment_b"),
            match.evidence.get("jaccard"),
            match.evidence.get("shared_words"),
        )
        for match in ranked[:most]
    ]


def text_segments(text: str, spans_of_stories: Sequence[Sequence[Span]]) -> list[Segment]:
    """The text split wherever a span begins or ends. Joined, the segments are the text."""
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
