"""Names and numbers in a form that languages and scripts share, to confirm that two texts in two languages speak of
one happening.

A name is reduced to its consonants, with one letter for those that languages write differently: Путин, Putina and
Poutine are "ptn", Tramp and Trump are "trmp". It is a phonetic key in the manner of Soundex (Russell 1918), after a
transliteration of Cyrillic and Greek. Keys of different names can be equal; they confirm, and never join alone.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from onestory.dedupe.characters import folded, lowered
from onestory.dedupe.shingles import units_of
from onestory.news_events.features import TermVector, scaled_vector
from onestory.news_events.rarity import has_table, rarity, rarity_of_unknown

__all__ = ["name_key", "names_vector"]

KEY_LENGTH = 5  # what follows is mostly inflection
_REPEATED = re.compile(r"(.)\1+")
_SILENT = re.compile(r"(?<=.)[aeiouh]")
_TRANSLITERATION = (
    "а=a б=b в=v г=g д=d е=e ж=zh з=z и=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=h ц=c ч=ch ш=sh щ=sh "
    "ъ= ы=i ь= э=e ю=iu я=ia і=i є=e ґ=g "
    "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=ks ο=o π=p ρ=r σ=s ς=s τ=t υ=i φ=f χ=ch ψ=ps ω=o "
    "ß=ss ł=l ı=i ø=o đ=d æ=e þ=th"
)
# In this order: a longer spelling of a sound comes before its parts.
_SOUNDS = "sch=s ch=k sh=s zh=s ph=f th=t kh=k ck=k qu=k x=ks cz=s sz=s c=k q=k z=s w=v y=i j=i v=f"
_LETTERS = str.maketrans(dict(pair.split("=") for pair in _TRANSLITERATION.split()))
_SPELLINGS = [pair.split("=") for pair in _SOUNDS.split()]


def name_key(name: str) -> str:
    """The key of a name or number, at most KEY_LENGTH characters of a name; "" if nothing is left of it."""
    if any(map(str.isdigit, name)):
        return name.lower()
    letters = unicodedata.normalize("NFKD", lowered(name))
    key = "".join(letter for letter in letters if not unicodedata.combining(letter)).translate(_LETTERS)
    for spelling, sound in _SPELLINGS:
        key = key.replace(spelling, sound)
    key = _REPEATED.sub(r"\1", _SILENT.sub("", key))[:KEY_LENGTH]
    return key if len(key) > 1 else ""


def names_vector(text: str, *, language: str) -> TermVector:
    """The weighted names and numbers of a text; `language` is an ISO 639-1 code.

    Scripts without capitals (Chinese, Arabic, Hindi) show only their numbers and what they write in Latin letters.
    """
    is_known = has_table(language)
    counts: Counter[str] = Counter()
    rarities: dict[str, float] = {}
    for name in _names_and_numbers(text):
        if key := name_key(name):
            counts[key] += 1
            weight = rarity(lowered(name), language) if is_known else rarity_of_unknown()
            rarities[key] = max(rarities.get(key, 0.0), weight)
    return scaled_vector({key: (1 + math.log(count)) * rarities[key] for key, count in counts.items()})


def _names_and_numbers(text: str) -> Iterator[str]:
    """Words with a capital, and words with a digit."""
    for word in units_of(folded(text)):
        if word[:1].isupper() or any(map(str.isdigit, word)):
            yield word
