"""An article's body that stands only in the state of a page's script: Next.js, Nuxt, Apollo and their like."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from itertools import islice
from typing import Any

import orjson
from lxml.html import HtmlElement

__all__ = ["body_in_state"]

MAX_SCRIPT_CHARS = 4_000_000
MAX_VALUES = 60_000
MIN_CHARS = 300
MIN_PARAGRAPH_CHARS = 40
MAX_ASSIGNED = 12
MAX_LITERAL_CHARS = 500_000
_ASSIGNED = re.compile(
    r"(?:window(?:\.|\[[\"'])|\b)(?:__[A-Z][A-Z_]+__|__INITIAL_\w+|__PRELOADED_\w+|Fusion\.globalContent|initialState)"
    r"(?:[\"']\])?\s*=\s*"
)
_PARSED = re.compile(r"JSON\.parse\(\s*")
_PUSHED = re.compile(r"__next_f\.push\(\[1,\s*(\"(?:[^\"\\]|\\.)*+\")")
_ROW = re.compile(r"(?:^|\n)[0-9a-f]{1,6}:(?:T([0-9a-f]{1,6}),)?")
_LITERAL = re.compile(r"(?:(?<!\w)(\w{1,40})[\"']?\s*:\s*)?(\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+')")
_HEX = re.compile(r"\\x([0-9a-fA-F]{2})")
_INLINE = frozenset([None, "text", "span", "link", "hyperlink", "a", "strong", "em", "bold", "italic"])
_BREAKS = re.compile(r"</?(?:p|br|div|h\d|li|blockquote)\b[^<>]{0,300}>", re.IGNORECASE)
_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,400}>")
_DECODER = json.JSONDecoder(strict=False)
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
    pushed: list[str] = []
    for script in tree.iter("script"):
        text, kind = script.text or "", (script.get("type") or "").lower()
        if "ld+json" in kind or not len(text) <= MAX_SCRIPT_CHARS:
            continue
        if "json" in kind:
            yield _loaded(text)
        elif "__next_f" in text:
            pushed += [_read_literal(match[1]) for match in _PUSHED.finditer(text)]
        else:
            for assigned in islice(_ASSIGNED.finditer(text), MAX_ASSIGNED):
                yield _assigned(text, assigned.end())
    yield from _rows("".join(pushed))


def _loaded(text: str) -> Any:
    try:
        return orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return None


def _assigned(text: str, start: int) -> Any:
    """The value that a script assigns: JSON, a string of JSON, or an expression with strings in it (Nuxt)."""
    if parsed := _PARSED.match(text, start):
        literal = _LITERAL.match(text, parsed.end())
        return _loaded(_read_literal(literal[2])) if literal else None
    try:
        return _DECODER.raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return [
            {match[1] or "": _read_literal(match[2])}
            for match in _LITERAL.finditer(text, start, start + MAX_LITERAL_CHARS)
        ]


def _read_literal(literal: str) -> str:
    """Decode a string literal of a script. Its escapes are nearly those of JSON."""
    inner = _HEX.sub(r"\\u00\1", literal[1:-1]).replace("\\'", "'")
    value = _loaded(f'"{inner}"' if literal[0] == '"' else json.dumps(inner).replace("\\\\", "\\"))
    return value if isinstance(value, str) else ""


def _rows(text: str) -> Iterator[Any]:
    """What Next.js pushes: rows of JSON, and of text with its length in bytes before it."""
    starts = list(_ROW.finditer(text))
    if text and not starts:
        yield _loaded(text)
    for row, following in zip(starts, [*starts[1:], None], strict=False):
        if row[1]:
            yield text[row.end() :].encode()[: int(row[1], 16)].decode("utf-8", "ignore")
        else:
            yield _loaded(text[row.end() : following.start() if following else None])


def _strings(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """The strings within, with the names that lead to them; numbers and ids in keys count as one name."""
    stack: list[tuple[tuple[str, ...], Any]] = [((), value)]
    for _ in range(MAX_VALUES):
        if not stack:
            return
        path, current = stack.pop()
        if isinstance(current, str):
            yield path, current
        elif isinstance(current, list) and (said := _spans(current)):
            yield path, said
        elif isinstance(current, list):
            stack.extend((path, one) for one in reversed(current))
        elif isinstance(current, dict):
            stack.extend((_deeper(path, key), one) for key, one in reversed(current.items()))


def _spans(entries: list[Any]) -> str | None:
    """The text of a list that holds one paragraph in pieces; None for any other list, and for one of paragraphs."""
    pieces = [_inline(entry, depth=3) for entry in entries]
    if len(pieces) < 2 or not any(pieces) or any(piece is None for piece in pieces):
        return None
    is_of_paragraphs = all(_SENTENCE.search(piece) or not piece.strip() for piece in pieces if piece is not None)
    return None if is_of_paragraphs else "".join(piece or "" for piece in pieces)


def _inline(entry: Any, *, depth: int) -> str | None:
    """The text of a part of a paragraph, or of the parts of a link in it."""
    if not isinstance(entry, dict) or not depth:
        return None
    kind = entry.get("_type") or entry.get("type") or entry.get("nodeType")
    if kind is not None and not (isinstance(kind, str) and kind.lower() in _INLINE):
        return None
    text = next((entry[key] for key in ("text", "value") if isinstance(entry.get(key), str)), None)
    inner = next((entry[key] for key in ("children", "content") if isinstance(entry.get(key), list)), None)
    if text is None and inner:
        pieces = [_inline(one, depth=depth - 1) for one in inner]
        return None if any(piece is None for piece in pieces) else "".join(piece or "" for piece in pieces)
    return text


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
