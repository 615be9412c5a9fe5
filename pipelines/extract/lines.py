"""Lines of text, compared by their letters and digits."""

import re

__all__ = ["line_key"]

_SIGNS = re.compile(r"\W+")


def line_key(line: str) -> str:
    """A line's letters and digits alone, in lower case: the same line, however it was set."""
    return _SIGNS.sub("", line.lower())
