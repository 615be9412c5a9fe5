"""Stems of words, by language: the algorithms of Snowball (https://snowballstem.org).

Words are folded before they are stemmed, in articles and in queries alike. The index has the words of an article as
they are, and one word more for each stem that differs from them; it is marked, so that no word equals it.
"""

import threading
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import Stemmer

__all__ = ["STEMMED_LANGUAGES", "STEM_MARK", "can_be_stemmed", "marked_stems", "stem", "stems_of"]

STEM_MARK = "\ue002"  # not a letter, so no query contains it
MIN_LETTERS = 3
STEMMED_LANGUAGES: Mapping[str, str] = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_held = threading.local()  # a stemmer serves one thread


def can_be_stemmed(word: str) -> bool:
    return len(word) >= MIN_LETTERS and word.isalpha()


def stem(word: str, language: str) -> str:
    """The stem of a folded word; the word itself in a language without an algorithm."""
    algorithm = STEMMED_LANGUAGES.get(language)
    if algorithm is None or not can_be_stemmed(word):
        return word
    found: str = _stemmer(algorithm).stemWord(word)
    return found or word


def _stemmer(algorithm: str) -> Any:
    stemmers: dict[str, Any] = _held.__dict__.setdefault("stemmers", {})
    if algorithm not in stemmers:
        stemmers[algorithm] = Stemmer.Stemmer(algorithm, 0)
    return stemmers[algorithm]


def marked_stems(words: Iterable[str], language: str) -> list[str]:
    """The words that the index has for inflected words: their stems, marked, each once and sorted."""
    algorithm = STEMMED_LANGUAGES.get(language)
    if algorithm is None:
        return []
    distinct = [word for word in set(words) if can_be_stemmed(word)]
    # All at once: one by one they take four times as long.
    found = zip(distinct, _stemmer(algorithm).stemWords(distinct), strict=True)
    return sorted({STEM_MARK + short for word, short in found if short and short != word})


def stems_of(word: str, languages: Collection[str]) -> frozenset[str]:
    """The stems of a folded word in these languages, among them the word itself where it is one."""
    if not can_be_stemmed(word):
        return frozenset()
    return frozenset(stem(word, language) for language in languages if language in STEMMED_LANGUAGES)
