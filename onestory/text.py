"""Text from the web, made safe for terminals and for JSON."""

import re
import unicodedata

__all__ = ["escape_controls", "first_sentence", "plural", "printable"]

# Characters that JSON allows unescaped: DEL, C1 controls, bidi marks, line and paragraph separators.
TERMINAL_CONTROLS = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def printable(text: str | None, *, width: int | None = None) -> str:
    """One line without control, format or surrogate characters, cut to `width` characters with an ellipsis."""
    kept = "".join(" " if c in "\t\r\n" else c for c in text or "" if c in "\t\r\n" or _is_safe(c))
    line = " ".join(kept.split())
    return line if width is None or len(line) <= width else line[: width - 1] + "…"


# The end of a sentence, with closing quotation marks. Shorter beginnings end in an abbreviation or a dateline.
SENTENCE_END = re.compile("(?:[.!?…][\"'”’»)]*(?=\\s|$)|[。！？][」』”]*)")
MIN_SENTENCE_CHARS = 40


def first_sentence(text: str, *, width: int = 240) -> str:
    """The first sentence of a text, cut at a word to `width` characters with an ellipsis. Empty for an empty text."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    ends = (found.end() for found in SENTENCE_END.finditer(line))
    end = next((end for end in ends if end >= MIN_SENTENCE_CHARS or end == len(line)), len(line))
    if end <= width:
        return line[:end]
    cut = line[: width - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut) + "…"


def plural(number: int, one: str, many: str) -> str:
    """The number with its noun, as in "1 copy" and "2 copies"."""
    return f"{number} {one if number == 1 else many}"


def _is_safe(character: str) -> bool:
    # U+200C and U+200D join letters in Persian and Indic scripts, and are harmless.
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn") or character in "\u200c\u200d"


def escape_controls(json: str) -> str:
    """Equivalent JSON with terminal control characters escaped. They can occur only inside strings."""
    return TERMINAL_CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", json)
