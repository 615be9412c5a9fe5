"""Dispatches in NewsML-G2 (https://iptc.org/standards/newsml-g2/): a newsItem, or a newsMessage with several.

The text is XHTML or NITF inline, or plain. Names are compared without their namespaces, which differ by version.
"""

from collections.abc import Iterator
from typing import Any

from lxml import etree

from onestory.pipelines.markup.xml_repair import declares_entities
from onestory.pipelines.wire.lines import lines_of, local_name
from onestory.pipelines.wire.parsing import MAX_MARKS, BadDispatch, Dispatch, status_of, time_of

__all__ = ["newsml_dispatches"]

# Items that hold no text of their own.
OTHER_ITEMS = ("packageitem", "conceptitem", "knowledgeitem", "planningitem", "catalogitem", "hopitem")
TEXT_CLASSES = ("", "text", "composite")
GUID_WARNING = "it has no identity: give its newsItem a `guid`"


def newsml_dispatches(body: bytes) -> Iterator[Dispatch | BadDispatch | None]:
    """The dispatches of a document; None for what is no text, as a picture or a package.

    Raises BadDispatch for what is no NewsML-G2, and for XML with a document type: nothing is expanded or fetched.
    """
    items = list(_items(_root(body)))
    for number, item in enumerate(items, 1):
        place = f"item {number}: " if len(items) > 1 else ""
        try:
            yield _dispatch(item)
        except BadDispatch as bad:
            yield BadDispatch(f"{place}{bad}")


def _root(body: bytes) -> Any:
    if declares_entities(body) or b"<!DOCTYPE" in body.replace(b"\x00", b"")[:65_536].upper():
        raise BadDispatch("it has a document type (DTD), which is not read: remove `<!DOCTYPE …>`")
    if (marks := body.count(b"<")) > MAX_MARKS:
        raise BadDispatch(f"it has {marks:,} tags, more than the {MAX_MARKS:,} that are read: split it")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadDispatch(f"it is not well-formed XML: {str(error)[:120]}") from error
    if root.getroottree().docinfo.doctype:
        raise BadDispatch("it has a document type (DTD), which is not read: remove `<!DOCTYPE …>`")
    return root


def _items(root: Any) -> Iterator[Any]:
    name = local_name(root)
    if name == "newsmessage":
        for group in root:
            if local_name(group) == "itemset":
                yield from (item for item in group if local_name(item))
    elif name == "newsitem" or name in OTHER_ITEMS:
        yield root
    else:
        raise BadDispatch(f"it is XML, but no NewsML-G2: its root is <{name[:40]}>, not <newsItem> or <newsMessage>")


def _dispatch(item: Any) -> Dispatch | None:
    about, content = _child(item, "itemmeta"), _child(item, "contentmeta")
    kind = (_value(_child(about, "itemclass")) or "").rpartition(":")[2].lower()
    if local_name(item) in OTHER_ITEMS or kind not in TEXT_CLASSES:
        return None
    uri = (item.get("guid") or "").strip()
    if not uri:
        raise BadDispatch(GUID_WARNING)
    status = status_of(_value(_child(about, "pubstatus")))
    text = _body(_child(item, "contentset"))
    if not text and status == "usable":
        raise BadDispatch(f"{uri[:100]} has no text: give it as <inlineXML> or <inlineData> in its <contentSet>")
    bylines = [_text(one) for one in content if local_name(one) == "by"] if content is not None else []
    return Dispatch(
        uri=uri,
        provider=_provider(about, content),
        text=text,
        title=_text(_child(content, "headline")) or _text(_child(about, "title")),
        version=(item.get("version") or "").strip() or None,
        issued=time_of(_text(_child(about, "versioncreated"))),
        published=time_of(_text(_child(about, "firstcreated")) or _text(_child(content, "contentcreated"))),
        status=status,
        note=_text(_child(about, "ednote")),
        authors=tuple(name for name in bylines[:50] if name),
    )


def _provider(about: Any, content: Any) -> str | None:
    for one in (_child(about, "provider"), _child(content, "infosource")):
        named = _text(_child(one, "name")) or (one.get("literal") if one is not None else None) or _value(one)
        if named:
            return str(named).rpartition(":")[2].strip() or None
    return None


def _body(content: Any) -> str:
    if content is None:
        return ""
    parts = [one for one in content if local_name(one) in ("inlinexml", "inlinedata")]
    marked = (_marked(one) for one in parts if local_name(one) == "inlinexml")
    plain = ("".join(one.itertext()).strip() for one in parts if local_name(one) == "inlinedata" and _is_plain(one))
    return next((text for text in (*marked, *plain) if text), "")


def _marked(part: Any) -> str:
    """The body of XHTML, or of NITF, which has its own within `<body>`."""
    by_name = {local_name(one): one for one in reversed(list(part.iter()))}
    return lines_of(by_name.get("body.content", by_name.get("body", part)))


def _is_plain(part: Any) -> bool:
    kind: str = part.get("contenttype") or "text/plain"
    return kind.startswith("text/plain") and not part.get("encoding")


def _child(parent: Any, name: str) -> Any:
    """The first child of this name; None without one."""
    return None if parent is None else next((one for one in parent if local_name(one) == name), None)


def _text(element: Any) -> str | None:
    return None if element is None else " ".join("".join(element.itertext()).split()) or None


def _value(element: Any) -> str | None:
    """A value that is named by a code or a URI."""
    if element is None:
        return None
    found: str | None = element.get("qcode") or element.get("uri")
    return found.rpartition("/")[2] if found and "://" in found else found
