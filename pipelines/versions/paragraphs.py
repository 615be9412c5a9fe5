"""Which paragraphs of a text another text keeps."""

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter

from onestory.pipelines.versions.word_diff import TextChange

__all__ = ["kept_by_paragraph", "paragraphs_of"]

Span = tuple[int, int]


def paragraphs_of(text: str) -> list[str]:
    """The lines of a text that are not blank."""
    return [text[start:end] for start, end in _spans(text)]


def kept_by_paragraph(text: str, changes: Sequence[TextChange]) -> tuple[float, ...]:
    """The share of each paragraph's letters and digits, 0 to 1, that the later text keeps or has moved.

    `changes` are those of a `WordDiff` from `text` to the later text.
    """
    spans = _spans(text)
    kept = [0] * len(spans)
    for change in changes:
        if change.kind in {"kept", "moved"} and change.before is not None:
            for number, part in _parts(spans, change.before):
                kept[number] += _letters(text, part)
    totals = [_letters(text, span) for span in spans]
    return tuple(have / total if total else 0.0 for have, total in zip(kept, totals, strict=True))


def _spans(text: str) -> list[Span]:
    found: list[Span] = []
    at = 0
    for line in text.split("\n"):
        if line.strip():
            found.append((at, at + len(line)))
        at += len(line) + 1
    return found


def _parts(spans: Sequence[Span], stretch: Span) -> list[tuple[int, Span]]:
    """The parts of a stretch, by the paragraph in which each stands."""
    first = max(0, bisect_right(spans, stretch[0], key=itemgetter(0)) - 1)
    found: list[tuple[int, Span]] = []
    for number in range(first, len(spans)):
        start, end = max(spans[number][0], stretch[0]), min(spans[number][1], stretch[1])
        if spans[number][0] >= stretch[1]:
            break
        if start < end:
            found.append((number, (start, end)))
    return found


def _letters(text: str, span: Span) -> int:
    return sum(character.isalnum() for character in text[span[0] : span[1]])
