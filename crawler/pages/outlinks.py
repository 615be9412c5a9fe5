"""Links in an article's text to articles of other sites: pure functions of a page."""

from collections.abc import Iterator

from courlan.settings import BLACKLIST
from lxml import etree
from lxml.html import HtmlElement

from onestory.crawler.crawler_traps import trap_kind
from onestory.crawler.fetching.bounded_html import parse_bounded
from onestory.crawler.sources.sections import is_article
from onestory.errors import BadInput, Dropped
from onestory.ssrf import checked_url
from onestory.urls import host_of, same_site, site_of

__all__ = ["outlinks"]

MAX_LINKS = 500
# Links that a publisher does not vouch for or was paid for (https://html.spec.whatwg.org/#linkTypes, and Google's two).
NOT_VOUCHED = {"nofollow", "sponsored", "ugc"}
TEXT = ("p", "blockquote")
AROUND = {"nav", "footer", "aside", "header", "form"}


def outlinks(body: bytes, *, url: str, content_type: str | None = None, limit: int) -> list[str]:
    """The normal URLs in text order, without duplicates; none if the page asks that its links not be followed."""
    try:
        tree = parse_bounded(body, url=url, content_type=content_type)
        if _is_nofollow(tree):
            return []
        found = dict.fromkeys(link for link in _links(tree, url) if _leads_elsewhere(link, url))
    except (Dropped, etree.LxmlError, ValueError):
        return []
    return list(found)[:limit]


def _is_nofollow(tree: HtmlElement) -> bool:
    return any(
        {"nofollow", "none"} & {word.strip() for word in meta.get("content", "").lower().split(",")}
        for meta in tree.iter("meta")
        if meta.get("name", "").lower() == "robots"
    )


def _links(tree: HtmlElement, url: str) -> Iterator[str]:
    """Links of paragraphs only: the rest of a page links to everything."""
    for number, element in enumerate(tree.iter("a")):
        if number >= MAX_LINKS:
            return
        if NOT_VOUCHED & set(element.get("rel", "").lower().split()) or not _is_in_text(element):
            continue
        try:
            link = checked_url(element.get("href") or "", base=url)
        except BadInput:
            continue
        if is_article(link, " ".join(str(element.text_content()).split())) and trap_kind(link) is None:
            yield link


def _is_in_text(element: HtmlElement) -> bool:
    names = {ancestor.tag for ancestor in element.iterancestors()}
    return not names.isdisjoint(TEXT) and names.isdisjoint(AROUND)


def _leads_elsewhere(link: str, url: str) -> bool:
    """Whether the link leads to another site that is not one of the large platforms."""
    name = site_of(host_of(link)).partition(".")[0]
    return not same_site(link, url) and name not in BLACKLIST
