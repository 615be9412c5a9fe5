"""What the pages show, worked out from records: pure functions, so that templates only place things."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from store.records import Copy, MatchRecord, StoryRecord

__all__ = ["CopyRow", "EvidenceRow", "Segment", "copy_rows", "evidence_rows", "segments"]

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CopyRow:
    """A line of a story's table. `kept` is how much of the original it has, `shared` how much of it is from there.

    Both are 0 to 1, and None where the two were never compared.
    """

    copy: Copy
    later: timedelta
    headline: str | None
    kept: float | None
    shared: float | None


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


def copy_rows(record: StoryRecord, members: Sequence[Copy], matches: Sequence[MatchRecord]) -> list[CopyRow]:
    """One line for each copy, in the order of the copies."""
    measured = dict(_beside(record.original, matches))
    return [
        CopyRow(
            copy,
            copy.first_seen - record.first_seen,
            copy.title if copy.title != record.title else None,
            *measured.get(copy.id, (None, None)),
        )
        for copy in members
    ]


def _beside(
    representative: str, matches: Sequence[MatchRecord]
) -> Iterator[tuple[str, tuple[float | None, float | None]]]:
    for match in matches:
        in_b, in_a = match.evidence.get("containment_a"), match.evidence.get("containment_b")
        if match.a_article == representative:
            yield match.b_article, (in_b, in_a)
        elif match.b_article == representative:
            yield match.a_article, (in_a, in_b)


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
