"""What copies keep of their original: cached word counts, and the table of paragraphs by copy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from onestory.cache import LruCache
from onestory.pipelines.versions.paragraphs import kept_by_paragraph, paragraphs_of
from onestory.pipelines.versions.word_diff import word_diff
from onestory.store.stories.copies import CopyText
from onestory.store.stories.records import CopyRecord

__all__ = [
    "MAX_PARAGRAPHS",
    "ParagraphColumn",
    "ParagraphRow",
    "ParagraphTable",
    "WordCountCache",
    "WordCounts",
    "paragraph_table",
]

MAX_CACHED_COUNTS = 20_000
# Each count takes about ten milliseconds. Copies beyond this number show their match's share until the next request.
MAX_COUNTED_AT_ONCE = 12
MAX_PARAGRAPHS = 60
MAX_PARAGRAPH_START = 60
# From this share on a paragraph counts as kept whole; below the other, what is left is a name or a figure.
WHOLE = 0.95
SOME = 0.1

State = Literal["whole", "part", "none"]


@dataclass(frozen=True, slots=True)
class WordCounts:
    """Word counts of a copy relative to its original. Moved words are included in `kept`.

    `paragraphs` has the share of each paragraph of the original that the copy keeps, 0 to 1.
    """

    kept: int
    cut: int
    added: int
    moved: int
    paragraphs: tuple[float, ...]

    @property
    def share(self) -> float:
        """The share of the original kept in the copy, 0 to 1."""
        return self.kept / (self.kept + self.cut) if self.kept + self.cut else 0.0


class WordCountCache:
    """A cache of word counts, one per app. It is keyed by text digests, since `reextract` can change the text of a
    version.
    """

    def __init__(self) -> None:
        self._cache: LruCache[tuple[bytes, bytes], WordCounts] = LruCache(MAX_CACHED_COUNTS)

    def between(
        self, original: CopyText, others: Iterable[CopyText], *, most: int = MAX_COUNTED_AT_ONCE
    ) -> dict[str, WordCounts]:
        """Word counts by article. Only the first `most` uncached texts are compared."""
        found: dict[str, WordCounts] = {}
        left = most
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
        shares = kept_by_paragraph(original.text, changes.spans)[:MAX_PARAGRAPHS]
        found = WordCounts(changes.kept + changes.moved, changes.removed, changes.added, changes.moved, shares)
        self._cache.put((original.digest, other.digest), found)
        return found


@dataclass(frozen=True, slots=True)
class ParagraphColumn:
    """A paragraph of the original: its number from 1, how it begins, and how many of the copies keep it whole."""

    number: int
    start: str
    kept_by: int


@dataclass(frozen=True, slots=True)
class ParagraphRow:
    """A copy and the share of each paragraph that it keeps; None if it was not compared yet."""

    copy: CopyRecord
    shares: tuple[float, ...] | None

    @property
    def states(self) -> tuple[State, ...]:
        """Whole, part or none for each paragraph."""
        return tuple("whole" if one >= WHOLE else "part" if one >= SOME else "none" for one in self.shares or ())


@dataclass(frozen=True, slots=True)
class ParagraphTable:
    """Paragraphs of the original by copy. `left_out` counts the paragraphs past `MAX_PARAGRAPHS`."""

    columns: tuple[ParagraphColumn, ...]
    rows: tuple[ParagraphRow, ...]
    left_out: int


def paragraph_table(
    text: str, original: str, members: Sequence[CopyRecord], counts: Mapping[str, WordCounts]
) -> ParagraphTable | None:
    """The table of these copies, without the original; None if there is nothing to compare.

    `text` is that of the original, and `original` its article id.
    """
    rows = tuple(
        ParagraphRow(copy, counts[copy.id].paragraphs if copy.id in counts else None)
        for copy in members
        if copy.id != original
    )
    paragraphs = paragraphs_of(text)
    if not any(row.shares for row in rows) or len(paragraphs) < 2:
        return None
    whole = [sum(row.states[at] == "whole" for row in rows if row.shares) for at in range(_shown(paragraphs))]
    return ParagraphTable(
        tuple(ParagraphColumn(at + 1, _start(paragraphs[at]), kept) for at, kept in enumerate(whole)),
        rows,
        len(paragraphs) - len(whole),
    )


def _shown(paragraphs: Sequence[str]) -> int:
    return min(len(paragraphs), MAX_PARAGRAPHS)


def _start(paragraph: str) -> str:
    return paragraph if len(paragraph) <= MAX_PARAGRAPH_START else paragraph[: MAX_PARAGRAPH_START - 1].rstrip() + "…"
