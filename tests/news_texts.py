"""Invented wire copy: as many different articles as a test wants, and what newsrooms do to them."""

import random
from itertools import product

__all__ = ["excerpt", "house_style", "wire_article"]

# A language of 4,096 words, so that two articles share no run of words but by intent.
SYLLABLES = ["ba", "do", "ki", "lu", "ma", "ne", "po", "ra", "se", "ti", "vo", "wa", "ze", "fi", "gu", "ho"]
WORDS = ["".join(parts) for parts in product(SYLLABLES, repeat=3)]
NAMES = ["Abara", "Bellweather", "Cardoso", "Dragomir", "Ekström", "Fontaine", "Grabowski", "Hallvard", "Ibarra"]


def wire_article(seed: int, *, sentences: int = 20) -> str:
    """The same seed gives the same article, and two seeds give two that share nothing. Three sentences a line."""
    pick = random.Random(seed)
    said = [_sentence(pick) for _ in range(sentences)]
    return "\n".join(" ".join(said[start : start + 3]) for start in range(0, sentences, 3))


def _sentence(pick: random.Random) -> str:
    words = pick.choices(WORDS, k=pick.randint(11, 19))
    words[pick.randrange(3, 8)] = pick.choice(NAMES)
    words[pick.randrange(8, 11)] = str(pick.randint(2, 9000))
    return " ".join(words).capitalize() + "."


def house_style(text: str) -> str:
    """An edited copy: a new first line, and a paragraph cut from the middle."""
    paragraphs = text.split("\n")
    del paragraphs[len(paragraphs) // 2]
    return "\n".join(["Our own correspondent adds a word of local colour first.", *paragraphs])


def excerpt(text: str, *, paragraphs: int = 3) -> str:
    """The top of the article, as a brief."""
    return "\n".join(text.split("\n")[:paragraphs])
