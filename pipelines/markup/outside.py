"""Whether an element stands outside the article: in a sidebar, among teasers, below reader comments."""

import re
from functools import lru_cache

from lxml.html import HtmlElement

__all__ = ["is_outside", "is_side_matter"]

_TAGS = frozenset(["aside", "nav", "footer"])
_NAMES = re.compile(
    r"(?:^|[\s_-])(?<!with[-_])(?<!has[-_])(?<!no[-_])(?<!without[-_])(?:comments?|disqus|replies|reactions?|reviews?|related|sidebar|side-bar|recommend\w*|"
    r"trending|popular|most-?read|latest|promo|newsletter|carousel|more-?(?:news|stories|articles|on)|read-?more|"
    r"you-?may|outbrain|taboola|footer)(?:$|[\s_-])"
    r"|(?:^|\s)teasers?(?:$|[\s_-])",
    re.IGNORECASE,
)
MAX_NAME_CHARS = 200


def is_outside(element: HtmlElement) -> bool:
    """Walks up to the body; a page is at most 250 elements deep."""
    return is_side_matter(element) or any(is_side_matter(one) for one in _above(element))


def is_side_matter(element: HtmlElement) -> bool:
    """Whether the element itself is a sidebar, a list of teasers, or the comments."""
    return element.tag in _TAGS or _says_so(element.get("class"), element.get("id"))


def _above(element: HtmlElement) -> list[HtmlElement]:
    return [one for one in element.iterancestors() if one.tag not in ("html", "body", "main", "article")]


@lru_cache(maxsize=4096)
def _says_so(classes: str | None, name: str | None) -> bool:
    """Templates say the same few names again and again."""
    return any(_NAMES.search(text[:MAX_NAME_CHARS]) is not None for text in (classes, name) if text)
