"""XML of feeds and sitemaps as servers send it: byte order marks, bare ampersands, stray bytes."""

import re

from lxml import etree

from onestory.pipelines.markup.charset import mended_utf8

__all__ = ["declares_entities", "escaped", "with_closed_tags", "without_marks"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BARE_AMPERSAND = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!(?:[a-z][a-z0-9]{1,30}|#[0-9]{1,7}|#x[0-9a-f]{1,6});)", re.DOTALL | re.IGNORECASE
)
# A document type with declarations of its own: no feed needs one, and expansions are unbounded. No `<` before the
# bracket, or a text of nothing but `<!DOCTYPE` would be read to its end at each of them.
DECLARES = re.compile(rb"<!DOCTYPE[^<>\[]*\[|<!(?:ENTITY|ATTLIST)", re.IGNORECASE)
# What it says, or nothing at all.
SAYS_UTF_8 = re.compile(rb"\A(?!.*encoding\s*=)|encoding\s*=\s*[\"']utf-?8[\"']", re.DOTALL | re.IGNORECASE)


def declares_entities(body: bytes) -> bool:
    """Whether XML declares entities or attributes; in any encoding that XML parsers read."""
    return any(DECLARES.search(narrow) for narrow in (body, body.replace(b"\x00", b"")))


def without_marks(body: bytes) -> bytes:
    """Remove byte order marks from the beginning of UTF-8. Some servers write two."""
    while body.startswith(BYTE_ORDER_MARK):
        body = body.removeprefix(BYTE_ORDER_MARK).lstrip()
    return body


def escaped(body: bytes) -> bytes:
    """Escape ampersands that begin no entity, and decode stray bytes in UTF-8. UTF-16 is left alone.

    In CDATA ampersands may stand as they are.
    """
    if b"\x00" in body[:200]:
        return body
    body = BARE_AMPERSAND.sub(lambda match: match[0] if match[0].startswith(b"<") else b"&amp;", body)
    return mended_utf8(body) if SAYS_UTF_8.search(body[:500]) else body


def with_closed_tags(body: bytes) -> bytes | None:
    """XML whose open elements are closed where their parent ends, as libxml2 reads it. None if it is no XML at all."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True)) if root is not None else None
