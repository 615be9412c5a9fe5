"""Text as people paste it: words that a line end has cut, joined without moving a character.

A hyphen at a line end is either the layout's or the word's own. The stored articles decide: whichever way they write
the word more often is taken. A joined word keeps its length, with soft hyphens in place of what is left out, so that
positions in the joined text are positions in the text as it was given.
"""

import re
from collections.abc import Iterator

from sqlalchemy import Connection

from onestory.store.search.query import ParsedQuery, SearchTerm
from onestory.store.search.query_matches import QueryMatches
from onestory.store.search.tokenizer import UNSPACED, search_words_of

__all__ = ["join_cut_words"]

SOFT_HYPHEN = "\u00ad"
# The last letters of a line, a hyphen (or the sign that some PDF readers show for one), and the letters that follow.
# Tried at the first letter of a word alone, so that a word of any length is read once.
CUT_WORD = re.compile(r"(?<![^\W\d_])([^\W\d_]++)([-\u2010\u2011\u00ac]\s+|\u00ad+\s+)([^\W\d_]+)")
# Where a line ends within a script that has no spaces, nothing separates the words.
UNSPACED_GAP = re.compile(rf"(?<=[{UNSPACED}])\s++(?=[{UNSPACED}])")
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7fb]")
MAX_ASKED_WORDS = 64
COUNTED_MATCHES = 20


def join_cut_words(connection: Connection, text: str) -> str:
    """The text with its cut words joined, as long as before."""
    text = UNSPACED_GAP.sub(_closed, text)
    if not any(sign in text for sign in "-\u2010\u2011\u00ac\u00ad"):
        return text
    parts, done = [], 0
    for asked, (start, end, left, right) in enumerate(_cuts(text)):
        is_soft = SOFT_HYPHEN in text[start:end]
        if is_soft or asked >= MAX_ASKED_WORDS or _is_one_word(connection, left, right):
            parts += [text[done:start], SOFT_HYPHEN * (end - start)]
            done = end
    return "".join([*parts, text[done:]])


def _closed(match: re.Match[str]) -> str:
    if "\n" not in match[0]:
        return match[0]
    # Hangul has spaces: a line may end between two words.
    is_spaced = HANGUL.match(match.string, match.end()) or HANGUL.match(match.string, match.start() - 1)
    return match[0] if is_spaced else SOFT_HYPHEN * len(match[0])


def _cuts(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Start and end of each hyphen with the space after it, and the letters on both sides. Words go on in small
    letters.
    """
    for match in CUT_WORD.finditer(text):
        if match[3][0].islower():
            yield *match.span(2), match[1], match[3]


def _is_one_word(connection: Connection, left: str, right: str) -> bool:
    return _count(connection, left + right) > _count(connection, f"{left} {right}")


def _count(connection: Connection, words: str) -> int:
    """In how many articles these words follow each other, up to a few."""
    query = ParsedQuery((SearchTerm(tuple(search_words_of(words))),))
    return len(QueryMatches(connection, query).newest(COUNTED_MATCHES))
