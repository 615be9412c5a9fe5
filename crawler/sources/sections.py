"""Section pages: the links of a page that look like an outlet's own articles, for outlets without a feed."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from courlan import is_navigation_page, is_not_crawlable
from courlan.filters import type_filter
from lxml import etree
from lxml.html import HtmlElement

from onestory.crawler.crawler_traps import trap_kind
from onestory.crawler.fetching.bounded_html import parse_bounded
from onestory.crawler.sources.feeds import BadSource, parser_errors_as_bad_source
from onestory.errors import BadInput, Dropped
from onestory.pipelines.extract.html import printable
from onestory.ssrf import checked_url
from onestory.store.frontier.pages import PageEntry
from onestory.urls import same_site

__all__ = ["SectionLinks", "read_section"]

MAX_LINKS = 5_000
MAX_TAKEN = 200
MAX_TITLE = 500
SLUG_WORDS = 4
HEADLINE_WORDS = 5
LONG_TEXT = 12
FIRST_IDEOGRAPHIC = "\u2e80"  # from here on scripts are written without spaces
WORDS = re.compile(r"[-_+\s]+")
NUMBER = re.compile(r"\d{5,}")
NAMES = {"id", "p", "article", "artikel", "story", "storyid", "articleid", "newsid", "nid"}


@dataclass(frozen=True, slots=True)
class SectionLinks:
    """`left_out`: how many links looked like a trap, by its kind, and how many were one too many."""

    entries: tuple[PageEntry, ...]
    left_out: Counter[str] = field(default_factory=Counter)


@parser_errors_as_bad_source
def read_section(body: bytes, *, url: str, content_type: str | None = None) -> SectionLinks:
    """The articles that a page links to, in its order, at most 200. Raises BadSource for what is no page, or has none.

    A link that is taken for an article and is none costs one request, once: the stages drop it.
    """
    try:
        tree = parse_bounded(body, url=url, content_type=content_type)
    except (Dropped, etree.LxmlError, ValueError) as error:
        raise BadSource("error", "it is not a web page (HTML)") from error
    titles: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    for link, text in _links(tree, url):
        if kind := trap_kind(link):
            left_out[kind] += link not in titles
        elif link in titles or is_article(link, text):
            titles[link] = max(titles.get(link, ""), text, key=len)
    if not titles:
        raise BadSource("empty", "the page links to nothing that looks like an article of its own site")
    left_out["beyond 200 links"] += max(len(titles) - MAX_TAKEN, 0)
    entries = tuple(PageEntry(link, _headline(text)) for link, text in list(titles.items())[:MAX_TAKEN])
    return SectionLinks(entries, +left_out)


def _links(tree: HtmlElement, url: str) -> Iterator[tuple[str, str]]:
    """URL and text of the links to other pages of the same site."""
    based = tree.find(".//base[@href]")
    base = url if based is None else _joined(url, based.get("href", ""))
    for number, element in enumerate(tree.iter("a")):
        if number >= MAX_LINKS:
            return
        try:
            link = checked_url(element.get("href") or "", base=base)
        except BadInput:
            continue
        if link != url and same_site(link, url):
            yield link, " ".join(printable(str(element.text_content())).split())


def _joined(url: str, href: str) -> str:
    try:
        return urljoin(url, href)
    except ValueError:
        return url


def is_article(url: str, text: str) -> bool:
    """Whether a link may lead to an article: by courlan's filters, then by its name or by the headline it is set in."""
    if is_navigation_page(url) or is_not_crawlable(url) or not type_filter(url, strict=True):
        return False
    parts = urlsplit(url)
    if any(name.lower() in NAMES and value.isdigit() for name, value in parse_qsl(parts.query)):
        return True
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    if not segments:
        return False
    name = segments[-1].rpartition(".")[0] or segments[-1]
    if NUMBER.search(name) or len([word for word in WORDS.split(name) if word]) >= SLUG_WORDS:
        return True
    is_long = sum(char >= FIRST_IDEOGRAPHIC for char in name) >= 6
    return is_long or len(text.split()) >= HEADLINE_WORDS


def _headline(text: str) -> str | None:
    """The text of a link is a title when it is more than 'Read more'."""
    return text[:MAX_TITLE] if len(text.split()) >= 3 or len(text) >= LONG_TEXT else None
