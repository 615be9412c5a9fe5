"""Places of work behind a name in a byline: `Ada Quill, New York`. Only those of several words need to be known."""

import re

__all__ = ["is_place"]

# Words that begin the names of places and no given name.
_FIRST = frozenset(
    (
        *("new", "san", "são", "saint", "st", "los", "las", "fort", "port", "porto", "puerto", "cape", "mount"),
        *("north", "south", "east", "west", "northern", "southern", "eastern", "western", "central", "upper"),
        *("lower", "bad", "nueva", "nova", "novi", "novo", "nizhny", "ciudad", "united", "great", "greater"),
        *("saudi", "addis", "kuala", "phnom", "buenos", "belo"),
    )
)
_LAST = frozenset(
    (
        *("city", "county", "springs", "falls", "beach", "island", "islands", "republic", "kingdom", "province"),
        *("heights", "valley", "harbor", "harbour", "township", "strip", "territory", "district", "peninsula"),
        *("bank", "coast"),
    )
)
_WHOLE = frozenset(
    (
        *("the hague", "la haye", "le havre", "le mans", "la paz", "la plata", "la rochelle", "el paso"),
        *("el salvador", "reggio emilia", "reggio calabria", "costa rica", "sierra leone", "burkina faso"),
        *("côte d'ivoire", "baton rouge", "des moines", "little rock", "palo alto", "long island", "ann arbor"),
        *("grand rapids", "corpus christi", "salt lake", "washington dc", "washington d.c", "banja luka"),
        *("cluj napoca", "ho chi minh", "mar del plata", "palma de mallorca", "vila real", "ulan bator"),
        *("dar es salaam", "ras al khaimah", "capitol hill", "papua new guinea", "sri lanka", "abu dhabi"),
        *("hong kong", "tel aviv", "rio de janeiro", "den haag", "santa cruz", "santa fe", "santa monica"),
        *("santa barbara", "santa clara", "santa ana", "santa rosa"),
    )
)
# `Frankfurt am Main`, `Stratford-upon-Avon`
_RIVER = re.compile(
    r"\S+(?:\s(?:am|an der|an de|ob der|vor der|sur|upon|sous|aan den|aan de|nad)\s|-(?:upon|sur|am|on)-)\S+"
)


def is_place(text: str) -> bool:
    """Whether a text of several words, which stands behind the name of a person, names a place."""
    bare = text.strip(" .,").lower()
    words = bare.split()
    return len(words) > 1 and (
        words[0].strip(".") in _FIRST or words[-1] in _LAST or bare in _WHOLE or _RIVER.fullmatch(bare) is not None
    )
