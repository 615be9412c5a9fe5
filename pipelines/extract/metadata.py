"""What a page claims about its article: title, people, times, outlet, section, picture, canonical address."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from urllib.parse import urljoin, urlsplit

from htmldate import find_date
from lxml.html import HtmlElement

from onestory.errors import BadInput
from onestory.pipelines.extract.dates import plausible, to_utc
from onestory.pipelines.extract.structured_data import Markup, entity_names, strings
from onestory.urls import normalize_url, same_site

__all__ = [
    "ClaimedTime",
    "canonical_url",
    "claimed_outlet",
    "is_accessible_for_free",
    "lead_image",
    "modified_time",
    "plain_text",
    "published_time",
    "section_name",
    "title",
    "titles",
]

MAX_TITLE_CHARS = 300

_TITLE_META = ("og:title", "twitter:title", "headline", "dc.title", "parsely-title", "sailthru.title")
_PUBLISHED_META = (
    "article:published_time", "og:article:published_time", "article:published", "datepublished", "parsely-pub-date",
    "sailthru.date", "cxenseparse:recs:publishtime", "dc.date.issued", "dcterms.created", "dc.date", "dcterms.date",
    "publish-date", "publishdate", "pubdate", "publication_date", "article.published", "date.created", "ptime",
    "published_at", "date", "originalpublicationdate", "vr:published_time", "og:published_time", "rnews:datepublished",
    "last-modified-date", "citation_publication_date",
)  # fmt: skip
_MODIFIED_META = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "datemodified", "article:modified",
    "dcterms.modified", "dc.date.modified", "lastmod", "last-modified", "date.updated", "modified_time",
)  # fmt: skip
_FIELDS = ("json-ld", "meta")
_URL_DATE = re.compile(r"/((?:19|20)\d\d)[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?=[/\-_.]|$)")
_SEPARATOR = re.compile(r"\s+[|–—·•»«:\-]+\s+|\s*\|\s*")


@dataclass(frozen=True, slots=True)
class ClaimedTime:
    """A claimed time and the field it was read from; `(no offset)` when UTC had to be assumed."""

    at: datetime
    source: str


def title(markup: Markup, tree: HtmlElement | None, *, site: str | None, claim: str | None = None) -> str | None:
    """The headline without the outlet's name: the one made for readers, where search engines get another."""
    known = {_letters(name) for name in (site, _host_word(markup.url)) if name} - {""}
    tidy = [bare for text in (*titles(markup, tree), claim or "") if (bare := _without_site(plain_text(text), known))]
    if not tidy:
        return None
    headline = next((_without_site(plain_text(text), known) for text in strings(markup.article.get("headline"))), None)
    searched = plain_text(markup.title or "").startswith(tidy[0])
    best = headline if headline and headline != tidy[0] and searched else tidy[0]
    for text in tidy:
        best = text if _is_plainer(text, best) else best
    return best


def _is_plainer(text: str, other: str) -> bool:
    """Whether `other` is `text` and something more: a section, an outlet, words for search engines."""
    return len(text) > 15 and other.startswith(text) and other[len(text) :][:1] in (" ", ":", ",", "|")


def titles(markup: Markup, tree: HtmlElement | None) -> Iterator[str]:
    """Every claim to be the headline, the likeliest first."""
    yield from (values[0] for key in _TITLE_META[:1] if (values := markup.meta.get(key)))
    yield from strings(markup.article.get("headline"))[:1]
    heading = _only_heading(tree)
    claims = (heading, *(markup.first(key) for key in _TITLE_META[1:]), markup.title)
    yield from (claim for claim in claims if claim)
    yield from strings(markup.article.get("name"))[:1]


def _only_heading(tree: HtmlElement | None) -> str | None:
    headings = [] if tree is None else list(tree.iter("h1"))[:2]
    return str(headings[0].text_content()) if len(headings) == 1 else None


def plain_text(text: str) -> str:
    """Text without tags and entities, in one line, at most MAX_TITLE_CHARS long."""
    # Twice, because JSON-LD and meta tags are often escaped twice.
    return " ".join(re.sub(r"<[^<>]{1,80}>", "", unescape(unescape(text))).split())[:MAX_TITLE_CHARS].strip()


def _without_site(text: str, known: set[str]) -> str | None:
    """Cuts `… | Outlet` and `Outlet: …`; only what is the outlet's name or host, since headlines hold dashes too."""
    parts = list(_SEPARATOR.finditer(text))
    for cut in reversed(parts):
        if _is_site(text[cut.end() :], known):
            text = text[: cut.start()]
        else:
            break
    if parts and _is_site(text[: parts[0].start()], known):
        text = text[parts[0].end() :]
    return text.strip() or None


def _is_site(part: str, known: set[str]) -> bool:
    letters = _letters(part)
    return bool(letters) and any(letters in {name, f"the{name}"} or f"the{letters}" == name for name in known)


def _letters(text: str) -> str:
    bare = re.sub(r"\.(?:com|net|org|co\.uk|de|fr|it|es|[a-z]{2})$", "", text.strip().lower())
    return re.sub(r"[\W_]+", "", bare)


def _host_word(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return host.removeprefix("www.")


def published_time(markup: Markup, tree: HtmlElement | None, *, observed: datetime | None) -> ClaimedTime | None:
    """The claimed time of publication; the surest source first. What lies after `observed` is passed over."""
    return _first_plausible(_published_claims(markup, tree), observed)


def modified_time(markup: Markup, *, observed: datetime | None) -> datetime | None:
    """The claimed time of the last change."""
    claims = [("json-ld dateModified", text) for text in strings(markup.article.get("dateModified"))]
    claims += [(f"meta {key}", text) for key in _MODIFIED_META for text in markup.meta.get(key, ())[:1]]
    moment = _first_plausible(iter(claims), observed)
    return moment.at if moment else None


def _published_claims(markup: Markup, tree: HtmlElement | None) -> Iterator[tuple[str, str]]:
    for key in ("datePublished", "dateCreated", "uploadDate"):
        yield from ((f"json-ld {key}", text) for text in strings(markup.article.get(key)))
    for key in _PUBLISHED_META:
        yield from ((f"meta {key}", text) for text in markup.meta.get(key, ())[:2])
    for node in markup.nodes:
        yield from (("json-ld datePublished", text) for text in strings(node.get("datePublished")))
    if tree is not None:
        yield from _time_elements(tree)
    if match := _URL_DATE.search(urlsplit(markup.url).path):
        yield "url", "-".join(match.groups())
    elif tree is not None:
        yield "page text", find_date(tree, original_date=True, extensive_search=False) or ""


def _time_elements(tree: HtmlElement) -> Iterator[tuple[str, str]]:
    found = [element for element in tree.iter("time") if element.get("datetime")][:40]
    found.sort(key=lambda one: not (one.get("itemprop") == "datePublished" or one.get("pubdate") is not None))
    for element in found:
        yield "time element", element.get("datetime")


def _first_plausible(claims: Iterator[tuple[str, str]], observed: datetime | None) -> ClaimedTime | None:
    for source, text in claims:
        read = to_utc(text)
        if read and plausible(read[0], observed=observed, field=source.startswith(_FIELDS)):
            return ClaimedTime(read[0], source if read[1] else f"{source} (no offset)")
    return None


def claimed_outlet(markup: Markup, *, claim: str | None = None) -> str | None:
    """The name of the outlet: as claimed beside the page, by the site's name, or by the publisher field."""
    found = claim or markup.first("og:site_name", "application-name") or next(_publishers(markup), None)
    return (plain_text(found) or None) if found else None


def _publishers(markup: Markup) -> Iterator[str]:
    yield from entity_names(markup.article.get("publisher"))
    yield from (name for node in markup.nodes for name in entity_names(node.get("publisher")))


def section_name(markup: Markup) -> str | None:
    """The section the outlet files the article under."""
    found = next(iter(strings(markup.article.get("articleSection"))), None)
    found = found or markup.first("article:section", "og:article:section", "section", "parsely-section")
    return plain_text(found)[:120] or None if found else None


def lead_image(markup: Markup) -> str | None:
    """The address of the lead picture."""
    found = markup.first("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
    found = found or next(iter(strings(markup.article.get("image"), key="url")), None)
    if not found:
        return None
    try:
        address = urljoin(markup.url, found)
        return address if urlsplit(address).scheme in ("http", "https") else None
    except ValueError:
        return None


def canonical_url(markup: Markup) -> tuple[str, str | None]:
    """The article's identity, and a canonical on another site (a credit, never an identity).

    A canonical that is a site's front page says nothing about an article, and is passed over.
    """
    own = normalize_url(markup.url)
    if not markup.canonical:
        return own, None
    try:
        claimed = normalize_url(markup.canonical)
    except BadInput:
        return own, None
    if urlsplit(claimed).path == "/" and not urlsplit(claimed).query:
        return own, None
    return (claimed, None) if same_site(own, claimed) else (own, claimed)


def is_accessible_for_free(markup: Markup) -> bool | None:
    """`isAccessibleForFree`, of the article; None when the page does not say."""
    value = markup.article.get("isAccessibleForFree")
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower().rsplit("/", 1)[-1])
    return value if isinstance(value, bool) else None
