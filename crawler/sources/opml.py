"""Source lists as OPML 2.0 (http://opml.org/spec2.opml), which feed readers and other crawlers exchange.

Attributes in Onestory's own namespace keep what OPML cannot express, so that an exported list imports unchanged.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree as Etree

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from onestory.errors import BadInput
from onestory.pipelines.extract.html import printable
from onestory.ssrf import checked_url
from onestory.store.sources.source_list import SourceEntry

__all__ = ["Outline", "read_opml", "write_opml"]

NAMESPACE = "urn:x-onestory:opml"
MAX_BYTES = 10_000_000
MAX_OUTLINES = 20_000
MAX_DEPTH = 50
MAX_NAME = 200
OWN = ("owner", "country")


@dataclass(frozen=True, slots=True)
class Outline:
    """One outline: a source, or the reason why it is not one. `names_outlet`: it states an outlet, not only a title."""

    name: str
    entry: SourceEntry | None
    why: str | None = None
    names_outlet: bool = False


def read_opml(body: bytes) -> tuple[Outline, ...]:
    """Read a list in order, each URL once. Raises BadInput for anything but OPML, and for hostile XML."""
    if len(body) > MAX_BYTES:
        raise BadInput(f"the list is larger than {MAX_BYTES} bytes")
    try:
        root = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadInput("the list has a document type (DTD), which is not allowed") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise BadInput(f"the list is not XML: {printable(str(error))[:200]}") from error
    if root.tag.lower() != "opml":
        raise BadInput(f"the list is not OPML: its root is <{printable(root.tag)[:40]}>")
    found: dict[str, Outline] = {}
    for element in _outlines(root):
        line = _outline(element)
        found.setdefault(line.entry.url if line.entry else line.name, line)
        if len(found) > MAX_OUTLINES:
            raise BadInput(f"the list has more than {MAX_OUTLINES} sources")
    return tuple(found.values())


def _outlines(root: Etree.Element) -> Iterator[Etree.Element]:
    """The outlines with an address, at any depth of folders."""
    waiting = [(root, 0)]
    while waiting:
        element, depth = waiting.pop()
        if element.tag == "outline" and (_of(element, "xmlurl") or _said(element, "kind")):
            yield element
        if depth < MAX_DEPTH:
            waiting.extend((child, depth + 1) for child in reversed(element))


def _outline(element: Etree.Element) -> Outline:
    kind, named = _said(element, "kind") or "feed", _said(element, "outlet")
    address = _of(element, "xmlurl") or _of(element, "url")
    name = _words(_of(element, "title")) or _words(_of(element, "text"))
    try:
        url = checked_url(address)
        if kind not in ("feed", "sitemap", "section"):
            raise BadInput(f"{kind[:40]!r} is not a kind of source")
    except BadInput as error:
        return Outline(name or _words(address) or "?", None, str(error))
    country, language = _said(element, "country"), _of(element, "language").lower()
    # RSS readers write "unknown" for an unknown language.
    has_language = language.isascii() and 2 <= len(language) <= 8 and language != "unknown"
    entry = SourceEntry(
        url=url,
        kind=kind,
        outlet=named or name or url,
        homepage=_homepage(_of(element, "htmlurl")),
        owner=_said(element, "owner"),
        country=country if country and len(country) == 2 else None,
        language=language if has_language else None,
    )
    return Outline(name or url, entry, names_outlet=named is not None)


def _of(element: Etree.Element, name: str) -> str:
    """An attribute, ignoring case: `xmlurl` is as common as `xmlUrl`."""
    return next((value.strip() for key, value in element.items() if key.lower() == name), "")


def _said(element: Etree.Element, word: str) -> str | None:
    return _words(element.get(f"{{{NAMESPACE}}}{word}"))


def _words(value: str | None) -> str | None:
    return " ".join(printable(value or "").split())[:MAX_NAME] or None


def _homepage(value: str) -> str | None:
    try:
        return checked_url(value) if value else None
    except BadInput:
        return None


def write_opml(entries: Iterable[SourceEntry], *, now: datetime) -> bytes:
    """Write the list, one folder an outlet. Feeds have type rss; sitemaps and section pages have type link."""
    Etree.register_namespace("onestory", NAMESPACE)
    root = Etree.Element("opml", version="2.0")
    head = Etree.SubElement(root, "head")
    Etree.SubElement(head, "title").text = "Sources of Onestory"
    Etree.SubElement(head, "dateCreated").text = format_datetime(now, usegmt=True)
    body = Etree.SubElement(root, "body")
    folders: dict[str, list[SourceEntry]] = {}
    for entry in entries:
        folders.setdefault(entry.outlet, []).append(entry)
    for outlet, listed in sorted(folders.items()):
        folder = Etree.SubElement(body, "outline", text=outlet)
        _write(folder, listed)
    Etree.indent(root)
    written: bytes = Etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _write(folder: Etree.Element, listed: Sequence[SourceEntry]) -> None:
    for entry in sorted(listed, key=lambda entry: entry.url):
        said = {"type": "rss", "xmlUrl": entry.url} if entry.kind == "feed" else {"type": "link", "url": entry.url}
        said |= {"text": entry.outlet, "title": entry.outlet}
        said |= {"htmlUrl": entry.homepage or "", "language": entry.language or ""}
        said |= {f"{{{NAMESPACE}}}{word}": getattr(entry, word) or "" for word in ("kind", "outlet", *OWN)}
        Etree.SubElement(folder, "outline", {name: value for name, value in said.items() if value})
