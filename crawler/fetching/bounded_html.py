"""HTML from strangers, parsed in the crawler's own process and therefore checked first."""

import re

from lxml.html import HtmlElement

from onestory.errors import Dropped
from onestory.pipelines.extract.html import parse

__all__ = ["parse_bounded"]

# libxml2 compares each attribute with all those before it: 50,000 on one tag take 13 s. No honest tag has a thousand.
MAX_ATTRIBUTES = 1_000
_TAG = re.compile(rb"<[a-zA-Z]")
# Inside a tag: an opening quote of a value, the end of the tag, or the beginning of a name.
_PART = re.compile(rb"=\s{0,99}[\"']|>|(?<![\s/])[\s/]++[^\s/>=]")


def parse_bounded(body: bytes, url: str, content_type: str | None) -> HtmlElement:
    """The tree of a page. Raises Dropped as `parse` does, and for a tag with over MAX_ATTRIBUTES attributes."""
    if has_crowded_tag(body):
        raise Dropped(url, "too_many_attributes", f"a tag has over {MAX_ATTRIBUTES} attributes")
    return parse(body, url=url, content_type=content_type)


def has_crowded_tag(body: bytes) -> bool:
    """Whether a tag has more than MAX_ATTRIBUTES attributes; linear in the length of the page."""
    at = 0
    while tag := _TAG.search(body, at):
        at, attributes = tag.end(), 0
        while part := _PART.search(body, at):
            at = part.end()
            if part[0] == b">":
                break
            if part[0].startswith(b"="):
                end = body.find(part[0][-1:], at)
                at = len(body) if end < 0 else end + 1
                continue
            attributes += 1
            if attributes > MAX_ATTRIBUTES:
                return True
        if part is None:
            return False
    return False
