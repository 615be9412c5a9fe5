"""The people who are named as an article's authors."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from lxml.etree import XPath
from lxml.html import HtmlElement

from onestory.pipelines.extract.people import is_name, is_nobody, people
from onestory.pipelines.markup.outside import is_outside
from onestory.pipelines.markup.structured_data import Markup, names, types

__all__ = ["find_byline"]

MAX_PEOPLE = 12
MAX_ELEMENTS = 20
MAX_SHOWN_CHARS = 160

_AUTHOR_META = (
    "author", "article:author", "byl", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator",
    "article:author_name", "cxenseparse:author", "og:article:author", "article.author", "authors", "byline",
    "citation_author", "dc.contributor", "og:author", "twitter:creator:name",
)  # fmt: skip
_ADDRESS = re.compile(r"https?:/|www\.|^@\w|\.(?:com|net|org)/", re.IGNORECASE)
_MICRODATA = XPath("//*[@itemprop='author' or @itemprop='creator']")
_PARTS = XPath(".//*[@itemprop='name' or @itemprop='givenName' or @itemprop='familyName']")
_RELATED = XPath("//a[contains(concat(' ', @rel, ' '), ' author ')]")
_SHOWN = XPath("//*[@class][self::p or self::span or self::div or self::address or self::li or self::a]")
_SHOWN_CLASS = re.compile(
    r"(?:^|[\s_-])(?:by-?lines?|authors?|autor|auteurs?|writers?|redattore|journalist)(?:$|[\s_-])"
)


def find_byline(
    markup: Markup, tree: HtmlElement | None = None, *, outlet: str | None = None, claim: Sequence[str] = ()
) -> tuple[str, ...]:
    """The people named as authors; an organisation only where no person is named. `claim` came beside the page."""
    fallback: tuple[str, ...] = ()
    for found in chain(_claims(markup, tree, outlet), [_beside(claim, outlet)]):
        persons = tuple(name for name in found if not is_nobody(name, outlet=outlet))
        if persons:
            return persons[:MAX_PEOPLE]
        fallback = fallback or tuple(found)
    return (fallback or tuple(_json_authors(markup, outlet, organisations=True)))[:MAX_PEOPLE]


def _beside(claim: Sequence[str], outlet: str | None) -> list[str]:
    return _unique(name for text in claim for name in people(text, outlet=outlet, is_one=len(claim) > 1))


def _claims(markup: Markup, tree: HtmlElement | None, outlet: str | None) -> Iterator[list[str]]:
    """What each place names, the surest place first."""
    yield _json_authors(markup, outlet)
    yield _meta_authors(markup, outlet)
    if tree is not None:
        for texts in (_microdata(tree), _related(tree), _shown(tree)):
            yield _unique(name for text in texts for name in people(text, outlet=outlet) if is_name(name))


def _unique(found: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _json_authors(markup: Markup, outlet: str | None, *, organisations: bool = False) -> list[str]:
    authors: Any = markup.article.get("author") or markup.article.get("creator")
    entries = authors if isinstance(authors, list) else [authors]
    named = names([one for one in entries if _is_organisation(one) is organisations])
    return _unique(name for text in named for name in people(text, outlet=outlet, is_one=len(named) > 1))


def _is_organisation(author: Any) -> bool:
    return isinstance(author, dict) and any(word.endswith("organization") for word in types(author))


def _meta_authors(markup: Markup, outlet: str | None) -> list[str]:
    for key in _AUTHOR_META:
        values = [value for value in markup.meta.get(key, ()) if not _ADDRESS.search(value)]
        found = _unique(name for value in values for name in people(value, outlet=outlet, is_one=len(values) > 1))
        if any(not is_nobody(name, outlet=outlet) for name in found):
            return found
    values = [value for key in _AUTHOR_META for value in markup.meta.get(key, ()) if not _ADDRESS.search(value)]
    return _unique(name for value in values[:1] for name in people(value, outlet=outlet))


def _microdata(tree: HtmlElement) -> Iterator[str]:
    for element in islice(_MICRODATA(tree), MAX_ELEMENTS):
        if is_outside(element):
            continue
        parts = [_text(part) or part.get("content") or "" for part in islice(_PARTS(element), 3)]
        yield " ".join(parts) if parts else element.get("content") or _text(element)


def _related(tree: HtmlElement) -> Iterator[str]:
    return (_text(link) for link in islice(_RELATED(tree), MAX_ELEMENTS) if not is_outside(link))


def _shown(tree: HtmlElement) -> Iterator[str]:
    """The first short line whose class says that it names the authors."""
    for element in _SHOWN(tree):
        classes = element.get("class")
        if not classes or not _SHOWN_CLASS.search(classes[:200].lower()) or is_outside(element):
            continue
        if 0 < len(_text(element)) <= MAX_SHOWN_CHARS:
            links = [_text(link) for link in islice(element.iter("a"), MAX_ELEMENTS)]
            yield from links if any(links) else _lines(element)
            return


def _lines(element: HtmlElement) -> list[str]:
    """The text of an element without children as it is; else that of each child, as templates set no spaces."""
    parts = [" ".join(text.split()) for text in element.itertext()]
    text = _text(element)
    return [text] if " ".join(part for part in parts if part) == text else [part for part in parts if part]


def _text(element: HtmlElement) -> str:
    return " ".join(str(element.text_content())[: 4 * MAX_SHOWN_CHARS].split())
