"""One capture to one article. Pure and picklable, so that it runs in worker processes."""

from lxml.html import HtmlElement

from pipelines import facts, publication, rights
from pipelines.body import Body, body
from pipelines.byline import byline
from pipelines.clean import Clues, clean
from pipelines.credit import credit
from pipelines.headline import headline, titles
from pipelines.language import detect
from pipelines.notice import notice
from pipelines.page import parse, printable
from pipelines.pagekind import kind_of, refuse_unless_article
from pipelines.structured import Markup, article_body, read
from store.errors import Dropped
from store.models import Capture, Extracted

__all__ = ["extract"]

_NO_FURNITURE: frozenset[int] = frozenset()
MAX_TEXT_CHARS = 2_000_000


def extract(capture: Capture, *, furniture: frozenset[int] = _NO_FURNITURE) -> Extracted:
    """The article in a page or plain text, cleaned of `furniture` (what its host repeats: `furniture.learned`).

    Raises Dropped with the reason: empty, too_large, too_deep, not_html, and those of `pagekind`.
    """
    if capture.body is not None:
        return _from_page(capture, capture.body, furniture)
    return _article(capture, Markup(capture.url), None, furniture)


def _from_page(capture: Capture, html: bytes, furniture: frozenset[int]) -> Extracted:
    content_type = next((value for name, value in capture.headers if name.lower() == "content-type"), None)
    tree = parse(html, url=capture.url, content_type=content_type)
    return _article(capture, read(tree, capture.url), tree, furniture)


def _article(capture: Capture, markup: Markup, tree: HtmlElement | None, furniture: frozenset[int]) -> Extracted:
    outlet = facts.outlet(markup, claim=capture.outlet)
    title = headline(markup, tree, site=outlet, claim=capture.title)
    claims = tuple(titles(markup, tree))
    published = publication.published(markup, tree, observed=capture.observed, claim=capture.published)
    found = _text_lines(capture) if tree is None else body(tree, claimed=article_body(markup))
    people = byline(markup, tree, outlet=outlet, claim=capture.authors)
    language = detect("\n".join(found.lines), declared=markup.language)
    clues = Clues(
        titles=(*claims, *([title] if title else [])),
        byline=people,
        marks=found.marks,
        body=article_body(markup),
        headings=found.headings,
        furniture=furniture,
        language=language,
    )
    cleaned = clean(found.lines, clues)
    refuse_unless_article(markup, title=title, text=cleaned.text, linked_share=found.linked_share)
    credited = credit(found.lines, markup=markup, byline=people, outlet=outlet)
    url, elsewhere = facts.canonical(markup)
    signals = rights.from_page(capture.headers, markup.meta)
    signals += tuple(rights.Signal(*signal) for signal in capture.host_signals)
    return Extracted(
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
        section=facts.section(markup),
        image=facts.image(markup),
        accessible_for_free=facts.accessible(markup),
        notice=notice(found.lines, title=title, markup=markup),
        kind=kind_of(markup, title=title, text=cleaned.text),
        rights=rights.summary(signals, observed=capture.observed.isoformat() if capture.observed else None),
        removed=cleaned.removed,
    )


def _text_lines(capture: Capture) -> Body:
    text = printable(capture.text or "")
    if len(text) > MAX_TEXT_CHARS:
        raise Dropped(capture.url, "too_large", f"{len(text)} characters, at most {MAX_TEXT_CHARS}")
    return Body(tuple(text.split("\n")))
