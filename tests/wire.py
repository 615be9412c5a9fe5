"""Invented wire copy: as many different articles as a test wants, and what newsrooms do to them."""

import random

__all__ = ["excerpt", "house_style", "wire_article"]

SUBJECTS = [
    "mayor",
    "harbour",
    "council",
    "ferry",
    "museum",
    "orchestra",
    "bakery",
    "teachers",
    "union",
    "airline",
    "court",
    "bridge",
    "reservoir",
]
SUBJECTS += [
    "farmers",
    "festival",
    "library",
    "railway",
    "clinic",
    "observatory",
    "theatre",
    "foundry",
    "vineyard",
    "market",
    "regatta",
]
VERBS = [
    "approved",
    "delayed",
    "questioned",
    "rebuilt",
    "inspected",
    "funded",
    "abandoned",
    "opened",
    "surveyed",
    "praised",
    "sold",
    "moved",
]
OBJECTS = [
    "plan",
    "contract",
    "crossing",
    "timetable",
    "archive",
    "roof",
    "budget",
    "permit",
    "shipment",
    "harvest",
    "rehearsal",
    "verdict",
]
PLACES = [
    "Aldermoor",
    "Brightwater",
    "Caldry",
    "Dunmere",
    "Eastley",
    "Farrowgate",
    "Glenholt",
    "Harwick",
    "Islebury",
    "Kestrel",
    "Lowmarch",
]
NAMES = [
    "Abara",
    "Bellweather",
    "Cardoso",
    "Dragomir",
    "Ekström",
    "Fontaine",
    "Grabowski",
    "Hallvard",
    "Ibarra",
    "Jansky",
    "Kovalenko",
]
TAILS = ["before the winter", "after a long night", "against all advice", "with some relief", "in silence"]


def wire_article(seed: int, *, sentences: int = 20) -> str:
    """The same seed gives the same article, and two seeds give two that share nothing worth the name."""
    pick = random.Random(seed)
    return "\n".join(
        " ".join(_sentence(pick) for _ in range(min(3, sentences - start))) for start in range(0, sentences, 3)
    )


def _sentence(pick: random.Random) -> str:
    words = [pick.choice(NAMES), "of the", pick.choice(SUBJECTS), "in", pick.choice(PLACES), pick.choice(VERBS)]
    words += [f"{pick.randint(2, 9000)}", pick.choice(OBJECTS) + "s", pick.choice(TAILS)]
    words += ["as", pick.choice(NAMES), "told the", pick.choice(SUBJECTS), "on day", f"{pick.randint(1, 365)}"]
    return " ".join(words) + "."


def house_style(text: str) -> str:
    """An edited copy: a new first line, and a paragraph cut from the middle."""
    paragraphs = text.split("\n")
    del paragraphs[len(paragraphs) // 2]
    return "\n".join(["Our own correspondent adds a word of local colour first.", *paragraphs])


def excerpt(text: str, *, paragraphs: int = 3) -> str:
    """The top of the article, as a brief."""
    return "\n".join(text.split("\n")[:paragraphs])
