"""Bytes to one parsed tree: decoded by `onestory.pipelines.markup.charset`, and parsed within bounds.

The tree is made once and shared by text, metadata, JSON-LD and rights.
"""

import re
from typing import cast

from lxml import etree
from lxml.html import HtmlComment, HtmlElement, HtmlEntity, HTMLParser, HtmlProcessingInstruction, document_fromstring

from onestory.errors import Dropped
from onestory.pipelines.markup.charset import decode

__all__ = ["MAX_BYTES", "MAX_ELEMENTS", "MAX_TEXT_CHARS", "decode", "parse", "printable"]

# The largest of several hundred real news pages had 2.2 MB and 4,100 elements.
MAX_BYTES = 12_000_000
MAX_ELEMENTS = 20_000
# Of one element. libxml2 compares each with all before it.
MAX_ATTRIBUTES = 500
# Of all elements together. trafilatura copies the tree several times.
MAX_ATTRIBUTES_A_PAGE = 200_000
# Outside of scripts: a long book has as many.
MAX_TEXT_CHARS = 1_000_000
MAX_ATTRIBUTE_CHARS = 20_000
# libxml2 cuts a page off at 256 open elements; the deepest real news page seen had 51.
MAX_DEPTH = 250
_LONG_ATTRIBUTES = etree.XPath(f"//@*[string-length() > {MAX_ATTRIBUTE_CHARS}]/parent::*[not(self::meta)]")
_COUNT = etree.XPath("count(//*)")
_COUNT_ATTRIBUTES = etree.XPath("count(//@*)")
_TEXT_CHARS = etree.XPath("string-length(.)")
# A start tag; scripts, styles and comments are passed over. Possessive, so that each byte is read once.
_START_TAG = re.compile(
    rb"<!--(?:[^-]++|-(?!->))*+|<(?:script|style)\b(?:[^<]++|<(?!/(?:script|style)))*+"
    rb"|(<[a-z](?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?)*+)",
    re.IGNORECASE,
)
# Where the tags are worth reading one by one: a long one that is no script, or very many signs of equality.
_LONG_TAG = re.compile(rb"<[a-zA-Z][^<>{};]{4000,}")
MAX_EQUALS = 60_000
_ATTRIBUTE = re.compile(rb"[^\s=>/]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]*+))?")
_TOO_DEEP = etree.XPath(f"boolean({'/*' * MAX_DEPTH})")
# One class for every element. lxml.html asks Python for each one's own, a million times in a thousand pages.
_CLASSES = etree.ElementDefaultClassLookup(HtmlElement, HtmlComment, HtmlProcessingInstruction, HtmlEntity)
_NOT_MARKUP = ("application/pdf", "application/json", "image/", "video/", "audio/", "application/zip")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")
_CONTROL_BYTES = bytes(code for code in (*range(32), 127) if code not in (9, 10, 13))
# What all noncharacters of `_CONTROLS` begin with in UTF-8, and other characters, too.
_NONCHARACTERS = (b"\xef\xb7", b"\xef\xbf")
_MARKUP = re.compile(r"<\s*(?:!doctype|html|head|body|div|p|article|meta|title|span|table|h[1-6]|a)\b", re.IGNORECASE)


def printable(text: str) -> str:
    """Text without control characters; lone surrogates, which no file can hold, become U+FFFD."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return _CONTROLS.sub("", text)
    # On bytes this takes a tenth of the time of the pattern, which nearly no text needs.
    has_controls = len(data.translate(None, _CONTROL_BYTES)) < len(data)
    return _CONTROLS.sub("", text) if has_controls or any(one in data for one in _NONCHARACTERS) else text


def parse(body: bytes, *, url: str, content_type: str | None = None) -> HtmlElement:
    """The tree of a page. Raises Dropped: empty, too_large, not_html, too_deep."""
    if len(body) > MAX_BYTES:
        raise Dropped(url, "too_large", f"{len(body)} bytes, at most {MAX_BYTES}")
    if content_type and content_type.lower().lstrip().startswith(_NOT_MARKUP):
        raise Dropped(url, "not_html", content_type)
    if not body.strip(b"\x00 \t\r\n"):
        raise Dropped(url, "empty", "no bytes")
    html = decode(body, content_type=content_type)
    if not _MARKUP.search(html[:100_000]):
        raise Dropped(url, "not_html", "no tag in sight")
    plain = _clean_bytes(html)
    _refuse_attributes(plain, url)
    return _bounded(_parsed(plain, url), url)


def _refuse_attributes(html: bytes, url: str) -> None:
    """Raises Dropped for a tag of very many attributes, before libxml2 reads it."""
    long = (len(_ATTRIBUTE.findall(match[0])) > MAX_ATTRIBUTES for match in _LONG_TAG.finditer(html))
    if html.count(b"=") <= MAX_EQUALS and not any(long):
        return
    for match in _START_TAG.finditer(html):
        if match.end(1) - match.start(1) > 2 * MAX_ATTRIBUTES:
            found = len(_ATTRIBUTE.findall(match[1])) - 1  # the first is the name of the tag
            if found > MAX_ATTRIBUTES:
                raise Dropped(url, "too_large", f"a tag of {found} attributes, at most {MAX_ATTRIBUTES}")


def _clean_bytes(html: str) -> bytes:
    """UTF-8 without what XML cannot hold; on bytes, since that is many times faster than on a string."""
    plain = html.encode("utf-8", "replace").translate(None, _CONTROL_BYTES)
    if "\ufffe" in html or "\uffff" in html:
        plain = plain.replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")
    return plain


def _parsed(html: bytes, url: str) -> HtmlElement:
    # A parser a page: one that is kept also keeps its log of errors.
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    parser.set_element_class_lookup(_CLASSES)
    try:
        return document_fromstring(html, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise Dropped(url, "not_html", str(error)) from error


def _bounded(tree: HtmlElement, url: str) -> HtmlElement:
    elements = int(cast(float, _COUNT(tree)))
    if elements > MAX_ELEMENTS:
        raise Dropped(url, "too_large", f"{elements} elements, at most {MAX_ELEMENTS}")
    attributes = int(cast(float, _COUNT_ATTRIBUTES(tree)))
    if attributes > MAX_ATTRIBUTES_A_PAGE:
        raise Dropped(url, "too_large", f"{attributes} attributes, at most {MAX_ATTRIBUTES_A_PAGE}")
    if (chars := _text_chars(tree)) > MAX_TEXT_CHARS:
        raise Dropped(url, "too_large", f"{chars} characters of text, at most {MAX_TEXT_CHARS}")
    if _TOO_DEEP(tree):
        raise Dropped(url, "too_deep", f"over {MAX_DEPTH} elements deep")
    for element in cast(list[HtmlElement], _LONG_ATTRIBUTES(tree)):
        # Embedded pictures and state of scripts: every rule that looks at an attribute would pay for them.
        element.attrib.clear()
    return tree


def _text_chars(tree: HtmlElement) -> int:
    """The characters of text outside scripts and styles."""
    chars = int(cast(float, _TEXT_CHARS(tree)))
    if chars <= MAX_TEXT_CHARS:
        return chars
    return chars - sum(len(one.text or "") for one in tree.iter("script", "style"))
