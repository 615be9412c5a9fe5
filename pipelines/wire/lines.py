"""The paragraphs of a text in HTML, XHTML or NITF, one a line."""

from typing import Any

from lxml import etree, html

__all__ = ["lines_of", "lines_of_markup", "local_name"]

BLOCKS = frozenset(
    (
        *("address", "article", "aside", "block", "blockquote", "body", "body.content", "br", "dd", "div", "dl", "dt"),
        *("figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hl1", "hl2", "li", "ol", "p", "pre"),
        *("section", "table", "td", "th", "tr", "ul"),
    )
)
SILENT = frozenset({"script", "style", "head", "media", "body.head", "body.end"})
# Stands for the end of a line while line breaks of the source are still white space.
BREAK = "\u2028"


def lines_of(element: Any) -> str:
    """The text of an element, with its blocks on lines of their own."""
    parts: list[str] = []
    silent = 0
    for event, node in etree.iterwalk(element, events=("start", "end")):
        name = local_name(node)
        if name in BLOCKS:
            parts.append(BREAK)
        if event == "start":
            silent += name in SILENT
            text = node.text
        else:
            silent -= name in SILENT
            text = None if node is element else node.tail
        parts.append(text or "" if not silent else "")
    lines = (" ".join(line.split()) for line in "".join(parts).split(BREAK))
    return "\n".join(line for line in lines if line)


def local_name(node: Any) -> str:
    """The name of an element without its namespace, in lower case; empty for comments."""
    return node.tag.rpartition("}")[2].lower() if isinstance(node.tag, str) else ""


def lines_of_markup(markup: str) -> str:
    """The paragraphs of a text that may be HTML."""
    if "<" not in markup:
        return markup
    try:
        return lines_of(html.document_fromstring(f"<div>{markup}</div>"))
    except (etree.ParserError, ValueError):
        return markup
