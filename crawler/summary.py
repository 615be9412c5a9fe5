"""What a feed says of an entry beside its title, as plain text: watches look for their words in it."""

import html
import re

from pipelines.page import printable

__all__ = ["summary_of"]

MAX_LENGTH = 2_000
# Of markup, of which little may be text.
MAX_MARKUP = 20_000
# No `<` inside: a text of nothing but these is looked at once, and not once a character.
TAG = re.compile(r"<[^<>]*>")


def summary_of(*fields: object) -> str | None:
    """The longest of the fields without its markup, at most 2,000 characters; None where nothing is said."""
    said = max((field for field in fields if isinstance(field, str)), key=len, default="")
    markup = said[:MAX_MARKUP]
    # Some feeds escape their markup twice.
    markup = markup if "<" in markup else html.unescape(markup)
    text = html.unescape(TAG.sub(" ", markup))
    return " ".join(printable(text).split())[:MAX_LENGTH] or None
