"""From one capture to one article. Pure and picklable, so that it runs in worker processes."""

import re
from html import unescape

from lxml.html import HtmlElement

from onestory.errors import Dropped
from onestory.pipelines.boilerplate.clean import CleaningHints, remove_boilerplate
from onestory.pipelines.credit.detection import find_credit
from onestory.pipelines.dates import publication
from onestory.pipelines.extract import metadata, rights
from onestory.pipelines.extract.body import ArticleBody, extract_body
from onestory.pipelines.extract.byline import find_byline
from onestory.pipelines.extract.headline import headline, titles
from onestory.pipelines.extract.html import MAX_TEXT_CHARS, parse, printable
from onestory.pipelines.extract.identity import canonical_url
from onestory.pipelines.extract.language import detect_language
from onestory.pipelines.extract.notice import find_notice
from onestory.pipelines.extract.page_type import article_type, require_article
from onestory.pipelines.markup.structured_data import Markup, article_body, read_structured_data
from onestory.store.articles.captures import Capture, ExtractedArticle

__all__ = ["extract"]

_NO_FURNITURE: frozenset[int] = frozenset()
_BLOCK = re.compile(r"</?(?:p|div|br|h[1-6]|li|ul|ol|blockquote|tr|section|article)\b[^<>]{0,400}>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,400}>")


def extract(capture: Capture, *, furniture: frozenset[int] = _NO_FURNITURE) -> ExtractedArticle:
    """Extract the article of a page or plain text, without `furniture`, the learned boilerplate of its host.

    Raises Dropped with the reason: empty, too_large, too_deep, not_html, and those of `pagekind`.
    """
    if capture.body is not None:
        return _from_page(capture, capture.body, furniture)
    return _article(capture, Markup(capture.url), None, furniture)


def _from_page(capture: Capture, html: bytes, furniture: frozenset[int]) -> ExtractedArticle:
    content_type = next((value for name, value in capture.headers if name.lower() == "content-type"), None)
    tree = parse(html, url=capture.url, content_type=content_type)
    return _article(capture, read_structured_data(tree, capture.url), tree, furniture)


def _article(capture: Capture, markup: Markup, tree: HtmlElement | None, furniture: frozenset[int]) -> ExtractedArticle:
    outlet = metadata.claimed_outlet(markup, claim=capture.outlet)
    title = headline(markup, tree, site=outlet, claim=capture.title)
    claims = tuple(titles(markup, tree))
    published = publication.published(markup, tree, observed=capture.observed, claim=capture.published)
    people = find_byline(markup, tree, outlet=outlet, claim=capture.authors)
    found = _text_lines(capture) if tree is None else extract_body(tree, claimed=article_body(markup))
    language = detect_language("\n".join(found.lines), declared=markup.language)
    clues = CleaningHints(
        titles=(*claims, *([title] if title else [])),
        byline=people,
        marks=found.marks,
        body=article_body(markup),
        headings=found.headings,
        asides=found.asides,
        siblings=found.siblings,
        furniture=furniture,
        language=language,
    )
    cleaned = remove_boilerplate(found.lines, clues)
    require_article(markup, title=title, text=cleaned.text, body=found)
    credited = find_credit(found.lines, markup=markup, byline=people, outlet=outlet)
    url, elsewhere = canonical_url(markup)
    signals = rights.from_page(capture.headers, markup.meta)
    signals += tuple(rights.Signal(*signal) for signal in capture.host_signals)
    return ExtractedArticle(
        url=url,
        fetched_url=capture.url,
        text=cleaned.text,
        language=language,
        words=len(cleaned.text.split()),
        title=title,
        byline=people,
        outlet=outlet,
        credit=credited.name if credited else None,
        credit_evidence=credited.evidence if credited else None,
        canonical_elsewhere=elsewhere,
        published=published.at if published else None,
        published_source=published.source if published else None,
        modified=publication.modified(markup, observed=capture.observed),
        section=metadata.section_name(markup),
        image=metadata.lead_image(markup),
        accessible_for_free=metadata.is_accessible_for_free(markup),
        notice=find_notice(found.lines, title=title, markup=markup),
        kind=article_type(markup, title=title, text=cleaned.text, body=found),
        rights=rights.rights_summary(signals, observed=capture.observed.isoformat() if capture.observed else None),
        removed=cleaned.removed,
    )


def _text_lines(capture: Capture) -> ArticleBody:
    text = printable(capture.text or "")
    if len(text) > MAX_TEXT_CHARS:
        raise Dropped(capture.url, "too_large", f"{len(text)} characters, at most {MAX_TEXT_CHARS}")
    return ArticleBody(tuple(_without_markup(text).split("\n")))


def _without_markup(text: str) -> str:
    """Rows come with HTML in their text: its blocks are lines."""
    if "<" not in text or len(_BLOCK.findall(text[:MAX_TEXT_CHARS])) < 2:
        return text
    return unescape(_TAG.sub("", _BLOCK.sub("\n", text)))
