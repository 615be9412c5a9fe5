"""What a page claims about its article: title, people, times, outlet, section, picture, canonical address."""

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from onestory.pipelines.markup.plain import plain
from onestory.pipelines.markup.structured_data import Markup, names, strings

__all__ = [
    "claimed_outlet",
    "is_accessible_for_free",
    "lead_image",
    "plain",
    "section_name",
]


def claimed_outlet(markup: Markup, *, claim: str | None = None) -> str | None:
    """The name of the outlet: as claimed beside the page, by the site's name, or by the publisher field."""
    found = claim or markup.first("og:site_name", "application-name") or next(_publishers(markup), None)
    return (plain(found) or None) if found else None


def _publishers(markup: Markup) -> Iterator[str]:
    yield from names(markup.article.get("publisher"))
    yield from (name for node in markup.nodes for name in names(node.get("publisher")))


def section_name(markup: Markup) -> str | None:
    """The section the outlet files the article under."""
    found = next(iter(strings(markup.article.get("articleSection"))), None)
    found = found or markup.first("article:section", "og:article:section", "section", "parsely-section")
    return plain(found)[:120] or None if found else None


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


def is_accessible_for_free(markup: Markup) -> bool | None:
    """`isAccessibleForFree`, of the article; None when the page does not say."""
    value = markup.article.get("isAccessibleForFree")
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower().rsplit("/", 1)[-1])
    return value if isinstance(value, bool) else None
