"""The tokenizer of search: folded words, the same on every database.

Scripts written with spaces give words. Scripts without spaces, and Hangul, whose particles attach to words, give pairs
of adjacent characters, so any substring of two or more characters is found by its pairs in order.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

__all__ = [
    "UNSPACED",
    "WordSpan",
    "find_beginnings",
    "find_phrases",
    "fold_text",
    "is_unspaced",
    "search_words_of",
    "word_spans",
]

# Scripts without spaces between words, and Hangul: Thai, Lao, Tibetan, Myanmar, Khmer, kana, bopomofo, Han.
UNSPACED = (
    "\u0e00-\u0e3e\u0e40-\u0e4e\u0e80-\u0ece\u0edc-\u0edf\u0f40-\u0fbc\u1000-\u103f\u1050-\u109f\u1100-\u11ff"
    "\u1780-\u17d3\u2e80-\u2fdf\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u318f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7fb\uf900-\ufaff\uff66-\uffdc"
    "\U0001b000-\U0001b16f\U00020000-\U000323af"
)
# Characters that people omit when searching: accents, Hebrew points, Arabic vowels and tatweel, joiners, soft hyphens.
IGNORED_CHARACTERS = re.compile(
    "[\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0640\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u200b-\u200d\u2060\ufeff]+"
)
WORD_PATTERN = re.compile(r"[^\W_]+")
MAX_WORD_LETTERS = 64  # longer words are indexed by their beginning


class WordSpan(NamedTuple):
    """A folded word, and its span in the original text."""

    word: str
    start: int
    end: int


def _is_mark(char: str) -> bool:
    """Whether a character is part of words without being a letter, such as the vowel signs of Hindi."""
    return unicodedata.category(char) in ("Mn", "Mc")


@cache
def _marks() -> str:
    """Such characters of the Basic Multilingual Plane, as ranges for a pattern."""
    points = [point for point in range(0x300, 0xFE30) if _is_mark(chr(point))]
    first = [point for point in points if not _is_mark(chr(point - 1))]
    last = [point for point in points if not _is_mark(chr(point + 1))]
    return "".join(f"{chr(begin)}-{chr(end)}" for begin, end in zip(first, last, strict=True))


@cache
def _beyond_letters() -> frozenset[str]:
    """Characters that `WORD` does not split correctly."""
    known = re.compile(f"[{UNSPACED}]")
    return frozenset(c for c in map(chr, range(0x300, 0x323B0)) if known.match(c) or _is_mark(c))


@cache
def _runs_and_words() -> re.Pattern[str]:
    """Group 1 matches a run without spaces, the rest a word with its marks."""
    return re.compile(rf"([{UNSPACED}]+)|(?:(?![{UNSPACED}])(?:[^\W_]|[{_marks()}]))+")


def fold_text(text: str) -> str:
    """Fold case, width and accents. Letters that differ only in these are the same to readers."""
    if text.isascii():
        return text.lower()
    bare = IGNORED_CHARACTERS.sub("", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFKC", bare)


def search_words_of(text: str) -> list[str]:
    """The folded words of a text, in order."""
    folded = fold_text(text)
    if folded.isascii() or _beyond_letters().isdisjoint(folded):
        return [word[:MAX_WORD_LETTERS] for word in WORD_PATTERN.findall(folded)]
    return [word for word, _, _ in _in(folded)]


def word_spans(text: str) -> list[WordSpan]:
    """The same words with their spans, which takes longer."""
    folded, starts = _folded_with_starts(text)
    if _beyond_letters().isdisjoint(folded):
        return [
            WordSpan(found[0][:MAX_WORD_LETTERS], starts[found.start()], starts[found.end()])
            for found in WORD_PATTERN.finditer(folded)
        ]
    return [WordSpan(word, starts[start], starts[end]) for word, start, end in _in(folded)]


def find_phrases(text: str, phrases: Iterable[tuple[str, ...]]) -> list[tuple[int, int]] | None:
    """The spans where the words of each phrase follow each other. None for texts that need `word_spans`.

    Uses one pattern per phrase, which takes a tenth of the time.
    """
    folded, starts = _folded_with_starts(text)
    wanted = list(phrases)
    is_plain = folded.isascii() or _beyond_letters().isdisjoint(folded)
    if not is_plain or any(len(word) >= MAX_WORD_LETTERS for one in wanted for word in one):
        return None
    return [
        (starts[found.start()], starts[max(found.end(), found.end("others"))])
        for words in wanted
        for found in _phrase(words).finditer(folded)
    ]


def find_beginnings(text: str, begins: str) -> list[WordSpan]:
    """The words that begin with these letters, in a text that `find_phrases` reads."""
    folded, starts = _folded_with_starts(text)
    pattern = re.compile(rf"(?<![^\W_]){re.escape(begins)}[^\W_]*")
    return [
        WordSpan(found[0][:MAX_WORD_LETTERS], starts[found.start()], starts[found.end()])
        for found in pattern.finditer(folded)
    ]


@lru_cache(maxsize=256)
def _phrase(words: tuple[str, ...]) -> re.Pattern[str]:
    """The pattern of a phrase, with words split as by `WORD`.

    It captures only the first match, since the next may overlap.
    """
    first, others = re.escape(words[0]), "".join(r"[\W_]+" + re.escape(word) for word in words[1:])
    return re.compile(rf"(?<![^\W_]){first}(?=(?P<others>{others})(?![^\W_]))")


def is_unspaced(word: str) -> bool:
    return re.fullmatch(f"[{UNSPACED}]+", word) is not None


def _in(folded: str) -> Iterator[WordSpan]:
    for match in _runs_and_words().finditer(folded):
        if match[1] is None:
            yield WordSpan(match[0][:MAX_WORD_LETTERS], match.start(), match.end())
        else:
            yield from _pairs(match[1], match.start())


def _pairs(run: str, start: int) -> Iterator[WordSpan]:
    """Each character with its successor, and the last one alone, so that each begins exactly one word."""
    for at in range(len(run)):
        yield WordSpan(run[at : at + 2], start + at, start + min(at + 2, len(run)))


def _folded_with_starts(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its characters and its end the position in the original text."""
    if text.isascii():
        return text.lower(), range(len(text) + 1)
    parts = _clusters().findall(text) if IGNORED_CHARACTERS.search(text) else list(text)
    folded = [_fold_part(part) for part in parts]
    whole = "".join(folded)
    if len(whole) == len(text) and set(map(len, folded)) == {1}:
        return whole, range(len(text) + 1)
    starts: list[int] = []
    at = 0
    for part, become in zip(parts, folded, strict=True):
        starts += [at] * len(become)
        at += len(part)
    return whole, [*starts, len(text)]


_fold_part = lru_cache(maxsize=1 << 14)(fold_text)


@cache
def _clusters() -> re.Pattern[str]:
    """Characters with everything that may combine with them: marks, half-width kana voice marks, parts of Hangul."""
    return re.compile(f"(?s:.)[{_marks()}\uff9e\uff9f\u1160-\u11ff]*")
