"""Whether a text says of itself that it was corrected, updated, held, killed or withdrawn."""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from onestory.pipelines.literals import Literals
from onestory.pipelines.markup.structured_data import Markup

__all__ = ["KINDS", "find_notice"]

# The gravest first: a text that was corrected and then withdrawn is withdrawn.
KINDS = ("kill", "withdrawn", "hold", "correction", "clarification", "update")
_EDGE_LINES = 3
_MAX_LINE_CHARS = 700
_SIGNS = " \t*–—-•>[(_"


@cache
def _phrases() -> Literals:
    """All phrases: a text without any of them says nothing of the kind."""
    table = tomllib.loads(files(__package__).joinpath("notice.toml").read_text("utf-8"))
    return Literals(phrase for kind in KINDS for where in ("head", "line") for phrase in table[kind][where])


@cache
def _patterns() -> dict[str, tuple[re.Pattern[str] | None, re.Pattern[str] | None]]:
    table = tomllib.loads(files(__package__).joinpath("notice.toml").read_text("utf-8"))
    return {kind: (_begins(table[kind]["head"]), _begins(table[kind]["line"])) for kind in KINDS}


def _begins(phrases: Sequence[str]) -> re.Pattern[str] | None:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if phrases else None


def find_notice(lines: Sequence[str], *, title: str | None = None, markup: Markup | None = None) -> str | None:
    """One of KINDS, from JSON-LD's CorrectionComment, the title, or the first and last lines as the page has them."""
    edge = [line for line in (*lines[:_EDGE_LINES], *lines[-_EDGE_LINES:]) if len(line) <= _MAX_LINE_CHARS]
    heads = [text.lower().strip(_SIGNS) for text in ((title or ""), *edge)]
    for kind in KINDS if _phrases().are_in("\n".join(heads)) else ():
        head, line = _patterns()[kind]
        if (head and any(head.match(text) for text in heads)) or (
            line and any(line.search(text) for text in heads[1:])
        ):
            return kind
    return "correction" if markup and markup.article.get("correction") else None
