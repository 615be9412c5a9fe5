"""Which object of a page's JSON-LD speaks for this page: teasers, carousels, comments and products never do."""

import re
from collections.abc import Collection, Iterable, Sequence
from urllib.parse import urlsplit

from onestory.pipelines.markup.json_ld import Found, Node, resolved, strings, types

__all__ = ["own_node", "paths_of", "speaks_for"]

_ARTICLE_TYPES = frozenset(
    ["report", "blogposting", "liveblogposting", "socialmediaposting", "reportage", "analysisnewsarticle"]
)
_PAGE_TYPES = frozenset(["webpage", "itempage", "creativework", "mediaobject", "videoobject"])
_GALLERIES = frozenset(["imagegallery", "mediagallery"])
_REFERRING = ("author", "creator", "publisher", "sourceOrganization")
# What another object of the same article may say in its stead.
_LENT = ("author", "datePublished", "dateModified", "publisher", "articleBody", "headline", "isAccessibleForFree")
_WORDS = re.compile(r"\w+")
_ALIKE = 0.5


def own_node(found: Sequence[Found], *, url: str, addresses: Iterable[str], titles: Iterable[str]) -> Node:
    """The article's own object, with what it refers to by id put in; {} where none is this page's.

    `addresses` are what the page calls itself (its canonical), `titles` what it shows as its headline.
    """
    paths = paths_of((url, *addresses))
    shown = [words for title in titles if (words := _words(title))]
    articles = [one for one in found if _is_article(one.node)]
    own = _best(articles, paths, shown)
    if own is None:
        own = next((one.node for one in found if _is_dated_page(one, paths)), None)
    if own is None:
        own = next((one.node for one in found if types(one.node) & _GALLERIES and not one.is_listed), {})
    others = [one.node for one in articles if one.node is not own and _is_same(one.node, own, paths, shown)]
    return _completed(own, others, [one.node for one in found])


def _best(articles: Sequence[Found], paths: Collection[str], shown: Sequence[set[str]]) -> Node | None:
    """By its address, then by its headline; failing that the first one that nothing speaks against."""
    at_home = [one for one in articles if _paths(one.node) & set(paths)]
    if at_home:
        return max(at_home, key=lambda one: (not one.is_listed, _likeness(one.node, shown) >= _ALIKE)).node
    alike = [one for one in articles if _likeness(one.node, shown) >= _ALIKE]
    if alike:
        return max(alike, key=lambda one: (not one.is_listed, _likeness(one.node, shown))).node
    return next((one.node for one in articles if not one.is_listed and not _paths(one.node)), None)


def _is_article(node: Node) -> bool:
    return any(word.endswith("article") or word in _ARTICLE_TYPES for word in types(node))


def _is_dated_page(one: Found, paths: Collection[str]) -> bool:
    """Another kind of page with a date: a claim review or recipe at this address, or the page as such."""
    node = one.node
    if one.is_listed or "datePublished" not in node:
        return False
    return bool(_paths(node) & set(paths)) or (bool(types(node) & _PAGE_TYPES) and not _paths(node))


def speaks_for(node: Node, paths: Collection[str]) -> bool:
    """Whether the address of an object, if it has one, is among these paths."""
    own = _paths(node)
    return not own or bool(own & set(paths))


def _is_same(node: Node, own: Node, paths: Collection[str], shown: Sequence[set[str]]) -> bool:
    """Whether another object is of the same article for certain: by its address, or by its headline."""
    if _paths(node):
        return bool(_paths(node) & set(paths))
    return bool(own) and _likeness(node, shown) >= 0.8


def _completed(own: Node, others: Sequence[Node], nodes: Sequence[Node]) -> Node:
    lent = {key: node[key] for node in reversed(others) for key in _LENT if node.get(key)}
    whole = {**lent, **{key: value for key, value in own.items() if value or key not in lent}}
    return whole | {key: resolved(whole[key], nodes) for key in _REFERRING if key in whole}


def _likeness(node: Node, shown: Sequence[set[str]]) -> float:
    """The share of words that the object's headline has in common with the likeliest of those shown."""
    headline = _words(next(iter((*strings(node.get("headline")), *strings(node.get("name")))), ""))
    return max((len(headline & words) / max(1, min(len(headline), len(words))) for words in shown), default=0.0)


def _words(text: str) -> set[str]:
    return set(_WORDS.findall(text[:300].lower()))


def _paths(node: Node) -> set[str]:
    places = [node.get("url"), node.get("@id"), node.get("mainEntityOfPage")]
    found = {_path(text) for place in places for text in (*strings(place, key="@id"), *strings(place, key="url"))}
    return found - {""}


def paths_of(addresses: Iterable[str | None]) -> frozenset[str]:
    """The paths of addresses, in one spelling, without front pages."""
    return frozenset(_path(one) for one in addresses if one) - {""}


def _path(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.path.rstrip("/").lower() + (f"?{parts.query}" if parts.query and len(parts.path) < 12 else "")
