"""Which of two numbers is the month, `03/04/2026`: what the page's other dates and its language tell."""

import re
from collections.abc import Iterable
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from onestory.pipelines.markup.structured_data import Markup

__all__ = ["is_month_first"]

MAX_TEXTS = 5_000
MAX_CHARS = 2_000
_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,2})([-/.])(\d{1,2})\2(?:\d{4}|\d\d)(?![\d/-]|\.\d)")
# Where the month comes first: the United States, and where their English is written.
_REGIONS = frozenset(["us", "ph", "pr", "gu", "as", "mp", "vi", "fm", "mh", "pw"])
_AMERICAN = re.compile(r"\.(?:com|org|net|us|gov|edu|mil)$")
_TWELVE_HOURS = re.compile(r"\d\s?[ap]\.?m\b", re.IGNORECASE)


def is_month_first(text: str, markup: Markup, tree: HtmlElement | None) -> bool:
    """Decides an ambiguous date by what the page writes elsewhere, else by its language and region."""
    votes = _votes(value for values in markup.meta.values() for value in values)
    votes += _votes(str(node.get(key)) for node in markup.nodes for key in ("datePublished", "dateModified"))
    if not votes and tree is not None:
        votes = _votes(islice(tree.itertext(), MAX_TEXTS))
    return votes > 0 if votes else _by_language(text, markup)


def _votes(texts: Iterable[str]) -> int:
    """Dates that can only have the month first, less those that can only have the day first."""
    pairs = [(int(match[1]), int(match[3])) for text in texts for match in _NUMERIC.finditer(text[:MAX_CHARS])]
    return sum(one <= 12 < two <= 31 for one, two in pairs) - sum(two <= 12 < one <= 31 for one, two in pairs)


def _by_language(text: str, markup: Markup) -> bool:
    language, region = _tag(markup.language)
    others = [_tag(text) for key in ("og:locale", "language", "content-language") for text in markup.meta.get(key, ())]
    if not region:
        language, region = next((one for one in others if one[0] == language or not language), (language, region))
    if region[:2] in _REGIONS and len(region) == 2:
        return True
    if language != "en" or region:
        return False
    return bool(_TWELVE_HOURS.search(text) or _AMERICAN.search(urlsplit(markup.url).hostname or ""))


def _tag(text: str | None) -> tuple[str, str]:
    """Language and region of `en-US` or `en_us`."""
    language, _, region = (text or "").replace("_", "-").lower().partition("-")
    return language, region
