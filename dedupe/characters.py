"""What each character is: part of a word or not, its lower case, and whether its script has no spaces.

Tables over the Basic Multilingual Plane, so that a text is looked at in a few array operations; the rest of Unicode
(emoji, mostly) is asked one by one. A character belongs to a word where ``\\w`` says so.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["DENSE", "IDEOGRAPHIC", "SYLLABIC", "Codes", "classes_of", "codes_of", "lowered", "text_of"]

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
