"""What the pages show, worked out from records: pure functions, so that templates only place things."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from newsroom.web.differences import Difference
from pipelines.standing import Standing
from store.records import Copy, MatchRecord, StoryRecord

__all__ = ["CopyRow", "EvidenceRow", "Segment", "copy_rows", "evidence_rows", "segments"]

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CopyRow:
    """A line of a story's table. `kept` is how much of the original it has, 0 to 1; None where it is not known.

    `words` counts the same in words. `headline` is told where it is another one, `number` is that of its version.
    """

    copy: Copy
    is_ours: bool
    later: timedelta
    headline: str | None
    has_dropped_credit: bool
    kept: float | None
    words: Difference | None
    standing: Standing | None
    versions: int
    number: int | None


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """What two copies share, `a` and `b` as members of the story; the parts are 0 to 1."""

    a: Copy
    b: Copy
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
    members: Sequence[Copy],
    matches: Sequence[MatchRecord],
    ours: Collection[str],
    words: Mapping[str, Difference],
    standings: Mapping[str, Standing],
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


def _has_dropped_credit(record: StoryRecord, copy: Copy) -> bool:
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
    record: StoryRecord, members: Sequence[Copy], matches: Sequence[MatchRecord], *, most: int
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


def segments(text: str, spans_of_stories: Sequence[Sequence[Span]]) -> list[Segment]:
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
