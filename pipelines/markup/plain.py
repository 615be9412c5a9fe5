"""Text of fields in one plain line: without tags, entities, and the marks that only tell where a line may break."""

import re
from html import unescape

__all__ = ["MAX_TITLE_CHARS", "plain", "unmarked"]

MAX_TITLE_CHARS = 300
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
# Soft hyphens and zero-width spaces. Joiners stay: Persian and Indian scripts are written with them.
_MARKS = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff\u180e"))


def plain(text: str) -> str:
    """Text without tags and entities, in one line, at most MAX_TITLE_CHARS long. `2 < 3` is no tag."""
    # Twice, because JSON-LD and meta tags are often escaped twice.
    bare = _TAG.sub("", unescape(_TAG.sub("", unescape(text))))
    return " ".join(unmarked(bare).split())[:MAX_TITLE_CHARS].strip()


def unmarked(text: str) -> str:
    """Text without soft hyphens and zero-width spaces."""
    return text.translate(_MARKS) if not text.isascii() else text
