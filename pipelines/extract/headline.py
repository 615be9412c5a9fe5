"""An article's headline, among what a page claims to be it: without the outlet's name, its logo and its sections."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from urllib.parse import unquote, urlsplit

from lxml.etree import XPath
from lxml.html import HtmlElement

from onestory.pipelines.markup.affixes import Names, bare_title, letters
from onestory.pipelines.markup.outside import is_outside
from onestory.pipelines.markup.plain import plain
from onestory.pipelines.markup.structured_data import Markup, names, strings, types

__all__ = ["headline", "titles"]

_TITLE_META = ("og:title", "twitter:title", "headline", "dc.title", "parsely-title", "sailthru.title")
_WORDS = re.compile(r"\w+")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_MORE = re.compile(r"\s*[|–—·•»:,]|\s+[-«]\s")
_CUT = re.compile(r"\s*(?:…|\.\.\.)$")
# By the attribute: a page has many hundred links.
_LINKS_TO = XPath("//a/@href[. = $at]/parent::a")
# Placeholders that templates, scripts and editors use instead of a headline.
_EMPTY = frozenset(["untitled", "untitleddocument", "undefined", "null", "none", "home", "index", "title", "notitle"])
# Elements in a heading: those without text, those that are not part of the headline, those that begin a line.
_UNSEEN = frozenset(["script", "style", "button", "template", "svg", "noscript"])
_BREAKS = frozenset(["br", "div", "p", "li"])
_LABEL = re.compile(
    r"(?:^|[\s_-])(?:kickers?|eyebrow|overline|roofline|dachzeile|toptitle|label|badge|flag|pill|share\w*|icon|"
    r"sr-only|visually-hidden|visuallyhidden|screen-reader\w*)(?:$|[\s_-])",
    re.IGNORECASE,
)
# Fields have straight quotes and hyphens where the page has curled ones and dashes.
_PLAIN_SIGNS = str.maketrans(
    {**dict.fromkeys("‘’‚‛´`", "'"), **dict.fromkeys("“”„‟", '"'), **dict.fromkeys("–—―", "-")}
)
# What joins a label to the headline behind it.
_JOINS = " :|-–—·•/"
MIN_SHARED = 15
SLOGAN_WORDS = 4
MAX_HEADINGS = 20
MIN_NAME = 3


def headline(markup: Markup, tree: HtmlElement | None, *, site: str | None, claim: str | None = None) -> str | None:
    """The headline of the article. `site` is the outlet's name, `claim` a title that came beside the page.

    Many outlets write two: one for their readers and one for search engines. What is made for sharing counts as made
    for readers; where search engines get that as well, or the page shows what JSON-LD has and shares less, the headline
    of JSON-LD does.
    """
    known = _known(markup, tree, site)
    shared, told = (bare_title(text, known) for text in (markup.first("og:title"), _told(markup)))
    heading, searched = bare_title(_heading(markup, tree, known), known), bare_title(markup.title, known)
    rest = [bare_title(markup.first(key), known) for key in _TITLE_META[1:]]
    if heading and searched and len(heading.split()) < 3 and not _is_within(heading, searched):
        heading = None
    seen = [text for text in (heading, searched) if text]
    shared = shared if shared and _is_akin(shared, seen) else None
    best = _of_two(markup, shared, told, heading, searched) or heading or searched
    if heading and best and _is_labelled(best, heading, tree):
        best = heading
    claims = (best, shared, told, heading, *rest, searched, bare_title(claim, known))
    candidates = [text for text in claims if text and letters(text) not in _EMPTY]
    if not candidates:
        return _subheading(tree) or plain(markup.title or "") or None
    found = _whole(_plainest(candidates[0], candidates), candidates)
    return heading if heading is not None and _is_spelled_alike(heading, found) else found


def _is_spelled_alike(one: str, other: str) -> bool:
    """Whether two claims differ in nothing but the form of quotes, dashes and spaces."""
    return one.translate(_PLAIN_SIGNS) == other.translate(_PLAIN_SIGNS)


def _is_labelled(best: str, heading: str, tree: HtmlElement | None) -> bool:
    """Whether a claim is the heading behind a section: before a bar, or where the page shows a label of its own."""
    before = best[: -len(heading)] if best.endswith(heading) else ""
    if not before or len(heading) <= MIN_SHARED:
        return False
    whole = [plain("".join(_texts(one, with_labels=True))) for one in _headings(tree, "h1")] if tree is not None else []
    has_label = any(text.endswith(heading) and text != heading for text in whole)
    return (has_label and before.endswith(": ")) or before.endswith(" | ")


def _told(markup: Markup) -> str | None:
    return next(iter(strings(markup.article.get("headline"))), None)


def _of_two(
    markup: Markup, shared: str | None, told: str | None, heading: str | None, searched: str | None
) -> str | None:
    """Choose between the title for sharing and the headline in JSON-LD by what the page itself shows."""
    if not shared or not told or _is_same(shared, told):
        return shared or told
    if heading is None or not _is_same(heading, told):
        return told if searched is not None and _is_same(searched, shared) else shared
    alternatives = strings(markup.article.get("alternativeHeadline"))
    is_second = any(_is_same(other, shared) for other in alternatives) or _is_within(told, shared)
    return told if is_second else shared


def _is_same(one: str, other: str) -> bool:
    """Whether two claims have the same letters, or the one and more behind it."""
    a, b = sorted((letters(one), letters(other)), key=len)
    return a == b or (len(a) > MIN_SHARED and b.startswith(a))


def _is_within(one: str, other: str) -> bool:
    return letters(one) in letters(other)


def _is_akin(text: str, seen: Collection[str]) -> bool:
    """Whether a short claim has a longer word in common with what the page shows: a slogan of the outlet has none."""
    words = _long_words(text)
    return (
        not seen
        or len(text.split()) > SLOGAN_WORDS
        or not words
        or any(words & _long_words(one) or _is_within(one, text) for one in seen)
    )


def _long_words(text: str) -> set[str]:
    """Words of four letters and more, and every letter of scripts that write many words in one."""
    return {word for word in _WORDS.findall(text.lower()) if len(word) >= 4} | set(_WIDE.findall(text))


def _is_aside(element: HtmlElement) -> bool:
    return any(above.tag in ("aside", "footer") for above in element.iterancestors())


def _plainest(best: str, claims: Sequence[str]) -> str:
    """The claim that `best` is with something more behind it: a section, an outlet, words for search engines."""
    whole = letters(best)
    shorter = [
        one
        for one in claims
        if len(one) > MIN_SHARED
        and whole.startswith(letters(one))
        and (_MORE.match(best, len(one)) or (best[len(one) :].startswith(" ") and claims.count(one) > 1))
    ]
    return min(shorter, key=len, default=best)


def _whole(best: str, claims: Sequence[str]) -> str:
    """The full claim, if `best` is its truncated beginning: `Harbour bridge shut after cr…`."""
    cut = _CUT.sub("", best)
    if cut == best:
        return best
    return next((one for one in claims if len(one) > len(cut) and one.startswith(cut) and not _CUT.search(one)), best)


def titles(markup: Markup, tree: HtmlElement | None) -> Iterator[str]:
    """Every claim to be the headline, the likeliest first."""
    whole = [str(one.text_content()) for one in islice(_headings(tree, "h1"), 3)] if tree is not None else []
    claims = (
        *markup.meta.get("og:title", ())[:1],
        *strings(markup.article.get("headline"))[:1],
        _heading(markup, tree, Names()),
        *whole,
        *(markup.first(key) for key in _TITLE_META[1:]),
        markup.title,
        *strings(markup.article.get("name"))[:1],
    )
    yield from dict.fromkeys(text for claim in claims if claim and (text := plain(claim)))


def _heading(markup: Markup, tree: HtmlElement | None, known: Names) -> str | None:
    """The h1 that another claim repeats, or such an h2. Otherwise the only h1, unless it is a logo."""
    if tree is None:
        return None
    said = (markup.first("og:title"), *strings(markup.article.get("headline"))[:1], markup.title)
    others = [letters(plain(one)) for one in said if one]
    texts = [text for one in _headings(tree, "h1") if (text := _shown(one, others)) and not known.has(text)]
    if any(repeated := [text for text in texts if any(other.startswith(letters(text)) for other in others)]):
        return repeated[0]
    below = (_shown(one, others) for one in _headings(tree, "h2") if not is_outside(one))
    if title := next((text for text in below if len(text) > MIN_SHARED and _is_among(text, others)), None):
        return title
    return texts[0] if len(texts) == 1 and bare_title(texts[0], known) == texts[0] else None


def _headings(tree: HtmlElement, tag: str) -> Iterator[HtmlElement]:
    return (one for one in islice(tree.iter(tag), MAX_HEADINGS) if not _is_aside(one))


def _is_among(text: str, others: Collection[str]) -> bool:
    return any(letters(text) in other for other in others)


def _subheading(tree: HtmlElement | None) -> str | None:
    """The first h2 or h3 of the article: where no field names a headline, templates show it so."""
    elements = tree.iter("h2", "h3") if tree is not None else iter(())
    inner = (one for one in islice(elements, MAX_HEADINGS) if not is_outside(one) and not _is_in_header(one))
    return next((text for one in inner if len(text := _shown(one, ())) > MIN_SHARED), None)


def _is_in_header(element: HtmlElement) -> bool:
    return any(above.tag == "header" for above in element.iterancestors())


def _shown(heading: HtmlElement, others: Collection[str]) -> str:
    """The text of a heading, without the label in it unless another claim begins with that as well."""
    whole = plain("".join(_texts(heading, with_labels=True)))
    bare = plain("".join(_texts(heading, with_labels=False))).lstrip(_JOINS) if len(heading) else whole
    said = letters(whole)
    return whole if not bare or any(other.startswith(said) for other in others) else bare


def _texts(element: HtmlElement, *, with_labels: bool) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        edge = " " if child.tag in _BREAKS else ""
        if child.tag not in _UNSEEN and (with_labels or not _LABEL.search(child.get("class") or "")):
            yield edge
            yield from _texts(child, with_labels=with_labels)
        yield edge + (child.tail or "")


def _known(markup: Markup, tree: HtmlElement | None, site: str | None) -> Names:
    """The outlet's names: as given, of its host, and of the links to its front page; and the page's sections."""
    parts = urlsplit(markup.url)
    host = (parts.hostname or "").removeprefix("www.")
    found = [site or "", host, host.partition(".")[0], *markup.meta.get("og:site_name", ())[:1]]
    if tree is not None:
        found += [str(link.text_content())[:60] for link in islice(_front_links(tree, host), 4)]
    sections = [*unquote(parts.path).split("/")[:-1], *_sections(markup)]
    return Names(
        outlet=frozenset(known for name in found if len(known := letters(name)) >= MIN_NAME),
        sections=frozenset(known for name in sections if (known := letters(name))),
    )


def _sections(markup: Markup) -> Iterator[str]:
    yield from strings(markup.article.get("articleSection"))
    yield from markup.meta.get("article:section", ())
    for node in markup.nodes:
        if "listitem" in types(node):
            yield from (*names(node.get("name")), *names(node.get("item")))


def _front_links(tree: HtmlElement, host: str) -> Iterator[HtmlElement]:
    fronts = ("/", f"https://{host}/", f"https://www.{host}/", f"https://{host}", f"https://www.{host}")
    return (link for at in fronts for link in _LINKS_TO(tree, at=at))
