"""An article's headline, among what a page claims to be it: without the outlet's name, its logo and its sections."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from onestory.pipelines.markup.plain import plain
from onestory.pipelines.markup.structured_data import Markup, strings

__all__ = ["headline", "titles"]

_TITLE_META = ("og:title", "twitter:title", "headline", "dc.title", "parsely-title", "sailthru.title")
_SEPARATOR = re.compile(r"\s+[|–—·•»«:\-]+\s+|\s*\|\s*|:\s+|\s+::\s+")
_MORE_OF_A_NAME = re.compile(
    r"(?:online|news|digital|web|com|net|org|couk|de|fr|it|es|the|die|der|la|le|el|newspaper)*"
)
_LETTERS = re.compile(r"[\W_]+")
_WORDS = re.compile(r"\w+")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_MORE = re.compile(r"\s*[|–—·•»:,]|\s+[-«]\s")
MIN_SHARED = 15
SLOGAN_WORDS = 4
MAX_HEADINGS = 20
MIN_NAME = 3


def headline(markup: Markup, tree: HtmlElement | None, *, site: str | None, claim: str | None = None) -> str | None:
    """The headline of the article. `site` is the outlet's name, `claim` a title that came beside the page.

    Many outlets write two: one for their readers and one for search engines. What is made for sharing counts as made
    for readers; where search engines get that as well, the headline of JSON-LD does.
    """
    known = _known(markup, tree, site)
    shared, told = (_bare(text, known) for text in (markup.first("og:title"), _told(markup)))
    heading, searched = _bare(_heading(markup, tree, known), known), _bare(markup.title, known)
    rest = [_bare(markup.first(key), known) for key in _TITLE_META[1:]]
    if heading and searched and len(heading.split()) < 3 and not _is_within(heading, searched):
        heading = None
    seen = [text for text in (heading, searched) if text]
    shared = shared if shared and _is_akin(shared, seen) else None
    best = _of_two(shared, told, heading, searched) or heading or searched
    candidates = [text for text in (best, shared, told, heading, *rest, searched, _bare(claim, known)) if text]
    return _plainest(candidates[0], candidates) if candidates else plain(markup.title or "") or None


def _told(markup: Markup) -> str | None:
    return next(iter(strings(markup.article.get("headline"))), None)


def _bare(text: str | None, known: Collection[str]) -> str | None:
    """The claim without the outlet's name; None where it is nothing else."""
    bare = _without_site(plain(text), known) if text else None
    return None if bare is None or _is_site(bare, known) else bare


def _of_two(shared: str | None, told: str | None, heading: str | None, searched: str | None) -> str | None:
    if not shared or not told or _is_same(shared, told):
        return shared or told
    is_for_engines = searched is not None and _is_same(searched, shared)
    is_heading = heading is not None and _is_same(heading, told)
    return told if is_for_engines and not is_heading else shared


def _is_same(one: str, other: str) -> bool:
    """Whether two claims have the same letters, or the one and more behind it."""
    a, b = sorted((_letters(one), _letters(other)), key=len)
    return a == b or (len(a) > MIN_SHARED and b.startswith(a))


def _is_within(one: str, other: str) -> bool:
    return _letters(one) in _letters(other)


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
    letters = _letters(best)
    shorter = [
        one
        for one in claims
        if len(one) > MIN_SHARED
        and letters.startswith(_letters(one))
        and (_MORE.match(best, len(one)) or (best[len(one) :].startswith(" ") and claims.count(one) > 1))
    ]
    return min(shorter, key=len, default=best)


def titles(markup: Markup, tree: HtmlElement | None) -> Iterator[str]:
    """Every claim to be the headline, the likeliest first."""
    yield from (values[0] for key in _TITLE_META[:1] if (values := markup.meta.get(key)))
    yield from strings(markup.article.get("headline"))[:1]
    heading = _heading(markup, tree, frozenset())
    claims = (heading, *(markup.first(key) for key in _TITLE_META[1:]), markup.title)
    yield from (claim for claim in claims if claim)
    yield from strings(markup.article.get("name"))[:1]


def _heading(markup: Markup, tree: HtmlElement | None, known: Collection[str]) -> str | None:
    """The h1 that is no logo; of several the one that another claim repeats, and none where none does."""
    if tree is None:
        return None
    texts = [plain(str(one.text_content())) for one in islice(tree.iter("h1"), MAX_HEADINGS) if not _is_aside(one)]
    texts = [text for text in texts if text and not _is_site(text, known)]
    if len(texts) <= 1:
        return texts[0] if texts else None
    said = (markup.first("og:title"), *strings(markup.article.get("headline"))[:1], markup.title)
    others = [_letters(plain(one)) for one in said if one]
    return next((text for text in texts if any(other.startswith(_letters(text)) for other in others)), None)


def _known(markup: Markup, tree: HtmlElement | None, site: str | None) -> frozenset[str]:
    """The outlet's names: as given, of its host, and of the links to its front page."""
    host = (urlsplit(markup.url).hostname or "").removeprefix("www.")
    names = [site or "", host, host.partition(".")[0], *markup.meta.get("og:site_name", ())[:1]]
    if tree is not None:
        names += [str(link.text_content())[:60] for link in islice(_front_links(tree, host), 4)]
    return frozenset(letters for name in names if len(letters := _letters(name)) >= MIN_NAME)


def _front_links(tree: HtmlElement, host: str) -> Iterator[HtmlElement]:
    fronts = ("/", f"https://{host}/", f"https://www.{host}/", f"https://{host}", f"https://www.{host}")
    return (link for link in tree.iter("a") if link.get("href") in fronts)


def _without_site(text: str, known: Collection[str]) -> str | None:
    """Cuts `… | Outlet` and `Outlet: …`; only what is the outlet's name or host, since headlines hold dashes too."""
    parts = list(_SEPARATOR.finditer(text))
    for cut in reversed(parts):
        if not _is_site(text[cut.end() :], known):
            break
        text = text[: cut.start()]
    if parts and parts[0].end() < len(text) and _is_site(text[: parts[0].start()], known):
        text = text[parts[0].end() :]
    return text.strip() or None


def _is_site(part: str, known: Collection[str]) -> bool:
    """Whether a part is one of the names, or one with `The` before it or `Online` behind it."""
    letters = _letters(part)
    return letters in known or any(
        _MORE_OF_A_NAME.fullmatch(letters.replace(name, "", 1)) is not None for name in known if name in letters
    )


def _letters(text: str) -> str:
    bare = re.sub(r"\.(?:com|net|org|co\.uk|de|fr|it|es|[a-z]{2})$", "", text.strip().lower())
    return _LETTERS.sub("", bare)
