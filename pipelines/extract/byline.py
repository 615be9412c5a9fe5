"""The people who are named as an article's authors."""

import re
from collections.abc import Iterator

from onestory.pipelines.extract.metadata import plain_text
from onestory.pipelines.extract.structured_data import Markup, entity_names, types

__all__ = ["find_byline"]

MAX_PEOPLE = 12

_AUTHOR_META = (
    "author", "article:author", "byl", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator",
    "article:author_name", "cxenseparse:author", "og:article:author", "article.author", "authors", "byline",
)  # fmt: skip
_ADDRESS = re.compile(r"https?://|www\.|@\w|\.(?:com|net|org)/", re.IGNORECASE)
_BY = re.compile(
    r"^\s*(?:(?:written |posted |story |text )?by|von|par|por|di|door|av|af|przez|oleh|от|автор|作者|文|記者|기자)"
    r"\s*[:：]?\s+"
    r"|^\s*(?:作者|文|記者)\s*[:：]\s*",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*(?:;|\||、|，|\n|•|·|/ | / |,\s+(?=\S+\s)|\s+(?:and|und|et|y|e|og|och|en|dan|i|и|&)\s+)\s*")
_ROLE = re.compile(
    r",\s*(?:.*\b(?:editor|reporter|correspondent|writer|staff|redakt\w*|journalist\w*|korrespondent\w*|"
    r"corrispondente|corresponsal|rédact\w*|chief|contributor|columnist|agenc\w+)\b.*)$|\s*\([^)]*\)\s*$",
    re.IGNORECASE,
)


def find_byline(markup: Markup) -> tuple[str, ...]:
    """The people named as authors; an organisation only where no person is named."""
    for claimed in (_json_authors(markup), _meta_authors(markup)):
        people = tuple(dict.fromkeys(name for text in claimed for name in _people(text)))
        if people:
            return people[:MAX_PEOPLE]
    return ()


def _json_authors(markup: Markup) -> tuple[str, ...]:
    authors = markup.article.get("author") or markup.article.get("creator")
    entries = authors if isinstance(authors, list) else [authors]
    persons = [entry for entry in entries if not (isinstance(entry, dict) and "organization" in types(entry))]
    return entity_names(persons) or entity_names(entries)


def _meta_authors(markup: Markup) -> tuple[str, ...]:
    return next((values for key in _AUTHOR_META if (values := _named(markup.meta.get(key, ())))), ())


def _named(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in values if not _ADDRESS.search(value))


def _people(text: str) -> Iterator[str]:
    text = _BY.sub("", plain_text(text))
    for part in _SPLIT.split(text):
        name = _ROLE.sub("", _BY.sub("", part)).strip(" ,.;:-–—")
        if 1 < len(name) <= 80 and not _ADDRESS.search(name):
            yield name
