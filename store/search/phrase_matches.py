"""Articles whose current text has a phrase in common with a text: consecutive words, found by the full-text index.

A text is cut into phrases of eight words that overlap, so that every passage of a certain length contains one of them
whole. In scripts without spaces a word is counted as several of the index's words. Only the rarest words of a phrase
are asked for, since common ones cost ten times as much; the caller compares the texts anyway.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from sqlalchemy import Connection, select

from onestory.store.queries import rows_in
from onestory.store.schema import articles
from onestory.store.search.query import ParsedQuery, SearchTerm
from onestory.store.search.query_matches import QueryMatches
from onestory.store.search.tokenizer import is_unspaced, search_words_of
from onestory.store.search.word_sample import sampled_counts

__all__ = ["PASSAGE_WORDS", "PhraseMatches", "Phrases", "match_phrases", "phrases_of"]

PASSAGE_WORDS = 12  # a passage of so many words is found in texts of up to MAX_PHRASES * PHRASE_STEP words
PHRASE_WORDS = 8
PHRASE_STEP = PASSAGE_WORDS - PHRASE_WORDS + 1
MAX_PHRASES = 24
RAREST_WORDS = 3  # of a phrase
MAX_MATCHES = 200  # of each phrase
MAX_ARTICLES = 40  # whose texts are read


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of a text. Each passage of `passage_words` words or more contains one of them."""

    phrases: Sequence[tuple[str, ...]]
    passage_words: int


@dataclass(frozen=True, slots=True)
class PhraseMatches:
    """Current versions with a phrase, those with the most of them first. Not all, if `is_complete` is false."""

    versions: Sequence[int]
    is_complete: bool


def phrases_of(text: str, words: int) -> Phrases:
    """The phrases of a text that has so many words."""
    found = _without_loose_end(search_words_of(text))
    each = max(1, round(len(found) / max(1, words)))  # words of the index to a word
    size, step = PHRASE_WORDS * each, PHRASE_STEP * each
    if len(found) <= size:
        return Phrases([tuple(found)] if found else [], words)
    last = len(found) - size
    step = max(step, ceil(last / (MAX_PHRASES - 1)))
    starts = [*range(0, last, step), last]
    phrases = dict.fromkeys(tuple(found[start : start + size]) for start in starts)
    return Phrases(list(phrases), min(words, ceil((size + step - 1) / each)))


def _without_loose_end(words: Sequence[str]) -> Sequence[str]:
    """Without the last character of a script without spaces, which is a word of the index only where a run ends."""
    is_loose = len(words) > 1 and len(words[-1]) == 1 and is_unspaced(words[-1]) and is_unspaced(words[-2])
    return words[:-1] if is_loose else words


def match_phrases(connection: Connection, phrases: Sequence[tuple[str, ...]]) -> PhraseMatches:
    """The versions to read. Of a phrase that very many articles have, only some are read."""
    hits: Counter[int] = Counter()
    is_complete = True
    for found in _matches(connection, phrases):
        hits.update(found[:MAX_MATCHES])
        is_complete = is_complete and len(found) <= MAX_MATCHES
    ranked = sorted(hits, key=lambda arrival: (-hits[arrival], arrival))
    read = ranked[:MAX_ARTICLES]
    query = select(articles.c.arrival, articles.c.version)
    versions = dict(rows_in(connection, query, articles.c.arrival, read))
    return PhraseMatches(
        [versions[arrival] for arrival in read if arrival in versions], is_complete and len(ranked) <= MAX_ARTICLES
    )


def _matches(connection: Connection, phrases: Sequence[tuple[str, ...]]) -> Iterator[list[int]]:
    common = sampled_counts(connection)
    for phrase in phrases:
        rarest = sorted(dict.fromkeys(phrase), key=lambda word: (common.get(word, 0), -len(word)))[:RAREST_WORDS]
        found = _any(connection, *(SearchTerm((word,)) for word in rarest))
        yield found if len(found) <= MAX_MATCHES else _any(connection, SearchTerm(phrase))


def _any(connection: Connection, *terms: SearchTerm) -> list[int]:
    return QueryMatches(connection, ParsedQuery(terms)).newest(MAX_MATCHES + 1)
