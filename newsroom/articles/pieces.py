"""Texts cut into pieces for the pages that compare them: side by side, or as one text. Pure."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onestory.pipelines.versions.word_diff import TextChange, WordDiff

__all__ = ["Paragraph", "TextPiece", "cut_paragraphs", "inline_paragraphs", "side_paragraphs"]


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A passage of a text; `kind` is kept, added, removed or moved."""

    kind: str
    text: str


Paragraph = Sequence[TextPiece]


def side_paragraphs(before: str, after: str, changes: WordDiff) -> tuple[list[Paragraph], list[Paragraph]]:
    """Both texts as paragraphs of pieces. Joined, the pieces are the text without line ends."""
    return (
        cut_paragraphs(before, _spans(changes.spans, is_before=True)),
        cut_paragraphs(after, _spans(changes.spans, is_before=False)),
    )


MarkedSpan = tuple[int, int, str]


def _spans(changes: Sequence[TextChange], *, is_before: bool) -> list[MarkedSpan]:
    chosen = ((change.before if is_before else change.after, change.kind) for change in changes)
    return sorted((span[0], span[1], kind) for span, kind in chosen if span is not None)


def cut_paragraphs(text: str, marked: Sequence[MarkedSpan]) -> list[Paragraph]:
    """The paragraphs of a text in pieces; `marked` has sorted, disjoint spans. Linear in both."""
    found: list[Paragraph] = []
    at = 0
    for line in text.split("\n"):
        pieces = list(_pieces(text, at, at + len(line), marked))
        if any(piece.text.strip() for piece in pieces):
            found.append(pieces)
        at += len(line) + 1
    return found


def _end_of(span: MarkedSpan) -> int:
    return span[1]


def _pieces(text: str, start: int, end: int, marked: Sequence[MarkedSpan]) -> Iterator[TextPiece]:
    """Split a paragraph into pieces. Characters between marked spans, such as spaces, belong to none of them."""
    at = start
    # The spans are sorted and do not overlap, so those of a paragraph stand next to each other.
    for index in range(bisect_right(marked, start, key=_end_of), len(marked)):
        first, last, kind = marked[index]
        if first >= end:
            break
        if max(first, start) > at:
            yield TextPiece("kept", text[at : max(first, start)])
        yield TextPiece(kind, text[max(first, start) : min(last, end)])
        at = min(last, end)
    if at < end:
        yield TextPiece("kept", text[at:end])


def inline_paragraphs(before: str, after: str, changes: Sequence[TextChange]) -> list[Paragraph]:
    """Both texts as one: the paragraphs of `after` in pieces, with the removed pieces of `before` where they stood.

    A removed paragraph is one of its own. Moved text is shown at its new place only. Without the removed pieces, the
    text is that of `after`, apart from spacing.
    """
    found: list[list[TextPiece]] = [[]]
    for piece in _inline_pieces(before, after, changes):
        first, *others = piece.text.split("\n")
        found[-1].append(TextPiece(piece.kind, first))
        found += [[TextPiece(piece.kind, line)] for line in others]
    return [line for line in found if any(piece.text.strip() for piece in line)]


def _inline_pieces(before: str, after: str, changes: Sequence[TextChange]) -> Iterator[TextPiece]:
    at = 0
    for change in changes:
        if change.after is not None:
            start, end = change.after
            yield TextPiece("kept", after[at:start])
            yield TextPiece(change.kind, after[start:end])
            at = end
        elif change.before is not None:
            gap, removed, rest = _removed_pieces(before, change.before)
            if gap is None:  # The paragraph goes on in `after`: its line end comes first.
                following = len(after) - len(after[at:].lstrip())
                gap, at = after[at:following], following
            yield from (TextPiece("kept", gap), TextPiece("removed", removed), TextPiece("kept", rest))
    yield TextPiece("kept", after[at:])


def _removed_pieces(before: str, span: tuple[int, int]) -> tuple[str | None, str, str]:
    """A removed stretch with the spacing before it (None for that of the later text) and after it."""
    start, end = span
    begins_line = not before[before.rfind("\n", 0, start) + 1 : start].strip()
    line_end = before.find("\n", end)
    ends_line = not before[end : line_end if line_end >= 0 else None].strip()
    text = before[start:end]
    if begins_line:
        return ("\n", text, "\n") if ends_line else (None, text, " ")
    return " ", text, ""
