"""What a person asks search for: words, "phrases", and -words that must not be there.

Nothing of a query reaches a database but its folded words, which are letters, digits and marks; what joins them is
written here.
"""

import re
from dataclasses import dataclass

from store.errors import BadInput
from store.words import is_unspaced, words_of

__all__ = ["BadQuery", "Query", "Term", "read_query", "to_fts5", "to_tsquery"]

MOST_CHARS = 1_000
MOST_WORDS = 64
QUOTES = str.maketrans("“”„‟«»", '""""""')
TERM = re.compile(r'(?:(?<=\s)|^)(-?)(?:"([^"]*)"?|([^\s"]+))|"([^"]*)"?|([^\s"]+)')


class BadQuery(BadInput):
    reason = "bad_query"


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other. `begins`: one character, that a word of a script without spaces begins with."""

    words: tuple[str, ...]
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All of `wanted` must be in an article, and none of `unwanted`. At least one is wanted."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()


def read_query(asked: str) -> Query:
    """Raises BadQuery where there is no word to look for, or far too many."""
    if len(asked) > MOST_CHARS:
        raise BadQuery(f"what to search for is longer than {MOST_CHARS:,} characters: look up a whole text instead")
    wanted: dict[Term, None] = {}
    unwanted: dict[Term, None] = {}
    for match in TERM.finditer(asked.translate(QUOTES)):
        phrase = next(part for part in match.group(2, 3, 4, 5) if part is not None)
        for term in _terms(phrase):
            (unwanted if match[1] else wanted)[term] = None
    if not wanted:
        raise BadQuery("there is no word to search for: give one that an article has to have")
    if sum(len(term.words) for term in [*wanted, *unwanted]) > MOST_WORDS:
        raise BadQuery(f"a search takes at most {MOST_WORDS} words: look up a whole text instead")
    return Query(tuple(wanted), tuple(unwanted))


def _terms(phrase: str) -> list[Term]:
    """One, whose words follow each other; none for what has no letter."""
    words = words_of(phrase)
    if len(words) == 1:
        return [Term((words[0],), begins=len(words[0]) == 1 and is_unspaced(words[0]))]
    # The last character of a run stands alone only where the run ends; the article's may go on.
    if words and len(words[-1]) == 1 and is_unspaced(words[-1]) and is_unspaced(words[-2]):
        words = words[:-1]
    return [Term(tuple(words))] if words else []


def to_fts5(query: Query) -> str:
    """In SQLite's syntax (https://www.sqlite.org/fts5.html#full_text_query_syntax)."""

    def term(one: Term) -> str:
        return f'"{" ".join(one.words)}"' + ("*" if one.begins else "")

    wanted = " AND ".join(map(term, query.wanted))
    return f"({wanted}) NOT ({' OR '.join(map(term, query.unwanted))})" if query.unwanted else wanted


def to_tsquery(query: Query) -> str:
    """In PostgreSQL's syntax (chapter 8.11.2)."""

    def term(one: Term) -> str:
        return "(" + " <-> ".join(f"'{word}'" + (":*" if one.begins else "") for word in one.words) + ")"

    wanted = " & ".join(map(term, query.wanted))
    return f"{wanted} & !({' | '.join(map(term, query.unwanted))})" if query.unwanted else wanted
