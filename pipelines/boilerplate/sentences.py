"""Sentences among the lines of a page: paragraphs, short statements, and placeholders of what is not loaded."""

import re

__all__ = ["ends_sentence", "is_placeholder", "is_prose", "is_sentence"]

_WORDS = re.compile(r"\w+")
_ENDS = re.compile(r"[.!?…。！？।؟][\"'”’»«)\]]*$")
_STATEMENT = re.compile(r"[.!。！।][\"'”’»«)\]]*$")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_SENTENCE_WORDS = 8
_PROSE_WORDS = 14
_PROSE_WIDE_CHARS = 30


def ends_sentence(line: str) -> bool:
    """Whether a line ends with the sign of a sentence, in or before quotation marks."""
    return _ENDS.search(line) is not None


def is_prose(line: str) -> bool:
    """A sentence of some length, and no list entry."""
    return ends_sentence(line) and (_is_long_in_wide(line) or len(_WORDS.findall(line)) >= _PROSE_WORDS)


def is_sentence(line: str) -> bool:
    """`Also on Thursday, she met the new mayor.` is one, `Read more on this.` is a label."""
    return ends_sentence(line) and len(_WORDS.findall(line)) >= _SENTENCE_WORDS


def is_placeholder(line: str) -> bool:
    """A statement without figures, as a page shows it in place of what its script loads."""
    is_long = len(_WORDS.findall(line)) >= _SENTENCE_WORDS or _is_long_in_wide(line)
    return is_long and bool(_STATEMENT.search(line)) and not line.startswith("- ") and not any(map(str.isdigit, line))


def _is_long_in_wide(line: str) -> bool:
    """Scripts that write without spaces have no words to count."""
    return len(_WIDE.findall(line)) >= _PROSE_WIDE_CHARS
