"""The headline as comparisons read it: the title and the words of the address, without the name of the site."""

import re
from urllib.parse import unquote, urlsplit

from onestory.dedupe.headlines import Headline
from onestory.dedupe.signature import Signature
from onestory.dedupe.text import ComparedText
from onestory.store.articles.versions import VersionText
from onestory.urls import host_of

__all__ = ["compared", "headline_of", "origin_of"]

FEWEST_SLUG_WORDS = 3
MOST_CHARS = 400
_WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_EXTENSION = re.compile(r"\.\w{1,5}$")


def headline_of(title: str | None, url: str) -> str:
    """Two lines: the title, and the last part of the address that has words; either may be missing.

    Words that the host's own name holds say nothing of the article.
    """
    site = host_of(url)
    lines = (_without(title or "", site), _without(_slug(url), site))
    return "\n".join(line for line in lines if line)[:MOST_CHARS]


def origin_of(url: str) -> str:
    """The host that shows the article; what it shows around its articles is its own."""
    return host_of(url).removeprefix("www.")


def compared(version: VersionText, signature: Signature) -> ComparedText:
    """A version as verification reads it."""
    headline = Headline(headline_of(version.title, version.url))
    return ComparedText(version.number, version.text, signature, headline, origin_of(version.url))


def _slug(url: str) -> str:
    for part in reversed(unquote(urlsplit(url).path).split("/")):
        words = _LETTERS.findall(_EXTENSION.sub("", part))
        if len(words) >= FEWEST_SLUG_WORDS:
            return " ".join(words)
    return ""


def _without(line: str, site: str) -> str:
    return " ".join(word for word in _WORD.findall(line) if word.lower() not in site)
