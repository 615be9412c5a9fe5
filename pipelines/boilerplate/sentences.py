"""Sentences among the lines of a page: paragraphs, short statements, and placeholders of what is not loaded."""

import re
from itertools import islice

__all__ = ["ends_sentence", "is_placeholder", "is_prose", "is_sentence"]

_WORDS = re.compile(r"\w+")
_SIGNS_AT_END = tuple(".!?…。！？।؟")
_BEHIND_SIGNS = "\"'”’»«)]"
_STATEMENT = re.compile(r"[.!。！।][\"'”’»«)\]]*$")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_SENTENCE_WORDS = 8
_PROSE_WORDS = 14
_PROSE_WIDE_CHARS = 30


def ends_sentence(line: str) -> bool:
    """Whether a line ends with the sign of a sentence, in or before quotation marks."""
    return line.removesuffix("\n").rstrip(_BEHIND_SIGNS).endswith(_SIGNS_AT_END)


def is_prose(line: str) -> bool:
    """A sentence of some length, and no list entry."""
    return ends_sentence(line) and (_has_words(line, _PROSE_WORDS) or _is_long_in_wide(line))


def is_sentence(line: str) -> bool:
    """`Also on Thursday, she met the new mayor.` is one, `Read more on this.` is a label."""
    return ends_sentence(line) and _has_words(line, _SENTENCE_WORDS)


def is_placeholder(line: str) -> bool:
    """A statement without figures, as a page shows it in place of what its script loads."""
    is_long = _has_words(line, _SENTENCE_WORDS) or _is_long_in_wide(line)
    return is_long and bool(_STATEMENT.search(line)) and not line.startswith("- ") and not any(map(str.isdigit, line))


def _has_words(line: str, least: int) -> bool:
    """Whether a line has so many words; only as much of it is read."""
    return next(islice(_WORDS.finditer(line), least - 1, None), None) is not None


def _is_long_in_wide(line: str) -> bool:
    """Scripts that write without spaces have no words to count."""
    return not line.isascii() and len(_WIDE.findall(line)) >= _PROSE_WIDE_CHARS
