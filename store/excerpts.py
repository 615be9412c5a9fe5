"""Where a text says what was searched for: places in it, never markup."""

from collections.abc import Sequence
from dataclasses import dataclass

from store.search_query import Query, Term
from store.words import Place, phrases_in, places_of

__all__ = ["Excerpt", "excerpt", "spans_of"]

LOOKED_AT_CHARS = 20_000
SHOWN_CHARS = 240
BEFORE_CHARS = 60
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a text, and where in that piece the words stand: from, up to, in Unicode characters."""

    text: str
    spans: tuple[Span, ...]


def spans_of(query: Query, text: str) -> tuple[Span, ...]:
    """All places of what is wanted, in order; those that touch are one."""
    looked_at = text[:LOOKED_AT_CHARS]
    found = phrases_in(looked_at, [term.words for term in query.wanted if not term.begins])
    if found is None or any(term.begins for term in query.wanted):
        found = _by_places(query, places_of(looked_at))
    joined: list[Span] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _by_places(query: Query, places: Sequence[Place]) -> list[Span]:
    words = [place.word for place in places]
    return [span for term in query.wanted for span in _of_term(term, words, places)]


def _of_term(term: Term, words: Sequence[str], places: Sequence[Place]) -> list[Span]:
    first, size = term.words[0], len(term.words)
    if term.begins:
        return [(place.start, place.start + 1) for place in places if place.word.startswith(first)]
    return [
        (places[at].start, places[at + size - 1].end)
        for at, word in enumerate(words)
        if word == first and tuple(words[at : at + size]) == term.words
    ]


def excerpt(query: Query, text: str) -> Excerpt:
    """The piece that shows most of the places, begun and ended between words; the text's beginning if it has none."""
    spans = spans_of(query, text)
    start = _start(text, max(0, _densest(spans) - BEFORE_CHARS))
    end = _end(text, min(len(text), start + SHOWN_CHARS))
    inside = tuple((begin - start, stop - start) for begin, stop in spans if begin >= start and stop <= end)
    return Excerpt(text[start:end], inside)


def _densest(spans: Sequence[Span]) -> int:
    """Where a piece begins that holds the most places; the first of the best ones."""
    reach = SHOWN_CHARS - BEFORE_CHARS

    def held(at: int) -> int:
        return sum(1 for _, end in spans[at : at + SHOWN_CHARS] if end <= spans[at][0] + reach)

    best = max(range(len(spans)), key=held, default=None)
    return 0 if best is None else spans[best][0]


def _start(text: str, at: int) -> int:
    """Behind the next space, if there is one before the places are reached."""
    if at == 0:
        return 0
    space = next((place for place in range(at, min(at + BEFORE_CHARS, len(text))) if text[place].isspace()), None)
    return at if space is None else space + 1


def _end(text: str, at: int) -> int:
    if at == len(text):
        return at
    space = next((place for place in range(at, max(at - BEFORE_CHARS, 0), -1) if text[place].isspace()), None)
    return at if space is None else space
