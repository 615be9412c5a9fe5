"""What a page says about itself to machines: meta tags, links and JSON-LD, read once into plain values."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import orjson
from lxml.html import HtmlElement

__all__ = ["Markup", "Node", "article_body", "entity_names", "read_structured_data", "strings", "types"]

MAX_SCRIPT_CHARS = 2_000_000
MAX_NODES = 400
MAX_VALUE_CHARS = 4_000
_ARTICLE_TYPES = frozenset(
    ["report", "blogposting", "liveblogposting", "socialmediaposting", "reportage", "analysisnewsarticle"]
)
_PAGE_TYPES = frozenset(["webpage", "itempage", "creativework", "mediaobject", "videoobject"])
MIN_BODY_CHARS = 300
_BREAKS = re.compile(r"<(?:/?p|br ?/?|/div|/h\d|/li)>", re.IGNORECASE)
_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,400}>")
_NESTED = ("@graph", "mainEntity", "mainEntityOfPage", "hasPart", "itemListElement", "item")

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Markup:
    """`meta`: values by lower-cased name, property or itemprop. `article`: the JSON-LD node of this article, or {}.

    `nodes` are all JSON-LD objects of the page, outermost first, at most MAX_NODES.
    """

    url: str
    meta: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    article: Node = field(default_factory=dict)
    canonical: str | None = None
    language: str | None = None
    title: str | None = None

    def first(self, *keys: str) -> str | None:
        """The first non-empty value, asking the keys in this order."""
        return next((values[0] for key in keys if (values := self.meta.get(key))), None)


def read_structured_data(tree: HtmlElement, url: str) -> Markup:
    """The machine-readable part of a page. Malformed JSON-LD is passed over."""
    nodes = tuple(_nodes(tree))
    head_title = tree.find(".//title")
    return Markup(
        url=url,
        meta=_meta(tree),
        nodes=nodes,
        article=_article(nodes, url),
        canonical=_canonical(tree, url),
        language=_attribute(tree, "lang") or _attribute(tree, "{http://www.w3.org/XML/1998/namespace}lang"),
        title=_squeeze(head_title.text_content()) if head_title is not None else None,
    )


def _attribute(tree: HtmlElement, name: str) -> str | None:
    return (tree.get(name) or "").strip() or None


def _squeeze(text: str) -> str:
    return " ".join(text[:MAX_VALUE_CHARS].split())


def _meta(tree: HtmlElement) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        key = element.get("property") or element.get("name") or element.get("itemprop")
        value = element.get("content")
        if key and value and (value := _squeeze(value)):
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


def _nodes(tree: HtmlElement) -> Iterator[Node]:
    left = MAX_NODES
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text:
            continue
        for node in _flat(_loaded(script.text)):
            if not left:
                return
            left -= 1
            yield node


def _loaded(script: str) -> Any:
    if len(script) > MAX_SCRIPT_CHARS:
        return None
    text = script.strip().removeprefix("<!--").removeprefix("//<![CDATA[").removesuffix("-->").removesuffix("//]]>")
    text = text.strip().rstrip(";")
    try:
        return orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return _loaded_leniently(text)


def _loaded_leniently(text: str) -> Any:
    """Raw newlines inside strings are common in hand-made JSON-LD; they are all that is forgiven."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _flat(value: Any) -> Iterator[Node]:
    """The objects within, outermost first; a queue, so that no depth can exhaust the stack."""
    queue = [value]
    for seen in range(MAX_NODES * 4):
        if seen >= len(queue):
            return
        current = queue[seen]
        if isinstance(current, list):
            queue.extend(current[:MAX_NODES])
        elif isinstance(current, dict):
            yield current
            queue.extend(current[key] for key in _NESTED if isinstance(current.get(key), dict | list))


def types(node: Node) -> frozenset[str]:
    """Lower-cased @type words, without a vocabulary's address."""
    return frozenset(word.rsplit("/", 1)[-1].lower() for word in strings(node.get("@type")))


def article_body(markup: Markup) -> str | None:
    """The text that the page claims for its article, without tags; None for a short one, which is a summary."""
    for node in (markup.article, *markup.nodes):
        text = node.get("articleBody")
        if isinstance(text, str) and len(text) > MIN_BODY_CHARS:
            plain = unescape(unescape(text[:MAX_SCRIPT_CHARS]))
            return _TAGS.sub(" ", _BREAKS.sub("\n", plain))
    return None


def _is_article(node: Node) -> bool:
    return any(word.endswith("article") or word in _ARTICLE_TYPES for word in types(node))


def _article(nodes: tuple[Node, ...], url: str) -> Node:
    """The article's own node: the one that names this page's path, or else the first; a page's node failing that."""
    candidates = [node for node in nodes if _is_article(node)]
    if not candidates:
        return next((node for node in nodes if types(node) & _PAGE_TYPES and "datePublished" in node), {})
    path = _path(url)
    return next((node for node in candidates if path in _paths(node)), candidates[0])


def _paths(node: Node) -> set[str]:
    places = [node.get("url"), node.get("@id"), node.get("mainEntityOfPage")]
    return {_path(text) for place in places for text in strings(place, key="@id")} - {""}


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/").lower()
    except ValueError:
        return ""


def strings(value: Any, *, key: str | None = None) -> tuple[str, ...]:
    """The non-empty strings that a JSON-LD value stands for: itself, its list, or `key` (or @value) of its objects."""
    found = []
    for entry in value if isinstance(value, list) else [value]:
        text = _named(entry, key) if isinstance(entry, dict) else entry
        if isinstance(text, str) and (squeezed := _squeeze(text)):
            found.append(squeezed)
    return tuple(found)


def _named(entry: Node, key: str | None) -> Any:
    return entry[key] if key and isinstance(entry.get(key), str) else entry.get("@value")


def entity_names(value: Any) -> tuple[str, ...]:
    """The names that a person or organisation field holds, in any of the forms JSON-LD allows."""
    return strings(value, key="name")
