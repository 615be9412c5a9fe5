"""Names of months, weekdays and halves of the day, in the languages of the sources.

The names are those of dateparser (from the Unicode CLDR). English and the languages of the sources are read everywhere,
other languages on pages that say they are in them.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module

__all__ = ["LANGUAGES", "folded", "half_of_day", "month"]

LANGUAGES = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sk", "ru", "uk", "bg", "tr", "fi", "sv", "nb", "da"),
    *("el", "ro", "hu", "hr", "sl", "ca", "et", "lv", "lt", "id", "vi", "ar", "he", "hi", "fa", "ja", "zh", "ko"),
    *("th", "af"),
)
_ALL_LANGUAGES = frozenset(import_module("dateparser.data.languages_info").language_order)
_ENGLISH = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    "december",
)
# What dateparser lacks and pages write.
_MORE = {
    "sept": 9, "jänner": 1, "feber": 2, "febr": 2, "tammikuuta": 1, "mrt": 3, "avr": 4, "juil": 7, "août": 8, "enne": 1,
    "set": 9, "setiembre": 9, "dez": 12, "okt": 10, "maj": 5, "mai": 5, "janv": 1, "févr": 2, "lut": 2, "sierp": 8,
    "jän": 1,
}  # fmt: skip
_ALIASES = {"no": "nb", "nn": "nb", "iw": "he", "in": "id", "gl": "pt", "sh": "bs", "tl": "fil"}
# A second script, or the names of a language that is written alike.
_ALSO = {"sr": "sr-Latn", "be": "ru", "ms": "id", "bs": "hr", "sr-Latn": "hr", "mk": "bg"}
MIN_INFLECTED = 4
_AM = ("a.m.", "a.m", "am", "上午", "午前", "오전", "凌晨", "早上", "صباحا", "ص")
_PM = ("p.m.", "p.m", "pm", "下午", "午後", "오후", "晚上", "مساء", "م")


def folded(text: str) -> str:
    """Normalized: lower case, NFC, without full stops of abbreviations."""
    lowered = text.replace("İ", "i").replace(".", "").lower()
    return unicodedata.normalize("NFC", lowered).strip(" .,॰׳’'").removeprefix("l'")


@cache
def _table(language: str) -> dict[str, int]:
    info = import_module(f"dateparser.data.date_translation_data.{language}").info
    names = _named(info)
    for region in info.get("locale_specific", {}).values():
        names = _named(region) | names
    return _table(_ALSO[language]) | names if language in _ALSO else names


def _named(info: Mapping[str, Iterable[str]]) -> dict[str, int]:
    return {folded(name): at for at, key in enumerate(_ENGLISH, 1) for name in _long_enough(info.get(key, ()))}


def _long_enough(names: Iterable[str]) -> list[str]:
    """Without numerals, which stand for months in some languages."""
    return [name for name in names if len(name) >= 3 or not name.isascii()]


@cache
def _everywhere() -> dict[str, int]:
    """Names that mean one month in all languages that have them."""
    meanings: dict[str, set[int]] = {}
    for language in LANGUAGES:
        for name, at in _table(language).items():
            meanings.setdefault(name, set()).add(at)
    return {name: next(iter(found)) for name, found in meanings.items() if len(found) == 1} | _MORE


def month(name: str, *, language: str | None = None) -> int | None:
    """The number of the month of that name: in the language of the page, in English, then in any other."""
    bare = folded(name)
    code = _ALIASES.get(language or "", language or "")
    if code in _ALL_LANGUAGES and (found := _inflected(bare, _table(code))) is not None:
        return found
    return _table("en").get(bare) or _everywhere().get(bare)


def _inflected(name: str, table: dict[str, int]) -> int | None:
    """The month of a name, or of one with a case ending of one letter: `januara`, `јануара`."""
    return table.get(name) or (table.get(name[:-1]) if len(name) >= MIN_INFLECTED else None)


def half_of_day(word: str) -> str | None:
    """`am` or `pm`, or None for a word that is neither."""
    bare = word.lower().strip()
    return "am" if bare in _AM else "pm" if bare in _PM else None
