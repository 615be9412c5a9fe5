"""Recurring titles: the daily weather, horoscope, market report or lottery result of one outlet.

Such pieces resemble each other day after day and report no common happening. A series is told by its title: the same
words at the same outlet once numbers, months and days of the week are left out, on another day.
"""

import re

from onestory.dedupe.characters import folded, lowered
from onestory.dedupe.shingles import units_of

__all__ = ["series_of"]

_NUMBERED = re.compile(r"\d")
_CALENDAR = frozenset(
    word
    for words in (
        "january february march april may june july august september october november december",
        "jan feb mar apr jun jul aug sep sept oct nov dec",
        "monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun",
        "today tomorrow tonight morning evening weekend am pm st nd rd th",
        "januar februar märz mai juni juli oktober dezember",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag heute morgen",
        "janvier février mars avril juin juillet août septembre octobre novembre décembre",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "lunes martes miércoles jueves viernes sábado domingo hoy mañana",
        "gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre",
        "lunedì martedì mercoledì giovedì venerdì sabato domenica oggi domani",
    )
    for word in words.split()
)


def series_of(title: str, outlet: str) -> str:
    """The outlet and the words of its title without what changes from day to day; "" if no words are left."""
    words = [word for word in units_of(lowered(folded(title))) if word not in _CALENDAR and not _NUMBERED.search(word)]
    return "\n".join((outlet, " ".join(words))) if words else ""
