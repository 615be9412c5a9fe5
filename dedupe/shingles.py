"""Words and shingles of a text.

A word is a lower-cased run of ``\\w``; a shingle is five words in a row, written with single spaces. Scripts that
are written without spaces have no such words: there every character is a word of its own, and its shingle
spans a fixed number of characters. Which of the two holds is decided run by run, by the text itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import xxhash
from numpy.typing import NDArray

from onestory.dedupe.characters import (
    DENSE,
    IDEOGRAPHIC,
    SYLLABIC,
    Codes,
    classes_of,
    codes_of,
    folded,
    folded_with_places,
    lowered,
    text_of,
)

__all__ = ["TextWords", "script_of", "shared_spans", "shingle_hashes", "tokenize", "units_of"]

SHINGLE_WORDS = 5
CHARS_IDEOGRAPHIC = 8  # Han and Kana: about the information of five words
CHARS_SYLLABIC = 16  # Thai, Lao, Khmer, Burmese: vowel signs and tone marks count as characters

_ASCII = bytes(at if chr(at).isalnum() or chr(at) == "_" else ord(" ") for at in range(128)).ljust(256)
_WORD = re.compile(r"\w+")
_DENSE = re.compile(f"[{DENSE}]")
_UNIT = re.compile(f"[{DENSE}]|[^\\W{DENSE}]+")
_RUN = re.compile(f"([{IDEOGRAPHIC}]+)|([{SYLLABIC}]+)|[^\\W{DENSE}]+")


@dataclass(frozen=True, slots=True)
class TextWords:
    """The words of a text as slices of its normal form.

    ``starts[i]`` is where the i-th word begins in ``normal`` and ``ends[i]`` where a shingle ends whose last word
    it is (bytes); ``spans`` are the words' character spans in the text as it was given, where they were asked for.
    ``spaced`` is False where a script without spaces made words of single characters.
    """

    normal: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    count: int
    spans: Sequence[tuple[int, int]] = ()
    spaced: bool = True

    def __len__(self) -> int:
        return len(self.starts)


def tokenize(text: str, *, spans: bool = False) -> TextWords:
    """The words of a text's normal form; `count` weighs characters of scripts without spaces as parts of a word."""
    if spans:
        form = folded(text)
        words = _words_of(lowered(form), spans=True)
        return words if form == text else _at_places(words, folded_with_places(text)[1])
    return _words_of(lowered(folded(text)), spans=False)


def _at_places(words: TextWords, places: Sequence[tuple[int, int]]) -> TextWords:
    """The words with their spans in the text as it was given."""
    return replace(words, spans=tuple((places[start][0], places[end - 1][1]) for start, end in words.spans))


def _words_of(low: str, *, spans: bool) -> TextWords:
    if low.isascii() and not spans:
        return _plain_words(low)
    codes = codes_of(low)
    classes = classes_of(codes)
    if int(classes.max(initial=0)) > 1:
        return _dense_words(low)
    return _spaced_words(codes, classes > 0, spans)


def units_of(text: str) -> list[str]:
    """The words as they are written; single characters where the script has no spaces."""
    return (_UNIT if _DENSE.search(text) else _WORD).findall(text)


def script_of(text: str) -> Literal["", "ideographic", "syllabic"] | None:
    """Which script without spaces the text is mostly in, "" if mostly in another, None where there is none."""
    if int(classes_of(codes_of(text)).max(initial=0)) < 2:
        return None
    ideographic = sum(len(run) for run in re.findall(f"[{IDEOGRAPHIC}]+", text))
    syllabic = sum(len(run) for run in re.findall(f"[{SYLLABIC}]+", text))
    if 2 * (ideographic + syllabic) < len(text):
        return ""
    return "ideographic" if ideographic >= syllabic else "syllabic"


def _plain_words(low: str) -> TextWords:
    """As `words_of`, for ASCII in small letters, which most English texts are."""
    normal = b" ".join(low.encode().translate(_ASCII).split())
    if not normal:
        nothing = np.zeros(0, dtype=np.int64)
        return TextWords(b"", nothing, nothing, 0)
    return _split(normal)


def _split(normal: bytes, spans: Sequence[tuple[int, int]] = ()) -> TextWords:
    gaps = np.flatnonzero(np.frombuffer(normal, dtype=np.uint8) == ord(" "))
    return TextWords(normal, np.append(0, gaps + 1), np.append(gaps, len(normal)), len(gaps) + 1, spans)


def _spaced_words(codes: Codes, word: NDArray[np.bool_], spans: bool) -> TextWords:
    """Words and one space after each, by array operations; what the last one is followed by is cut off."""
    edges = np.flatnonzero(word[1:] != word[:-1]) + 1
    first = np.flatnonzero(word[:1])
    starts_at = np.concatenate([first, edges[len(first) :: 2]]) if len(first) else edges[0::2]
    ends_at = edges[1 - len(first) :: 2]
    if not len(starts_at):
        nothing = np.zeros(0, dtype=np.int64)
        return TextWords(b"", nothing, nothing, 0)
    keep = word.copy()
    keep[ends_at] = True
    kept = np.where(word, codes, np.uint32(32))[keep]
    normal = text_of(kept).encode()
    if len(ends_at) == len(starts_at):
        normal = normal[:-1]
    where = zip(starts_at.tolist(), np.append(ends_at, len(codes)).tolist(), strict=False) if spans else ()
    return _split(normal, tuple(where))


def _dense_words(low: str) -> TextWords:
    """As `words_of`, for a text in which at least one character belongs to a script without spaces."""
    normal = bytearray()
    starts: list[int] = []
    ends: list[int] = []
    spans: list[tuple[int, int]] = []
    weight = 0.0
    previous = 0
    for match in _RUN.finditer(low):
        kind = match.lastindex or 0
        # A line break or a comma inside a run of characters is layout, not a word boundary.
        if normal and (kind == 0 or kind != previous):
            normal += b" "
        previous = kind
        if kind == 0:
            starts.append(len(normal))
            normal += match.group().encode()
            ends.append(len(normal))
            spans.append(match.span())
            weight += 1
            continue
        reach = (CHARS_IDEOGRAPHIC if kind == 1 else CHARS_SYLLABIC) - SHINGLE_WORDS + 1
        weight += len(match.group()) / (2 if kind == 1 else 4)
        at = _append_run(normal, match.group(), starts)
        ends.extend(at[min(place + reach, len(at) - 1)] for place in range(len(at) - 1))
        spans.extend((place, place + 1) for place in range(match.start(), match.end()))
    return TextWords(
        bytes(normal),
        np.array(starts, np.int64),
        np.array(ends, np.int64),
        max(1, round(weight)) if starts else 0,
        spans,
        spaced=False,
    )


def _append_run(normal: bytearray, run: str, starts: list[int]) -> list[int]:
    """Byte offsets of the run's characters in `normal`, and of its end."""
    at = [len(normal)]
    for character in run:
        starts.append(len(normal))
        normal += character.encode()
        at.append(len(normal))
    return at


def shingle_hashes(words: TextWords) -> NDArray[np.uint32]:
    """One 32-bit xxHash a shingle, in the order of the text; one for the whole of a text shorter than a shingle."""
    if not len(words):
        return np.zeros(0, dtype=np.uint32)
    last = min(SHINGLE_WORDS, len(words)) - 1
    slices = map(slice, words.starts.tolist(), words.ends[last:].tolist())
    pieces = map(words.normal.__getitem__, slices)
    return np.fromiter(map(xxhash.xxh32_intdigest, pieces), dtype=np.uint32, count=len(words) - last)


def shared_spans(a_text: str, b_text: str) -> list[tuple[int, int]]:
    """Character spans of a that also stand in b, in order, joined where they touch."""
    words = tokenize(a_text, spans=True)
    mine, theirs = shingle_hashes(words), shingle_hashes(tokenize(b_text))
    if not len(mine) or not len(theirs):
        return []
    found: list[tuple[int, int]] = []
    covered = -1
    for hit in np.flatnonzero(np.isin(mine, theirs)).tolist():
        last = min(hit + SHINGLE_WORDS, len(words)) - 1
        start, end = words.spans[hit][0], words.spans[last][1]
        if hit <= covered + 1 and found:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
        covered = last
    return found
