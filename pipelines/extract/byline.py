"""The people who are named as an article's authors."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, dropwhile, islice
from typing import Any

from lxml.etree import XPath
from lxml.html import HtmlElement

from onestory.pipelines.extract.people import is_name, is_nobody, people, signed
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
# By the attributes, of which a page has few: a test of each element costs ten times as much.
_MICRODATA = XPath(
    "//@itemprop[. = 'author' or . = 'creator']/parent::*[not(self::meta[parent::head])]"
    " | //@property[. = 'author' or . = 'schema:author']/parent::*[not(self::meta[parent::head])]"
)
_PARTS = XPath(
    ".//*[@itemprop='name' or @itemprop='givenName' or @itemprop='familyName' or @property='name'"
    " or @property='schema:name']"
)
_RELATED = XPath("//a[@rel][contains(concat(' ', @rel, ' '), ' author ')]")
_TAGS = ("p", "span", "div", "address", "li", "a", "h3", "h4", "h5", "h6", "strong", "b", "em", "small", "cite")
_SHOWN_NAME = re.compile(
    r"(?:^|[\s_-])(?:by-?lines?|authors?|autor|auteurs?|writers?|redattore|journalist)(?:$|[\s_-])"
)
_BESIDE_NAMES = re.compile(r"(?i)publication|outlet|source|role|title|job|position|date|time|follow|share")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
# `twitter:label1` of WordPress, whose `twitter:data1` has the name.
_WRITTEN_BY = re.compile(
    r"written by|author|verfasst von|geschrieben von|écrit par|escrito por|scritto da", re.IGNORECASE
)
# Elements behind the headline in which a line may say who wrote the article.
NEAR = 40


def find_byline(
    markup: Markup, tree: HtmlElement | None = None, *, outlet: str | None = None, claim: Sequence[str] = ()
) -> tuple[str, ...]:
    """The people named as authors; an organisation only where no person is named. `claim` came beside the page."""
    fallback: tuple[str, ...] = ()
    for found in chain(_claims(markup, tree, outlet), [_beside(claim, outlet)]):
        persons = _of_one_case([name for name in found if not is_nobody(name, outlet=outlet)])
        if persons:
            return persons[:MAX_PEOPLE]
        fallback = fallback or tuple(found)
    return (fallback or tuple(_json_authors(markup, outlet, organisations=True)))[:MAX_PEOPLE]


def _of_one_case(found: list[str]) -> tuple[str, ...]:
    """Drop words in capitals beside names that are not in capitals: `USA TODAY`, `WATCH LIVE`."""
    is_loud = all(name.isupper() for name in found)
    return tuple(name for name in found if is_loud or not name.isupper())


def _beside(claim: Sequence[str], outlet: str | None) -> list[str]:
    return _unique(name for text in claim for name in people(text, outlet=outlet, is_one=len(claim) > 1))


def _claims(markup: Markup, tree: HtmlElement | None, outlet: str | None) -> Iterator[list[str]]:
    """What each place names, the surest place first."""
    yield _json_authors(markup, outlet)
    yield _meta_authors(markup, outlet)
    if tree is not None:
        for texts in (_microdata(tree), _related(tree), _shown(tree)):
            yield _unique(name for text in texts for name in people(text, outlet=outlet) if is_name(name))
        yield next((found for line in _near(tree) if (found := signed(line, outlet=outlet))), [])


def _unique(found: Iterator[str]) -> list[str]:
    """Each name once, as it was spelled first."""
    names: dict[str, str] = {}
    for name in found:
        names.setdefault(name.casefold(), name)
    return list(names.values())


def _json_authors(markup: Markup, outlet: str | None, *, organisations: bool = False) -> list[str]:
    authors: Any = markup.article.get("author") or markup.article.get("creator")
    entries = authors if isinstance(authors, list) else [authors]
    named = names([one for one in entries if _is_organisation(one) is organisations])
    return _unique(name for text in named for name in people(text, outlet=outlet, is_one=len(named) > 1))


def _is_organisation(author: Any) -> bool:
    return isinstance(author, dict) and any(word.endswith("organization") for word in types(author))


def _meta_authors(markup: Markup, outlet: str | None) -> list[str]:
    if not markup.meta:
        return []
    claims = [[value for value in markup.meta.get(key, ()) if not _ADDRESS.search(value)] for key in _AUTHOR_META]
    if _WRITTEN_BY.search(markup.first("twitter:label1") or ""):
        claims.append([markup.first("twitter:data1") or ""])
    for values in claims:
        found = _unique(name for value in values for name in people(value, outlet=outlet, is_one=len(values) > 1))
        if any(not is_nobody(name, outlet=outlet) for name in found):
            return found
    values = [value for values in claims for value in values]
    return _unique(name for value in values[:1] for name in people(value, outlet=outlet))


def _microdata(tree: HtmlElement) -> Iterator[str]:
    for element in islice(_MICRODATA(tree), MAX_ELEMENTS):
        if is_outside(element) or "Organization" in (element.get("itemtype") or ""):
            continue
        parts = [_text(part) or part.get("content") or "" for part in islice(_PARTS(element), 3)]
        yield " ".join(parts) if parts else element.get("content") or _text(element)


def _related(tree: HtmlElement) -> Iterator[str]:
    return (_text(link) for link in islice(_RELATED(tree), MAX_ELEMENTS) if not is_outside(link))


def _shown(tree: HtmlElement) -> Iterator[str]:
    """The first short lines whose class, id or test mark says that they name the authors."""
    for element in tree.iter(*_TAGS):
        if not _says_author(element) or is_outside(element) or not 0 < len(_text(element)) <= MAX_SHOWN_CHARS:
            continue
        for one in (element, *islice(_alike(element), MAX_PEOPLE)):
            links = [_text(link) for link in islice(one.iter("a"), MAX_ELEMENTS)]
            yield from links if any(links) else _lines(one)
        return


def _says_author(element: HtmlElement) -> bool:
    return _is_author(element.get("class")) or _is_author(element.get("id")) or _is_author(element.get("data-testid"))


@lru_cache(maxsize=4096)
def _is_author(name: str | None) -> bool:
    """Templates say the same few names again and again."""
    return bool(name) and _SHOWN_NAME.search(_CAMEL.sub("-", (name or "")[:200]).lower()) is not None


def _alike(element: HtmlElement) -> Iterator[HtmlElement]:
    """The following elements of the same class: one for each author."""
    for other in element.itersiblings(element.tag):
        if other.get("class") == element.get("class") and len(_text(other)) <= MAX_SHOWN_CHARS:
            yield other


def _near(tree: HtmlElement) -> Iterator[str]:
    """Short lines right behind the headline."""
    elements = tree.iter("h1", "p", "div", "span", "address", "li")
    after = dropwhile(lambda element: element.tag != "h1", elements)
    for element in islice(after, NEAR):
        if element.tag != "h1" and not is_outside(element) and 0 < len(text := _text(element)) <= MAX_SHOWN_CHARS:
            yield text


def _lines(element: HtmlElement) -> list[str]:
    """The text as it is where words stand between its elements, `By <b>Ada</b> and <b>Ben</b>`; else that of each."""
    parts = [element, *islice(element.iterdescendants(), MAX_ELEMENTS)]
    if any(_has_words_between(one) for one in parts):
        return [_text(element)]
    named = (part for part in parts if not _BESIDE_NAMES.search(part.get("class") or ""))
    return [text for part in named for said in (part.text, part.tail) if (text := " ".join((said or "").split()))]


def _has_words_between(element: HtmlElement) -> bool:
    said = (element.text, *(child.tail for child in element)) if len(element) else ()
    return any(text and not text.isspace() for text in said)


def _text(element: HtmlElement) -> str:
    """Templates set no spaces between elements and at line breaks."""
    return " ".join(" ".join(islice(element.itertext(), 4 * MAX_ELEMENTS))[: 4 * MAX_SHOWN_CHARS].split())
