"""JSON-LD of a page: its scripts loaded, malformed ones repaired, and the objects within."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

import json_repair
import orjson
from lxml.html import HtmlElement

__all__ = ["MAX_VALUE_CHARS", "Found", "Node", "found", "names", "resolved", "squeezed", "strings", "types"]

MAX_SCRIPT_CHARS = 2_000_000
# Of one page together: repairing costs some 2 µs a character.
MAX_REPAIRED_CHARS = 200_000
MAX_NODES = 400
MAX_VALUE_CHARS = 4_000
_NESTED = ("@graph", "mainEntity", "mainEntityOfPage")
# What these hold are other pages: teasers, carousels, breadcrumbs.
_LISTING = ("hasPart", "itemListElement", "item", "isPartOf", "comment", "review")
_NAMES = frozenset(["name", "givenName", "familyName"])
_WRAPPINGS = ("<!--", "//<![CDATA[", "/*<![CDATA[*/", "<![CDATA[")
_ENDINGS = ("-->", "//]]>", "/*]]>*/", "]]>", ";")

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """An object of a page's JSON-LD; `is_listed` when it stands in a list of other pages."""

    node: Node
    is_listed: bool


def found(tree: HtmlElement) -> tuple[Found, ...]:
    """The objects of all scripts, outermost first, at most MAX_NODES."""
    return tuple(one for one, _ in zip(_all(tree), range(MAX_NODES), strict=False))


def _all(tree: HtmlElement) -> Iterator[Found]:
    room = MAX_REPAIRED_CHARS
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text:
            continue
        text = _bare(script.text)
        value = _strict(text)
        if value is None and len(text) <= room:
            room -= len(text)
            value = _repaired(text)
        yield from _flat(value)


def _bare(script: str) -> str:
    """Without the comments and sections that old templates wrap scripts in."""
    text = script.strip() if len(script) <= MAX_SCRIPT_CHARS else ""
    for wrapping in _WRAPPINGS:
        text = text.removeprefix(wrapping).lstrip()
    for ending in _ENDINGS:
        text = text.removesuffix(ending).rstrip()
    return text


def _strict(text: str) -> Any:
    try:
        return orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        pass
    try:
        # Raw line ends inside strings are common in hand-made JSON-LD.
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _repaired(text: str) -> Any:
    """What json_repair makes of commas too many, quotes unescaped, objects one behind another, and a missing end."""
    text = unescape(text) if text[:40].count("&quot;") > 1 else text
    try:
        return json_repair.loads(text, skip_json_loads=True)
    except (ValueError, RecursionError, IndexError, KeyError, TypeError):
        return None


def _flat(value: Any) -> Iterator[Found]:
    """The objects within, outermost first; a queue, so that no depth can exhaust the stack."""
    queue: list[tuple[Any, bool]] = [(value, False)]
    for seen in range(MAX_NODES * 4):
        if seen >= len(queue):
            return
        current, is_listed = queue[seen]
        if isinstance(current, list):
            queue.extend((one, is_listed) for one in current[:MAX_NODES])
        elif isinstance(current, dict):
            yield Found(current, is_listed)
            is_listing = is_listed or "itemlist" in types(current)
            queue.extend((current[key], is_listing) for key in _NESTED if isinstance(current.get(key), dict | list))
            queue.extend((current[key], True) for key in _LISTING if isinstance(current.get(key), dict | list))


def resolved(value: Any, nodes: Iterable[Node]) -> Any:
    """`value` with the objects that it only names by `@id` put in, one level deep."""
    if isinstance(value, list):
        return [resolved(one, nodes) for one in value[:50]]
    name = value.get("@id") if isinstance(value, dict) and _NAMES.isdisjoint(value) else value
    if not isinstance(name, str):
        return value
    return next(
        (node for node in _with_people(nodes) if node.get("@id") == name and not _NAMES.isdisjoint(node)), value
    )


def _with_people(nodes: Iterable[Node]) -> Iterator[Node]:
    """The objects, and the objects in their fields for people."""
    for node in nodes:
        yield node
        for key in ("author", "creator", "publisher"):
            inner = node.get(key)
            yield from (one for one in (inner if isinstance(inner, list) else [inner]) if isinstance(one, dict))


def types(node: Node) -> frozenset[str]:
    """Lower-cased @type words, without a vocabulary's address."""
    return frozenset(word.rsplit("/", 1)[-1].rsplit(":", 1)[-1].lower() for word in strings(node.get("@type")))


def squeezed(text: str) -> str:
    return " ".join(text[:MAX_VALUE_CHARS].split())


def strings(value: Any, *, key: str | None = None) -> tuple[str, ...]:
    """The non-empty strings that a JSON-LD value stands for: itself, its list, or `key` (or @value) of its objects."""
    entries = value if isinstance(value, list) else [value]
    texts = (_named(entry, key) if isinstance(entry, dict) else entry for entry in entries)
    return tuple(plain for text in texts if isinstance(text, str) and (plain := squeezed(text)))


def _named(entry: Node, key: str | None) -> Any:
    return entry[key] if key and isinstance(entry.get(key), str) else entry.get("@value")


def names(value: Any) -> tuple[str, ...]:
    """The names that a person or organisation field holds, in any of the forms JSON-LD allows."""
    return tuple(_names(value, depth=4))


def _names(entry: Any, *, depth: int) -> Iterator[str]:
    """Lists may be nested. A name may be a node, be split into parts, or be an alternative name."""
    if isinstance(entry, list):
        for one in entry[:MAX_NODES] if depth else ():
            yield from _names(one, depth=depth - 1)
    elif not isinstance(entry, dict):
        yield from strings(entry)
    elif isinstance(entry.get("@list"), list):
        yield from _names(entry["@list"], depth=depth)
    elif isinstance(entry.get("name"), dict) and depth:
        yield from _names(entry["name"], depth=depth - 1)
    else:
        parts = [" ".join((*strings(entry.get("givenName")), *strings(entry.get("familyName"))))]
        told = (strings(entry.get("name")), strings(parts), strings(entry.get("alternateName")))
        yield from next((found for found in told if found), strings(entry.get("@value")))
