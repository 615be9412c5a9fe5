"""Lines of text, compared by their letters and digits."""

import re
from collections.abc import Collection, Iterator

__all__ = ["line_key", "share_known", "word_windows"]

_SIGNS = re.compile(r"\W+")
_WORDS = re.compile(r"\w+")
_WINDOW = 4


def line_key(line: str) -> str:
    """A line's letters and digits alone, in lower case: the same line, however it was set."""
    return _SIGNS.sub("", line.lower())


def word_windows(text: str) -> Iterator[tuple[str, ...]]:
    """Every run of four words of a text, in lower case."""
    words = _WORDS.findall(text.lower())
    for start in range(len(words) - _WINDOW + 1):
        yield tuple(words[start : start + _WINDOW])


def share_known(line: str, letters: str, known: Collection[tuple[str, ...]], body: str) -> float:
    """The share of a line's windows among those known; a shorter line counts whole, by its `letters` in the body's."""
    windows = list(word_windows(line))
    if not windows:
        return float(letters in body)
    return sum(window in known for window in windows) / len(windows)
