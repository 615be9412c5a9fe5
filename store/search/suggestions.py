"""What was probably meant by a query that finds nothing."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from sqlalchemy import Connection

from onestory.store.search.query import BadQuery, parse_query
from onestory.store.search.query_matches import QueryMatches
from onestory.store.search.tokenizer import search_words_of
from onestory.store.search.word_sample import sampled_counts

__all__ = ["did_you_mean"]

MIN_LETTERS = 4
MOST_WORDS = 6
CLOSE = 0.78


def did_you_mean(connection: Connection, asked: str) -> str | None:
    """A query with other spellings that finds something, by the words of the newest articles; None if there is none."""
    words = asked.split()
    if len(words) > MOST_WORDS:
        return None
    known = sampled_counts(connection)
    meant = [_nearest(word, known) for word in words]
    if meant == words:
        return None
    suggestion = " ".join(meant)
    try:
        return suggestion if QueryMatches(connection, parse_query(suggestion)).newest(1) else None
    except BadQuery:
        return None


def _nearest(typed: str, known: Collection[str]) -> str:
    """The known word that is spelled most alike; what was typed if it is known, short, or not a plain word."""
    folded = search_words_of(typed)
    if len(folded) != 1 or len(folded[0]) < MIN_LETTERS or not typed.isalpha() or folded[0] in known:
        return typed
    near = get_close_matches(folded[0], list(_candidates(folded[0], known)), n=1, cutoff=CLOSE)
    return near[0] if near else typed


def _candidates(word: str, known: Iterable[str]) -> Iterable[str]:
    """Known words that begin or end as it does, of about its length."""
    return (
        one
        for one in known
        if abs(len(one) - len(word)) <= 2 and len(one) >= MIN_LETTERS and (one[0] == word[0] or one[-2:] == word[-2:])
    )
