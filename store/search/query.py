"""Search queries: words, "phrases", and -words to exclude.

Only the folded words of a query reach the database: letters, digits and marks. The operators between them are written
here.
"""

import re
from dataclasses import dataclass

from onestory.errors import BadInput
from onestory.store.search.tokenizer import is_unspaced, search_words_of

__all__ = ["BadQuery", "ParsedQuery", "SearchTerm", "parse_query", "to_fts5", "to_tsquery"]

MAX_QUERY_CHARS = 1_000
MAX_QUERY_WORDS = 64
QUOTES = str.maketrans("“”„‟«»", '""""""')
TERM_PATTERN = re.compile(r'(?:(?<=\s)|^)(-?)(?:"([^"]*)"?|([^\s"]+))|"([^"]*)"?|([^\s"]+)')


class BadQuery(BadInput):
    reason = "bad_query"


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """Consecutive words. With `begins`, a single character that begins a word of a script without spaces."""

    words: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """An article must contain all of `wanted`, which is not empty, and none of `unwanted`."""

    required: tuple[SearchTerm, ...]
    excluded: tuple[SearchTerm, ...] = ()


def parse_query(asked: str) -> ParsedQuery:
    """Parse a query. Raises BadQuery if it has no word to search for, or too many."""
    if len(asked) > MAX_QUERY_CHARS:
        raise BadQuery(f"the query is longer than {MAX_QUERY_CHARS:,} characters: look up a whole text instead")
    wanted: dict[SearchTerm, None] = {}
    unwanted: dict[SearchTerm, None] = {}
    for match in TERM_PATTERN.finditer(asked.translate(QUOTES)):
        phrase = next(part for part in match.group(2, 3, 4, 5) if part is not None)
        for term in _terms(phrase):
            (unwanted if match[1] else wanted)[term] = None
    if not wanted:
        raise BadQuery("the query has no word to search for: add one that articles must contain")
    if sum(len(term.words) for term in [*wanted, *unwanted]) > MAX_QUERY_WORDS:
        raise BadQuery(f"a query takes at most {MAX_QUERY_WORDS} words: look up a whole text instead")
    return ParsedQuery(tuple(wanted), tuple(unwanted))


def _terms(phrase: str) -> list[SearchTerm]:
    """The term of consecutive words; none for text without letters."""
    words = search_words_of(phrase)
    if len(words) == 1:
        return [SearchTerm((words[0],), is_prefix=len(words[0]) == 1 and is_unspaced(words[0]))]
    # The last character of a run is a term of its own only at the end of the query; the article may continue.
    if words and len(words[-1]) == 1 and is_unspaced(words[-1]) and is_unspaced(words[-2]):
        words = words[:-1]
    return [SearchTerm(tuple(words))] if words else []


def to_fts5(query: ParsedQuery) -> str:
    """The query in SQLite's syntax (https://www.sqlite.org/fts5.html#full_text_query_syntax)."""

    def term(one: SearchTerm) -> str:
        return f'"{" ".join(one.words)}"' + ("*" if one.is_prefix else "")

    wanted = " AND ".join(map(term, query.required))
    return f"({wanted}) NOT ({' OR '.join(map(term, query.excluded))})" if query.excluded else wanted


def to_tsquery(query: ParsedQuery) -> str:
    """The query in PostgreSQL's syntax (chapter 8.11.2)."""

    def term(one: SearchTerm) -> str:
        return "(" + " <-> ".join(f"'{word}'" + (":*" if one.is_prefix else "") for word in one.words) + ")"

    wanted = " & ".join(map(term, query.required))
    return f"{wanted} & !({' | '.join(map(term, query.excluded))})" if query.excluded else wanted
