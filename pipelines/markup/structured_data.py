"""What a page says about itself to machines: meta tags, links and JSON-LD, read once into plain values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from onestory.pipelines.markup.json_ld import Node, found, names, squeezed, strings, types
from onestory.pipelines.markup.own_node import own_node, paths_of

__all__ = ["Markup", "Node", "article_body", "names", "read_structured_data", "strings", "types"]

MAX_BODY_CHARS = 2_000_000
MIN_BODY_CHARS = 300
MAX_HEADINGS = 3
_BREAKS = re.compile(r"<(?:/?p|br ?/?|/div|/h\d|/li)>", re.IGNORECASE)
_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,400}>")


@dataclass(frozen=True, slots=True)
class Markup:
    """`meta`: values by lower-cased name, property or itemprop. `article`: the JSON-LD node of this article, or {}.

    `nodes` are all JSON-LD objects of the page, outermost first.
    """

    url: str
    meta: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    article: Node = field(default_factory=dict)
    canonical: str | None = None
    language: str | None = None
    title: str | None = None

    @property
    def paths(self) -> frozenset[str]:
        """The paths of the addresses that the page has, or gives itself."""
        return paths_of((self.url, self.canonical, *self.meta.get("og:url", ())[:1]))

    def first(self, *keys: str) -> str | None:
        """The first non-empty value, asking the keys in this order."""
        return next((values[0] for key in keys if (values := self.meta.get(key))), None)


def read_structured_data(tree: HtmlElement, url: str) -> Markup:
    """The machine-readable part of a page. Malformed JSON-LD is repaired where it can be."""
    objects = found(tree)
    meta = _meta(tree)
    canonical = _canonical(tree, url)
    head_title = tree.find(".//title")
    title = squeezed(head_title.text_content()) if head_title is not None else None
    shown = [*_headings(tree), *meta.get("og:title", ())[:1], *([title] if title else [])]
    addresses = [*([canonical] if canonical else []), *meta.get("og:url", ())[:1]]
    return Markup(
        url=url,
        meta=meta,
        nodes=tuple(one.node for one in objects),
        article=own_node(objects, url=url, addresses=addresses, titles=shown),
        canonical=canonical,
        language=_attribute(tree, "lang") or _attribute(tree, "{http://www.w3.org/XML/1998/namespace}lang"),
        title=title,
    )


def _headings(tree: HtmlElement) -> Iterator[str]:
    for _, heading in zip(range(MAX_HEADINGS), tree.iter("h1"), strict=False):
        yield squeezed(heading.text_content())


def _attribute(tree: HtmlElement, name: str) -> str | None:
    return (tree.get(name) or "").strip() or None


def _meta(tree: HtmlElement) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        key = element.get("property") or element.get("name") or element.get("itemprop")
        value = element.get("content")
        if key and value and (value := squeezed(value)):
            values = found.setdefault(key[:100].strip().lower(), [])
            if len(values) < 30:
                values.append(value)
    return {key: tuple(values) for key, values in found.items()}


def _canonical(tree: HtmlElement, url: str) -> str | None:
    for element in tree.iter("link"):
        if "canonical" in (element.get("rel") or "").lower().split() and (href := element.get("href")):
            try:
                joined = urljoin(url, href.strip())
                return joined if urlsplit(joined).scheme in ("http", "https") else None
            except ValueError:
                return None
    return None


def article_body(markup: Markup) -> str | None:
    """The text that the page claims for its article, without tags; None for a short one, which is a summary."""
    for node in (markup.article, *markup.nodes):
        text = node.get("articleBody")
        if isinstance(text, str) and len(text) > MIN_BODY_CHARS:
            plain = unescape(unescape(text[:MAX_BODY_CHARS]))
            return _TAGS.sub(" ", _BREAKS.sub("\n", plain))
    return None
