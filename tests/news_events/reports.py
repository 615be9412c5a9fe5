"""Invented reports: several newsrooms write about one happening in their own words."""

import random

from tests.news_texts import NAMES, WORDS

__all__ = ["report"]


def report(happening: int, writer: int, *, shared: int = 60, own: int = 90) -> tuple[str, str]:
    """A headline and a text. Reports of one happening share words, not sentences."""
    subject = random.Random(f"happening {happening}")
    words = subject.sample(WORDS, shared)
    places = [f"{name}{happening}" for name in subject.sample(NAMES, 3)]
    pick = random.Random(f"{happening} by {writer}")
    text = [*pick.sample(words, shared * 2 // 3), *places * 2, *pick.choices(WORDS, k=own)]
    pick.shuffle(text)
    title = " ".join([*pick.sample(words, 4), places[0], *pick.choices(WORDS, k=2)])
    return title.capitalize(), " ".join(text).capitalize() + "."
