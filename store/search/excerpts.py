"""Excerpts of texts around search terms. They are positions in the text, never markup."""

from collections.abc import Sequence
from dataclasses import dataclass

from onestory.store.search.query import ParsedQuery, SearchTerm
from onestory.store.search.stemming import stems_of
from onestory.store.search.tokenizer import WordSpan, find_beginnings, find_phrases, word_spans

__all__ = ["Excerpt", "best_excerpt", "match_spans"]

MAX_SCANNED_CHARS = 20_000
EXCERPT_CHARS = 240
CONTEXT_CHARS = 60
MIN_BEGINNING = 2  # letters that a word and its other forms share
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a text, and the spans of the search terms in it, in Unicode characters."""

    text: str
    spans: tuple[Span, ...]


def match_spans(query: ParsedQuery, text: str) -> tuple[Span, ...]:
    """The spans of the search terms in order, with adjacent ones joined."""
    looked_at = text[:MAX_SCANNED_CHARS]
    found = find_phrases(looked_at, [term.words for term in query.required if not term.is_prefix])
    if found is None or any(term.is_prefix for term in query.required):
        found = _by_places(query, word_spans(looked_at))
    else:
        found += [span for term in query.required if term.stems for span in _inflected(query, term, looked_at)]
    joined: list[Span] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _inflected(query: ParsedQuery, term: SearchTerm, text: str) -> list[Span]:
    """The spans of other forms of a word. They begin as the word does, as far as all its stems do."""
    begins = _shared_beginning([term.words[0], *term.stems])
    if len(begins) < MIN_BEGINNING:
        return []
    return [
        (place.start, place.end)
        for place in find_beginnings(text, begins)
        if is_form_of(term, place.word, query.languages)
    ]


def _shared_beginning(words: Sequence[str]) -> str:
    first, last = min(words), max(words)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]


def is_form_of(term: SearchTerm, word: str, languages: Sequence[str]) -> bool:
    """Whether a folded word is a form of an inflected one."""
    return word == term.words[0] or word in term.stems or not term.stems.isdisjoint(stems_of(word, languages))


def _by_places(query: ParsedQuery, places: Sequence[WordSpan]) -> list[Span]:
    words = [place.word for place in places]
    return [span for term in query.required for span in _of_term(term, words, places, query.languages)]


def _of_term(
    term: SearchTerm, words: Sequence[str], places: Sequence[WordSpan], languages: Sequence[str]
) -> list[Span]:
    first, size = term.words[0], len(term.words)
    if term.stems:
        return [(place.start, place.end) for place in places if is_form_of(term, place.word, languages)]
    if term.is_prefix:
        return [(place.start, place.start + 1) for place in places if place.word.startswith(first)]
    return [
        (places[at].start, places[at + size - 1].end)
        for at, word in enumerate(words)
        if word == first and tuple(words[at : at + size]) == term.words
    ]


def best_excerpt(query: ParsedQuery, text: str) -> Excerpt:
    """The part that shows the most matches, cut between words. Without matches, the beginning of the text."""
    spans = match_spans(query, text)
    start = _start(text, max(0, _densest(spans) - CONTEXT_CHARS))
    end = _end(text, min(len(text), start + EXCERPT_CHARS))
    inside = tuple((begin - start, stop - start) for begin, stop in spans if begin >= start and stop <= end)
    return Excerpt(text[start:end], inside)


def _densest(spans: Sequence[Span]) -> int:
    """Where the part with the most matches begins; of equals, the first."""
    reach = EXCERPT_CHARS - CONTEXT_CHARS

    def held(at: int) -> int:
        return sum(1 for _, end in spans[at : at + EXCERPT_CHARS] if end <= spans[at][0] + reach)

    best = max(range(len(spans)), key=held, default=None)
    return 0 if best is None else spans[best][0]


def _start(text: str, at: int) -> int:
    """The next position after a space, if one comes before the first match."""
    if at == 0:
        return 0
    space = next((place for place in range(at, min(at + CONTEXT_CHARS, len(text))) if text[place].isspace()), None)
    return at if space is None else space + 1


def _end(text: str, at: int) -> int:
    if at == len(text):
        return at
    space = next((place for place in range(at, max(at - CONTEXT_CHARS, 0), -1) if text[place].isspace()), None)
    return at if space is None else space
