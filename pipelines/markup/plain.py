"""Text of fields in one plain line: without tags, entities, and the marks that only tell where a line may break."""

import re
from html import unescape

__all__ = ["MAX_TITLE_CHARS", "plain", "unmarked"]

MAX_TITLE_CHARS = 300
# Tags of text. A headline may name another one: `Why the <blink> tag died`.
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|blockquote|br|cite|code|del|div|em|figure|font|h[1-6]|hr|i|img|ins|li|mark|nobr|ol|p|q|s|small|"
    r"span|strike|strong|sub|sup|t[dhrt]|table|time|u|ul|wbr)(?:[\s/][^<>]{0,200})?>",
    re.IGNORECASE,
)
# Soft hyphens and zero-width spaces. Joiners stay: Persian and Indian scripts are written with them.
_MARKS = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff\u180e"))
# Marks of text direction, which pages set around a headline.
_DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def plain(text: str) -> str:
    """Text without tags and entities, in one line, at most MAX_TITLE_CHARS long. `2 < 3` is no tag."""
    # Twice, because JSON-LD and meta tags are often escaped twice.
    bare = _TAG.sub("", unescape(_TAG.sub("", unescape(text))))
    if bare.lstrip().startswith("<![CDATA["):
        bare = bare.replace("<![CDATA[", "").replace("]]>", "")
    return " ".join(unmarked(bare).strip(_DIRECTIONS).split())[:MAX_TITLE_CHARS].strip()


def unmarked(text: str) -> str:
    """Text without soft hyphens and zero-width spaces."""
    return text.translate(_MARKS) if not text.isascii() else text
