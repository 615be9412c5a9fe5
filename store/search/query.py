"""What a person asks search for: words, "phrases", and -words that must not be there.

Nothing of a query reaches a database but its folded words, which are letters, digits and marks; what joins them is
written here.
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
    """Words that follow each other. `begins`: one character, that a word of a script without spaces begins with."""

    words: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """All of `wanted` must be in an article, and none of `unwanted`. At least one is wanted."""

    required: tuple[SearchTerm, ...]
    excluded: tuple[SearchTerm, ...] = ()


def parse_query(asked: str) -> ParsedQuery:
    """Raises BadQuery where there is no word to look for, or far too many."""
    if len(asked) > MAX_QUERY_CHARS:
        raise BadQuery(
            f"what to search for is longer than {MAX_QUERY_CHARS:,} characters: look up a whole text instead"
        )
    wanted: dict[SearchTerm, None] = {}
    unwanted: dict[SearchTerm, None] = {}
    for match in TERM_PATTERN.finditer(asked.translate(QUOTES)):
        phrase = next(part for part in match.group(2, 3, 4, 5) if part is not None)
        for term in _terms(phrase):
            (unwanted if match[1] else wanted)[term] = None
    if not wanted:
        raise BadQuery("there is no word to search for: give one that an article has to have")
    if sum(len(term.words) for term in [*wanted, *unwanted]) > MAX_QUERY_WORDS:
        raise BadQuery(f"a search takes at most {MAX_QUERY_WORDS} words: look up a whole text instead")
    return ParsedQuery(tuple(wanted), tuple(unwanted))


def _terms(phrase: str) -> list[SearchTerm]:
    """One, whose words follow each other; none for what has no letter."""
    words = search_words_of(phrase)
    if len(words) == 1:
        return [SearchTerm((words[0],), is_prefix=len(words[0]) == 1 and is_unspaced(words[0]))]
    # The last character of a run stands alone only where the run ends; the article's may go on.
    if words and len(words[-1]) == 1 and is_unspaced(words[-1]) and is_unspaced(words[-2]):
        words = words[:-1]
    return [SearchTerm(tuple(words))] if words else []


def to_fts5(query: ParsedQuery) -> str:
    """In SQLite's syntax (https://www.sqlite.org/fts5.html#full_text_query_syntax)."""

    def term(one: SearchTerm) -> str:
        return f'"{" ".join(one.words)}"' + ("*" if one.is_prefix else "")

    wanted = " AND ".join(map(term, query.required))
    return f"({wanted}) NOT ({' OR '.join(map(term, query.excluded))})" if query.excluded else wanted


def to_tsquery(query: ParsedQuery) -> str:
    """In PostgreSQL's syntax (chapter 8.11.2)."""

    def term(one: SearchTerm) -> str:
        return "(" + " <-> ".join(f"'{word}'" + (":*" if one.is_prefix else "") for word in one.words) + ")"

    wanted = " & ".join(map(term, query.required))
    return f"{wanted} & !({' | '.join(map(term, query.excluded))})" if query.excluded else wanted
