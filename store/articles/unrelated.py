"""Versions that share nothing with the one before: another article at the same address, or a page taken over."""

import re
from collections.abc import Sequence
from typing import Protocol

__all__ = ["in_force", "is_unrelated"]

_WORD = re.compile(r"[^\W_]+")
# A teaser or a wall is expected to give way to the text.
_WHOLE_WORDS = 60
_RUN_WORDS = 5
_NAME_LETTERS = 4


class TitledText(Protocol):
    """What is compared of a version."""

    @property
    def title(self) -> str | None: ...
    @property
    def text(self) -> str: ...


def in_force(history: Sequence[TitledText]) -> int:
    """The place of the version in force: the last one that is related to the one before it.

    A version that shares nothing with the one before is kept and shown, but its headline and text are not the
    article's until a later version confirms them. `history` is in the order of observation.
    """
    related = (at for at in range(len(history) - 1, 0, -1) if not _is_suspect(history[at - 1], history[at]))
    return next(related, 0)


def _is_suspect(before: TitledText, after: TitledText) -> bool:
    return is_unrelated((before.title, before.text), (after.title, after.text))


def is_unrelated(before: tuple[str | None, str], after: tuple[str | None, str]) -> bool:
    """Whether two versions, each a headline and a text, share no word of the headline and no five words in a row."""
    if not before[0] or not after[0] or _names(before[0]) & _names(after[0]):
        return False
    old, new = _words(before[1]), _words(after[1])
    return min(len(old), len(new)) >= _WHOLE_WORDS and not _runs(old) & _runs(new)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _names(title: str) -> set[str]:
    return {word for word in _words(title) if len(word) >= _NAME_LETTERS}


def _runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    return set(zip(*(words[start:] for start in range(_RUN_WORDS)), strict=False))
