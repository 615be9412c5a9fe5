"""Search queries: words, "phrases", and -words to exclude.

Only the folded words of a query reach the database: letters, digits and marks. The operators between them are written
here.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from onestory.errors import BadInput
from onestory.store.search.stemming import STEM_MARK, can_be_stemmed, stems_of
from onestory.store.search.tokenizer import is_unspaced, search_words_of

__all__ = ["BadQuery", "ParsedQuery", "SearchTerm", "parse_query", "to_fts5", "to_tsquery", "with_stems"]

MAX_QUERY_CHARS = 1_000
MAX_QUERY_WORDS = 64
QUOTES = str.maketrans("“”„‟«»", '""""""')
TERM_PATTERN = re.compile(r'(?:(?<=\s)|^)(-?)(?:"([^"]*)"?|([^\s"]+))|"([^"]*)"?|([^\s"]+)')


class BadQuery(BadInput):
    reason = "bad_query"


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """Consecutive words. With `is_prefix`, a single character that begins a word of a script without spaces.

    With `is_inflected`, a single word of which any form counts; `stems` has its stems in the languages of the store.
    """

    words: tuple[str, ...]
    is_prefix: bool = False
    is_inflected: bool = False
    stems: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """An article must contain all of `required`, which is not empty, and none of `excluded`.

    `languages` are those of the stems.
    """

    required: tuple[SearchTerm, ...]
    excluded: tuple[SearchTerm, ...] = ()
    languages: tuple[str, ...] = ()


def parse_query(asked: str) -> ParsedQuery:
    """Parse a query. Raises BadQuery if it has no word to search for, or too many."""
    if len(asked) > MAX_QUERY_CHARS:
        raise BadQuery(f"the query is longer than {MAX_QUERY_CHARS:,} characters: look up a whole text instead")
    wanted: dict[SearchTerm, None] = {}
    unwanted: dict[SearchTerm, None] = {}
    for match in TERM_PATTERN.finditer(asked.translate(QUOTES)):
        phrase = next(part for part in match.group(2, 3, 4, 5) if part is not None)
        is_quoted = match[2] is not None or match[4] is not None
        for term in _terms(phrase, is_quoted=is_quoted):
            (unwanted if match[1] else wanted)[term] = None
    if not wanted:
        raise BadQuery("the query has no word to search for: add one that articles must contain")
    if sum(len(term.words) for term in [*wanted, *unwanted]) > MAX_QUERY_WORDS:
        raise BadQuery(f"a query takes at most {MAX_QUERY_WORDS} words: look up a whole text instead")
    return ParsedQuery(tuple(wanted), tuple(unwanted))


def with_stems(query: ParsedQuery, languages: Collection[str]) -> ParsedQuery:
    """The query with the stems of its inflected words."""

    def stemmed(terms: Iterable[SearchTerm]) -> tuple[SearchTerm, ...]:
        return tuple(
            replace(term, stems=stems_of(term.words[0], languages)) if term.is_inflected else term for term in terms
        )

    return ParsedQuery(stemmed(query.required), stemmed(query.excluded), tuple(sorted(languages)))


def _terms(phrase: str, *, is_quoted: bool) -> list[SearchTerm]:
    """The term of consecutive words; none for text without letters."""
    words = search_words_of(phrase)
    if len(words) == 1:
        word = words[0]
        is_inflected = not is_quoted and can_be_stemmed(word) and not is_unspaced(word)
        return [SearchTerm((word,), is_prefix=len(word) == 1 and is_unspaced(word), is_inflected=is_inflected)]
    # The last character of a run is a term of its own only at the end of the query; the article may continue.
    if words and len(words[-1]) == 1 and is_unspaced(words[-1]) and is_unspaced(words[-2]):
        words = words[:-1]
    return [SearchTerm(tuple(words))] if words else []


def _forms(term: SearchTerm) -> list[str]:
    """The words of the index that an inflected word stands for: itself, its stems as words, and marked ones."""
    return sorted({term.words[0], *term.stems, *(STEM_MARK + one for one in term.stems)})


def to_fts5(query: ParsedQuery) -> str:
    """The query in SQLite's syntax (https://www.sqlite.org/fts5.html#full_text_query_syntax)."""

    def term(one: SearchTerm) -> str:
        if one.stems:
            return "(" + " OR ".join(f'"{word}"' for word in _forms(one)) + ")"
        return f'"{" ".join(one.words)}"' + ("*" if one.is_prefix else "")

    wanted = " AND ".join(map(term, query.required))
    return f"({wanted}) NOT ({' OR '.join(map(term, query.excluded))})" if query.excluded else wanted


def to_tsquery(query: ParsedQuery) -> str:
    """The query in PostgreSQL's syntax (chapter 8.11.2)."""

    def term(one: SearchTerm) -> str:
        if one.stems:
            return "(" + " | ".join(f"'{word}'" for word in _forms(one)) + ")"
        return "(" + " <-> ".join(f"'{word}'" + (":*" if one.is_prefix else "") for word in one.words) + ")"

    wanted = " & ".join(map(term, query.required))
    return f"{wanted} & !({' | '.join(map(term, query.excluded))})" if query.excluded else wanted
