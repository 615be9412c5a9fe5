"""How rare a word is in a language, from the frozen tables of the package `wordfreq`.

The weights depend on the language and the release of `wordfreq` alone. No statistic of the stored articles enters them,
so they are the same before and after any other article arrives.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

import wordfreq

__all__ = ["has_table", "rarity", "rarity_of_unknown"]

# A word of frequency f occurs in a text of TEXT_WORDS words with a probability of 1 - (1 - f) ** TEXT_WORDS. Its
# rarity is the negative logarithm: the inverse document frequency that such texts would have.
TEXT_WORDS = 300
LEAST_FREQUENCY = 1e-6  # of words that the table lacks; the small tables end there
LEAST_RARITY = 0.7  # words that stand in every second text say nothing
YEAR_RARITY = 2.0
SMALL_NUMBER_RARITY = 3.0
TABLES_IN_MEMORY = 24


def has_table(language: str) -> bool:
    """Whether the frequencies of a language (ISO 639-1) are known."""
    return _table(language) is not None


def rarity(word: str, language: str) -> float:
    """The rarity of a lower-case word, 0 to 8.1 (natural logarithm); 0 for words that say nothing.

    In a language without a table every word is as rare as an unknown one.
    """
    if word.isdecimal():
        return _number_rarity(word)
    table = _table(language) or {}
    frequency = max(table.get(word, 0.0), LEAST_FREQUENCY)
    found = -math.log(-math.expm1(TEXT_WORDS * math.log1p(-min(frequency, 0.5))))
    return found if found >= LEAST_RARITY else 0.0


def _number_rarity(word: str) -> float:
    """Years and small numbers occur in most texts; the tables have no single numbers."""
    if len(word) <= 2:
        return SMALL_NUMBER_RARITY
    is_year = len(word) == 4 and word[:2] in ("19", "20")
    return YEAR_RARITY if is_year else rarity_of_unknown()


def rarity_of_unknown() -> float:
    """The rarity of a word that no table knows."""
    return -math.log(-math.expm1(TEXT_WORDS * math.log1p(-LEAST_FREQUENCY)))


@lru_cache(maxsize=TABLES_IN_MEMORY)
def _table(language: str) -> Mapping[str, float] | None:
    """Frequencies by word. `wordfreq` lists words in steps of a hundredth of a decade (a "centibel")."""
    # It would offer the table of a language that it takes for near, such as English for Irish.
    if language not in wordfreq.available_languages("small"):
        return None
    steps = wordfreq.get_frequency_list(language, wordlist="small")
    return {word: 10 ** (-step / 100) for step, words in enumerate(steps) for word in words}
