"""Passages that a text has in common with stored articles, where these are too short for the index of signatures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from onestory.dedupe.alignment import Alignment, align
from onestory.dedupe.shingles import CHARS_IDEOGRAPHIC, CHARS_SYLLABIC
from onestory.dedupe.text import ComparedText, windows_of
from onestory.store.search.phrase_matches import PASSAGE_WORDS
from onestory.store.search.query import ParsedQuery, SearchTerm
from onestory.store.search.query_matches import QueryMatches
from onestory.store.search.tokenizer import search_words_of

__all__ = ["SharedPassage", "shared_passage", "suggested_search"]

# Characters to a word, by the width of a window: see `onestory.dedupe.shingles`.
UNITS = {CHARS_IDEOGRAPHIC: 2, CHARS_SYLLABIC: 4}
WHOLE_SHARE = 0.97
SUGGESTED_WORDS = 4
TRIED_WORDS = 16
HAN_AND_KATAKANA = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]{2,4}|[\u30a1-\u30fa\u30fc]{3,8}")


@dataclass(frozen=True, slots=True)
class SharedPassage:
    """What a text shares with a stored one: `share` is the part of the text, 0 to 1, and `relation` what it is beside
    the stored one.
    """

    share: float
    relation: str


def shared_passage(asked: ComparedText, stored: ComparedText) -> SharedPassage | None:
    """None unless a passage of twelve words, or the whole of a shorter text, stands in both word by word.

    Words are those of the normal form in which copies are compared.
    """
    a, b = windows_of(asked, stored)
    found = align(a, b)
    if found is None or found.longest < min(PASSAGE_WORDS * UNITS.get(a.width, 1), found.a_words):
        return None
    return SharedPassage(found.a_shared / found.a_words, _relation(found))


def _relation(found: Alignment) -> str:
    if found.a_shared < WHOLE_SHARE * found.a_words:
        return "quotes"
    return "verbatim" if found.b_shared >= WHOLE_SHARE * found.b_words else "excerpt"


def suggested_search(connection: Connection, asked: ComparedText) -> str | None:
    """Words of the text that lead the search to a story: names first, then the longest words. None if none do."""
    telling = _telling_words(asked)
    chosen: list[str] = []
    for word in sorted(telling, key=telling.__getitem__):
        terms = [SearchTerm(tuple(words)) for one in (*chosen, word) if (words := search_words_of(one))]
        if terms and QueryMatches(connection, ParsedQuery(tuple(terms))).newest(1):
            chosen.append(word)
        if len(chosen) == SUGGESTED_WORDS:
            break
    return " ".join(word for word in telling if word in chosen) or None


def _telling_words(asked: ComparedText) -> dict[str, tuple[bool, int]]:
    """Words in the order of the text; the lowest value belongs to the one that says most."""
    if not asked.signature.spaced and asked.width != CHARS_SYLLABIC:
        return dict.fromkeys(HAN_AND_KATAKANA.findall(asked.form)[:TRIED_WORDS], (False, 0))
    names = {name for _, name in asked.names} if asked.knows_capitals else set[str]()
    values = {word: (word.lower() not in names, -len(word)) for word in _long_words(asked)}
    tried = sorted(values, key=values.__getitem__)[:TRIED_WORDS]
    return {word: value for word, value in values.items() if word in tried}


def _long_words(asked: ComparedText) -> Iterator[str]:
    """Each once, in the order of the text."""
    seen: set[str] = set()
    for word in asked.written:
        if len(word) > 3 and word.isalpha() and word.lower() not in seen:
            seen.add(word.lower())
            yield word
