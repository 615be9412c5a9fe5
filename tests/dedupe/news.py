"""Invented articles for the tests of this folder, and what newsrooms do to them."""

import random

from onestory.dedupe.signature import sign
from onestory.dedupe.verify import ComparedText

NAMES = [
    "Ostrander",
    "Velimir",
    "Quarrick",
    "Tamsin",
    "Brannoch",
    "Ilvara",
    "Pellworth",
    "Sundqvist",
    "Marrable",
    "Okonedo",
    "Hathersage",
]
NOUNS = [
    "harbour",
    "council",
    "ferry",
    "museum",
    "clinic",
    "bridge",
    "reservoir",
    "market",
    "theatre",
    "railway",
    "foundry",
    "orchard",
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
]
REST = [
    "after",
    "a",
    "long",
    "debate",
    "about",
    "money",
    "and",
    "time",
    "that",
    "few",
    "in",
    "the",
    "room",
    "had",
    "expected",
    "to",
    "end",
    "well",
]


def sentence(chance: random.Random) -> str:
    rest = " ".join(chance.sample(REST, 9))
    who, what = chance.choice(NAMES), chance.choice(NOUNS)
    return f"{who} said the {what} was {chance.choice(VERBS)} with {chance.randrange(2, 999)} votes {rest}."


def article(seed: int, *, paragraphs: int = 12) -> list[str]:
    """Paragraphs of about sixty words that share nothing with another seed's."""
    chance = random.Random(seed)
    return [" ".join(sentence(chance) for _ in range(3)) for _ in range(paragraphs)]


def join(*paragraphs: str) -> str:
    return "\n".join(paragraphs)


def text(number: int, words: str) -> ComparedText:
    return ComparedText(number, words, sign(words))


FORM = (
    "{who} of {place} was arrested on {day} and charged with theft, according to the {place} Sheriff. "
    "Deputies responded at about {time} to the {street} block of Maple Street after a caller reported a break-in. "
    "{who} was booked into the {place} Jail, where bond was set at {bond}, and is due in court on {court}. "
    "The charges are merely an accusation, and the defendant is presumed innocent until and unless proven guilty "
    "in a court of law. Anyone with information is asked to contact the office or submit a tip anonymously."
)


def form(seed: int) -> str:
    """A form, filled in."""
    chance = random.Random(seed)
    return FORM.format(
        who=f"{chance.choice(NAMES)} {chance.choice(NAMES)}",
        place=f"{chance.choice(NAMES)}ton",
        day=chance.choice(["Monday", "Tuesday", "Friday"]),
        time=f"{chance.randrange(1, 12)}:{chance.randrange(10, 59)}",
        street=chance.randrange(100, 9000),
        bond=f"${chance.randrange(1000, 90000)}",
        court=f"June {chance.randrange(1, 28)}",
    )
