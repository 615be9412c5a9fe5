"""Characters: what each one is, and the normal form in which texts are compared.

The normal form is Unicode's NFKC without invisible characters, vowel marks and marks that no letter is written with,
with one form for letters that keyboards or countries write in two ways (ß and ss, Arabic and Persian ye and kaf, both
kana, traditional and simplified Han, Serbian in Cyrillic and Latin letters), and for letters of other scripts that
look alike (`onestory.look_alikes`). What is shown and stored keeps its own spelling.

Classes (part of a word, or of a script without spaces) come from tables over the Basic Multilingual Plane, so that a
text takes a few array operations; other characters, mostly emoji, are looked up one by one. A character belongs to a
word where ``\\w`` says so.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from onestory.look_alikes import INVISIBLE, likened

__all__ = [
    "DENSE",
    "IDEOGRAPHIC",
    "SYLLABIC",
    "Codes",
    "Step",
    "classes_of",
    "codes_of",
    "folded",
    "folded_with_places",
    "lowered",
    "text_of",
]

BMP = 0x10000
IDEOGRAPHIC = (
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
SYLLABIC = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0edf\u1000-\u104f\u1780-\u17d3\u17dd"
DENSE = IDEOGRAPHIC + SYLLABIC

Codes = NDArray[np.uint32]


def lowered(text: str) -> str:
    """Lower-cased, with every character still at its place ('İ' alone would become two)."""
    low = text.lower()
    return low if len(low) == len(text) else text.replace("\u0130", "i").lower()


def codes_of(text: str) -> Codes:
    """The code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def text_of(codes: Codes) -> str:
    """The text of code points."""
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


@cache
def _classes() -> NDArray[np.uint8]:
    """By code point: 0 stands between words, 1 in a word, 2 in a script without spaces."""
    table = np.fromiter(map(_is_word, range(BMP)), dtype=np.uint8, count=BMP)
    for first, last in zip(DENSE[0::3], DENSE[2::3], strict=False):
        table[ord(first) : min(ord(last) + 1, BMP)] = 2
    return table


def _is_word(code: int) -> bool:
    character = chr(code)
    return character.isalnum() or character == "_"


def classes_of(codes: Codes) -> NDArray[np.uint8]:
    """0 between words, 1 in a word, 2 in a script without spaces, for each code point."""
    found = _classes()[np.minimum(codes, BMP - 1)]
    far = np.flatnonzero(codes >= BMP)
    if len(far):
        found[far] = [2 if 0x20000 <= code < 0x40000 else _is_word(code) for code in codes[far].tolist()]
    return found


_INVISIBLES = re.compile(f"[{INVISIBLE}]")
# Without vowel marks, an Arabic letter precedes a character that separates words.
_JOINERS = re.compile("(?<![\u0620-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc])\u200c")


# Vowel marks, and the marks that NFKC does not compose with a letter.
_DROPPED = (
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
)


_TWO_WAYS = "ßẞʼ\u0622\u0623\u0625\u0671\u064a\u0649\u0643\u0660-\u0669\u06f0-\u06f9\u30a1-\u30f6"


_SPECIAL = re.compile(f"[{_DROPPED}{_TWO_WAYS}]")


# Letters and signs of most texts in Latin letters, which every step leaves alone or takes for what parts words.
_UNCHANGING = (
    "\x00-\x7f\u00a0-\u00a7\u00a9\u00ab\u00b0\u00b7\u00bb\u00bf-\u00de\u00e0-\u0131\u0134-\u013e\u0141-\u0148"
    "\u014a-\u017e\u2010-\u2015\u2018-\u201e\u2022\u2026\u20ac"
)


@cache
def _unchanging() -> NDArray[np.bool_]:
    """By code point: whether it is one of `_UNCHANGING`."""
    pattern = re.compile(f"[{_UNCHANGING}]")
    return np.array([pattern.match(chr(code)) is not None for code in range(BMP)])


_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


_SERBIAN = re.compile("[ђћЂЋ]")


_OTHER_CYRILLIC = re.compile("[ыэйщъёѓќѕіїєґўЫЭЙЩЪЁЃЌЅІЇЄҐЎ]")


# UTF-8 read as Windows-1252: the quotation marks and dashes of most texts.
_BROKEN_QUOTES = re.compile("â€[\u2122\u02dc\u0153\u009d\u201c\u201d\u00a6]?")


# What NFKC may change together: a character, and the marks and vowels that follow it.
_CLUSTER = re.compile(
    f"â€[\u2122\u02dc\u0153\u009d\u201c\u201d\u00a6]?|.[{INVISIBLE}\u200c{_DROPPED}\u0653-\u0655\u093c\u0b3e\u0b57"
    "\u09be\u09d7\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u1160-\u11ff\u3099\u309a\uff9e\uff9f]*",
    re.DOTALL,
)


_LETTERS = "аa бb вv гg дd ђđ еe жž зz иi јj кk лl љlj мm нn њnj оo пp рr сs тt ћć уu фf хh цc чč џdž шš"


Step = Callable[[str], str]


def folded(text: str) -> str:
    """The normal form of a text; folding again changes nothing."""
    if text.isascii() or ("â€" not in text and bool(_unchanging().take(codes_of(text), mode="clip").all())):
        return text
    for step in _steps(text):
        text = step(text)
    return likened(text)


def folded_with_places(text: str) -> tuple[str, Sequence[tuple[int, int]]]:
    """The normal form, and for each of its characters where that begins and ends in `text`."""
    if folded(text) == text:
        return text, [(place, place + 1) for place in range(len(text))]
    steps = _steps(text)
    pieces: list[str] = []
    places: list[tuple[int, int]] = []
    for match in _CLUSTER.finditer(text):
        piece = match.group()
        for step in () if piece.isascii() else steps:
            piece = step(piece)
        pieces.append(piece)
        places += [match.span()] * len(piece)
    return likened("".join(pieces)), places


def _steps(text: str) -> list[Step]:
    """What the text as a whole asks for."""
    steps: list[Step] = []
    if "â€" in text:
        steps.append(lambda piece: _BROKEN_QUOTES.sub(" ", piece))
    if _INVISIBLES.search(text):
        steps.append(lambda piece: _INVISIBLES.sub("", piece))
        text = _INVISIBLES.sub("", text)
    if not unicodedata.is_normalized("NFKC", text):
        steps.append(lambda piece: unicodedata.normalize("NFKC", piece))
    if _SPECIAL.search(text) or steps:
        steps.append(lambda piece: piece.translate(_table()))
    if "\u200c" in text:
        steps.append(lambda piece: _JOINERS.sub("", piece))
    if _HAN.search(text):
        steps.append(lambda piece: piece.translate(_simplified()))
    if _SERBIAN.search(text) and not _OTHER_CYRILLIC.search(text):
        steps.append(lambda piece: piece.translate(_latin()))
    return steps


@cache
def _table() -> Mapping[int, str | None]:
    ranges = re.findall(r"(.)(?:-(.))?", _DROPPED, re.DOTALL)
    codes = (code for first, last in ranges for code in range(ord(first), ord(last or first) + 1))
    table: dict[int, str | None] = dict.fromkeys(codes)
    table |= {ord("ß"): "ss", ord("ẞ"): "SS", ord("ʼ"): "'"}
    table |= dict.fromkeys((0x622, 0x623, 0x625, 0x671), "\u0627") | dict.fromkeys((0x64A, 0x649), "\u06cc")
    table |= {0x643: "\u06a9"} | {code: chr(code - 0x60) for code in range(0x30A1, 0x30F7)}
    return table | {first + digit: str(digit) for first in (0x660, 0x6F0) for digit in range(10)}


@cache
def _simplified() -> Mapping[int, str]:
    # Loaded where a text has Han characters only.
    from opencc import OpenCC  # noqa: PLC0415

    characters = [chr(code) for first, last in ((0x3400, 0x4DC0), (0x4E00, 0xA000)) for code in range(first, last)]
    simple = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {ord(one): other for one, other in zip(characters, simple, strict=True) if one != other and len(other) == 1}


@cache
def _latin() -> Mapping[int, str]:
    pairs = [(pair[0], pair[1:]) for pair in _LETTERS.split()]
    return {ord(one): other for one, other in pairs} | {ord(one.upper()): other.title() for one, other in pairs}
