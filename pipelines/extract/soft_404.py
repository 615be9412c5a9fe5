"""Whether a page says that what was there is gone: an outlet's notice that it removed an article, or a soft 404.

Precision comes first, as an article may be called withdrawn for it: the page has hardly a text, and the phrase begins
its headline or one of its first lines. A page that wants a person to prove himself says none of these.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

__all__ = ["MAX_WORDS", "soft_404"]

RemovalKind = Literal["removal_notice", "not_found"]
# An article about removed articles has more to say.
MAX_WORDS = 60
_FIRST_LINES = 3
_SIGNS = " \t*–—-•>[(_\"'«“„!¡|:."


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    table = tomllib.loads(files(__package__).joinpath("soft_404.toml").read_text("utf-8"))
    return _begins(table["removed"]), _begins(table["missing"])


def _begins(phrases: Sequence[str]) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    # Where letters are not ASCII, an ending may follow.
    return re.compile("|".join(re.escape(one) + (r"\b" if one[-1].isascii() else "") for one in longest_first))


def soft_404(title: str | None, text: str) -> RemovalKind | None:
    """What the page says in place of an article; None for everything else."""
    if len(text) // 6 > MAX_WORDS or len(text.split()) > MAX_WORDS:
        return None
    removed, missing = _patterns()
    lines = [line.lower().strip(_SIGNS) for line in (title or "", *text.split("\n")[:_FIRST_LINES])]
    if any(removed.match(line) for line in lines):
        return "removal_notice"
    return "not_found" if any(missing.match(line) for line in lines[:2]) else None
