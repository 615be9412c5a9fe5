"""An article's body that stands only in the state of a page's script: Next.js, Nuxt, Apollo and their like."""

import re
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from typing import Any

import orjson
from lxml.html import HtmlElement

__all__ = ["body_in_state"]

MAX_SCRIPT_CHARS = 4_000_000
MAX_VALUES = 60_000
MIN_CHARS = 300
MIN_PARAGRAPH_CHARS = 40
_ASSIGNED = re.compile(
    r"window\.(?:__[A-Z_]+__|__INITIAL_\w+|__PRELOADED_\w+|Fusion\.globalContent|initialState)\s*=\s*"
)
_BREAKS = re.compile(r"</?(?:p|br|div|h\d|li|blockquote)\b[^<>]{0,300}>", re.IGNORECASE)
_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,400}>")
_SENTENCE = re.compile(r"[.!?…。！？।؟][\"'”’»«)\]]*\s*$")


def body_in_state(tree: HtmlElement) -> str | None:
    """The paragraphs of the longest text in the page's state, one a line; None where there is none.

    Paragraphs of one text stand under the same names: they are gathered by the path of names that leads to them.
    """
    texts: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for value in _states(tree):
        for path, text in _strings(value):
            texts[path].extend(_paragraphs(text))
    best = max(texts.values(), key=lambda lines: sum(map(len, lines)), default=[])
    unique = list(dict.fromkeys(best))
    return "\n".join(unique) if sum(map(len, unique)) >= MIN_CHARS else None


def _states(tree: HtmlElement) -> Iterator[Any]:
    for script in tree.iter("script"):
        text = script.text or ""
        if not MIN_CHARS <= len(text) <= MAX_SCRIPT_CHARS or "ld+json" in (script.get("type") or ""):
            continue
        kind = (script.get("type") or "").lower()
        assigned = None if "json" in kind else _ASSIGNED.search(text[:2_000])
        if "json" in kind:
            yield from _loaded(text)
        elif assigned:
            yield from _loaded(_value_of(text[assigned.end() :]))


def _value_of(text: str) -> str:
    """What is assigned, without the statement's end and what follows it."""
    end = max(text.rfind("}"), text.rfind("]"))
    for mark in ("};", "}\n", "}</"):
        if (at := text.find(mark + "window.")) > 0 or (at := text.find(mark + "(function")) > 0:
            end = at
    return text[: end + 1]


def _loaded(text: str) -> Iterator[Any]:
    try:
        yield orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return


def _strings(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """The strings within, with the names that lead to them; numbers and ids in keys count as one name."""
    stack: list[tuple[tuple[str, ...], Any]] = [((), value)]
    for _ in range(MAX_VALUES):
        if not stack:
            return
        path, current = stack.pop()
        if isinstance(current, str):
            yield path, current
        elif isinstance(current, list):
            stack.extend((path, one) for one in reversed(current))
        elif isinstance(current, dict):
            stack.extend((_deeper(path, key), one) for key, one in reversed(current.items()))


def _deeper(path: tuple[str, ...], key: str) -> tuple[str, ...]:
    name = "*" if len(key) > 30 or any(char.isdigit() for char in key) else key
    return (*path[-12:], name)


def _paragraphs(text: str) -> Iterator[str]:
    """The prose in a string, which may be HTML."""
    if len(text) < MIN_PARAGRAPH_CHARS or text.startswith(("http", "{", "/")):
        return
    for line in _BREAKS.sub("\n", text).split("\n"):
        plain = " ".join(unescape(_TAGS.sub("", line)).split())
        if len(plain) >= MIN_PARAGRAPH_CHARS and _SENTENCE.search(plain):
            yield plain
