"""A version's text as verification looks at it: every look is taken once, on demand, and kept."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onestory.dedupe.alignment import Windows
from onestory.dedupe.characters import folded, lowered
from onestory.dedupe.headlines import OWN_SHARE, Headline, stems_of
from onestory.dedupe.shingles import CHARS_IDEOGRAPHIC, CHARS_SYLLABIC, SHINGLE_WORDS, script_of, tokenize, units_of
from onestory.dedupe.signature import Signature

__all__ = ["NO_HEADLINE", "ComparedText", "is_number", "shared_stems", "width_of", "windows_of"]

NO_HEADLINE = Headline("")
_WIDTHS = {"": SHINGLE_WORDS, "ideographic": CHARS_IDEOGRAPHIC, "syllabic": CHARS_SYLLABIC}
_LINE = re.compile(r"[^\n]+")
# The credit of a picture stands at the end of its caption.
CAPTION_CHARS, CREDIT_CHARS = 1000, 90
_PICTURE_CREDIT = re.compile(
    r"""\b(?: photo(?:graph)?s?(?:[ ]by|[ ]courtesy|[ ]credit|:|/) | (?:file|pool|ap|afp|epa)[ ]photo\b | getty[ ]images
    | via[ ](?:ap|afp|reuters|getty)\b | handout[ ]via | fotos?: | bild: | crédit[ ]photo | image[ ]credit | picture:[ ]
    ) | [(/][ ]?(?:reuters|afp|ap|epa|dpa|tass|ansa|efe|xinhua)[ ]?(?:/[^)]{2,40})?\)""",
    re.IGNORECASE | re.VERBOSE,
)
_QUOTATION = re.compile(r"(?P<words>“[^“”]{20,}[”“]|\"[^\"]{20,}\"|«[^«»]{20,}»|„[^„“”]{20,}[“”]|「[^「」]{10,}」)")
_BLOCK_QUOTATION = re.compile(r"[:：][ \t]*\n(?P<words>[^\n]{40,})")
# A post ends with its writer and the time; the writer may stand in a line of its own.
HANDLE_CHARS, NAME_CHARS = 120, 80
_HANDLE = re.compile(r"\(@\w{2,30}\)")


@dataclass(frozen=True, eq=False)
class ComparedText:
    """A version's text with its number and signature; its `headline` where it is known; `origin` is opaque."""

    number: int
    text: str
    signature: Signature
    headline: Headline = NO_HEADLINE
    origin: str = ""

    @cached_property
    def form(self) -> str:
        """The normal form of the text, with its capitals."""
        return folded(self.text)

    @cached_property
    def written(self) -> list[str]:
        """The words as they are written; single characters where the script has no spaces."""
        return units_of(self.form)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        return frozenset(self.written)

    @cached_property
    def mentions_headline(self) -> bool:
        """Whether the text mentions at least half of its headline, so that the headline describes this text."""
        stems = stems_of(word.lower() for word in self.written)
        return self.headline.says_something and self.headline.share_in(stems) >= OWN_SHARE

    @cached_property
    def knows_capitals(self) -> bool:
        """Whether any word begins with a small letter: only then do capitals say something."""
        return any(word[:1].islower() for word in self.written)

    def writes_small(self, word: str) -> bool:
        """Whether the text also writes this word in small letters: a capital does not make it a name."""
        return word in self.vocabulary and word[:1].islower()

    @cached_property
    def news(self) -> list[str | None]:
        """For each word: "" for one with a digit, a name in small letters, None for what is neither.

        A name is a word with a capital that the text never writes small.
        """
        return [
            "" if not word.isalpha() and is_number(word) else self._as_name(word) if word[:1].isupper() else None
            for word in self.written
        ]

    @cached_property
    def numbers(self) -> list[int]:
        """Places of the words with a digit."""
        return [at for at, told in enumerate(self.news) if told == ""]

    @cached_property
    def names(self) -> list[tuple[int, str]]:
        """Places of what the text writes as names, with the name in small letters."""
        return [(at, told) for at, told in enumerate(self.news) if told]

    def _as_name(self, word: str) -> str | None:
        low = word.lower()
        return None if self.writes_small(low) else low

    @cached_property
    def quoted(self) -> NDArray[np.int64] | None:
        """The number of quoted words, before each word and in all. None if there are none.

        They stand between quotation marks, in a paragraph behind a colon, or in a post above its writer's name.
        """
        marked = (match.span("words") for mark in (_QUOTATION, _BLOCK_QUOTATION) for match in mark.finditer(self.form))
        return self._counted([*marked, *_posts(self.form)])

    @cached_property
    def captioned(self) -> NDArray[np.int64] | None:
        """The number of words in captions with a credit, before each word and in all. None if there are none."""
        lines = (match.span() for match in _LINE.finditer(self.form))
        return self._counted([span for span in lines if _is_caption(self.form[slice(*span)])])

    def _counted(self, found: Sequence[tuple[int, int]]) -> NDArray[np.int64] | None:
        """The number of words in these spans of characters, before each word and in all. None if there are no spans."""
        if not found:
            return None
        inside = np.zeros(len(self.form) + 1, dtype=np.int8)
        for start, end in found:
            inside[start:end] = 1
        places = np.array([start for start, _ in tokenize(self.form, spans=True).spans], dtype=np.int64)
        return np.append(0, np.cumsum(inside[places] > 0))

    @cached_property
    def windows(self) -> Windows:
        """The shingles; only where every word stands between spaces, as others have windows of another kind."""
        return Windows(self.signature.ordered, SHINGLE_WORDS)

    @cached_property
    def width(self) -> int:
        """Words, or characters, in a shingle of the script that the text is mostly in."""
        return SHINGLE_WORDS if self.signature.spaced else _WIDTHS[script_of(self.form) or ""]

    @cached_property
    def unit_hashes(self) -> NDArray[np.int64]:
        units = tokenize(self.form).normal.split() if self.signature.spaced else units_of(lowered(self.form))
        # Python's own hash of a word is good enough here: the values never leave the process.
        return np.fromiter(map(hash, units), dtype=np.int64, count=len(units))


def _posts(text: str) -> Iterator[tuple[int, int]]:
    """The spans of posts: a line with a handle at its end, or the line above it if it holds only the name."""
    before = (0, 0)
    for start, end in (match.span() for match in _LINE.finditer(text)):
        if _HANDLE.search(text, max(start, end - HANDLE_CHARS), end):
            yield (start, end) if end - start > NAME_CHARS else before
        before = (start, end)


def _is_caption(line: str) -> bool:
    """Whether a line is a caption: no longer than a paragraph, with a picture credit at its end."""
    return len(line) <= CAPTION_CHARS and _PICTURE_CREDIT.search(line[-CREDIT_CHARS:]) is not None


def shared_stems(text: ComparedText, spans: Sequence[tuple[int, int]]) -> frozenset[str]:
    """The stems of the words in these spans."""
    return stems_of(word.lower() for start, end in spans for word in text.written[start:end])


def width_of(a: ComparedText, b: ComparedText) -> int:
    return max(a.width, b.width)


def windows_of(a: ComparedText, b: ComparedText) -> tuple[Windows, Windows]:
    """Windows of both texts that can be compared with each other."""
    if a.signature.spaced and b.signature.spaced:
        return a.windows, b.windows
    width = width_of(a, b)
    return Windows(_rolled(a.unit_hashes, width), width), Windows(_rolled(b.unit_hashes, width), width)


def _rolled(hashes: NDArray[np.int64], width: int) -> NDArray[Any]:
    """One value a window of `width` words: a polynomial of their hashes, modulo 2**64."""
    if len(hashes) < width:
        return np.zeros(0, dtype=np.uint64)
    count = len(hashes) - width + 1
    values = hashes[:count].astype(np.uint64)
    for step in range(1, width):
        values = values * np.uint64(0x9E3779B97F4A7C15) + hashes[step : count + step].astype(np.uint64)
    return values


def is_number(word: str) -> bool:
    return not word.isalpha() and any(map(str.isdigit, word))
