"""Lines of text, compared by their letters and digits."""

import re
from collections.abc import Collection, Iterator, Sequence

from onestory.dedupe.characters import classes_of, codes_of, text_of

__all__ = ["line_key", "line_keys", "share_known", "word_windows"]

_SIGNS = re.compile(r"\W+")
_WORDS = re.compile(r"\w+")
_WINDOW = 4


def line_key(line: str) -> str:
    """A line's letters and digits alone, in lower case: the same line, however it was set."""
    return _SIGNS.sub("", line.lower())


def line_keys(lines: Sequence[str]) -> list[str]:
    """The `line_key` of each line; of a whole text several times faster than one by one."""
    codes = codes_of("\n".join(lines).lower())
    ends = codes == ord("\n")
    keys = text_of(codes[(classes_of(codes) > 0) | ends]).split("\n")
    # A line that holds a line break has been cut in two.
    return keys if len(keys) == len(lines) else [line_key(line) for line in lines]


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
