"""What is taken out of a page's tree before its text is read: scripts, embedded posts, comments, footnote numbers."""

import re
from collections.abc import Sequence
from functools import lru_cache

from lxml.etree import XPath, strip_elements, strip_tags
from lxml.html import HtmlElement

__all__ = ["prepare_tree"]

# No page has such a tag.
_DROPPED = "onestory-dropped"
_DEAD = ("script", "style", "svg", "template", "iframe", "object", "canvas", "link", "meta", "rt", "rp")
# Inline elements within or around a word that trafilatura does not know.
_WITHIN_WORDS = ("ruby", "rb", "rtc", "wbr", "bdi", "bdo")
_POSTS = re.compile(
    r"(?:^|\s)(?:twitter-(?:tweet|video)|instagram-media|tiktok-embed|bluesky-embed|fb-(?:post|video)|reddit-embed-bq|"
    r"reddit-card|mastodon-embed|text-post-media|imgur-embed-pub|telegram-post)(?:$|\s)"
)
_ADDRESS = re.compile(r"(?:https?://|pic\.twitter\.com/|t\.co/)\S*$")
_SIGNED = re.compile(r"^\s*[—–-]|\(@\w+\)")
_SHARED = re.compile(
    r"\s*(?:(?:a|ein) (?:post|reel|video) shared by\b|view this (?:post|profile) on\b|posted by\b)", re.IGNORECASE
)
_COMMENTS = re.compile(
    r"(?:^|[\s_-])(?<!with[-_])(?<!has[-_])(?<!no[-_])(?<!show[-_])(?:comments?|comment-?list|reactions|replies|disqus\w*|"
    r"kommentare|comentarios|comentários|commentaires|commenti|yorumlar|comments?section)(?:$|[\s_-])",
    re.IGNORECASE,
)
MAX_NAME_CHARS = 200
_LABELLED = XPath(
    "//@itemprop[. = 'comment']/parent::*"
    " | //@aria-label[. = 'Comments' or . = 'comments' or . = 'Kommentare']/parent::*"
)
_CONTAINERS = frozenset(["div", "section", "li", "article", "ol", "ul"])
_HIDDEN = XPath("//body//*[@hidden]")
_INLINE = ("a", "b", "em", "font", "i", "small", "span", "strong", "u")
# Within one element; trafilatura's time grows with their square.
MAX_INLINE = 1_000
_CROWDED = XPath(f"//*[count(*) > {MAX_INLINE}][count({'|'.join(_INLINE)}) > {MAX_INLINE}]")
# Comments are no more of a page than this: else a template named its whole article so.
MOST_COMMENTS = 0.6
# Each is walked through, and they may stand within each other.
MAX_COMMENTS = 20
MIN_ARTICLE_CHARS = 600
_NUMBER = re.compile(r"\W?\d{1,3}\W?|[*†‡§]{1,3}|\[[a-z]\]")
# Before a number: the end of a word, or of a sentence. Behind a digit or a short unit it is a power.
_BEFORE_NOTE = re.compile(r"(?:[^\W\d_]{4,}|[.,;:!?”\"’»)])\s*$")


def prepare_tree(tree: HtmlElement) -> None:
    """Changes the tree in place; the text behind what is taken out stays."""
    # Half of a page's bytes, and trafilatura copies the tree five times.
    strip_elements(tree, *_DEAD, with_tail=False)
    strip_tags(tree, *_WITHIN_WORDS)
    for crowded in _CROWDED(tree):
        strip_tags(crowded, *_INLINE)
        _join_texts(crowded)
    named = [one for one in tree.iter("blockquote", "div", "section", "ol", "ul", "aside") if one.attrib]
    _drop_trimmings(tree, [one for one in named if _is_post(one.get("class"))])
    comments = [one for one in named if _is_comments(one.get("class")) or _is_comments(one.get("id"))]
    labelled = [one for one in _LABELLED(tree) if one.tag in _CONTAINERS]
    _drop_asides(tree, [*comments, *labelled, *_HIDDEN(tree)])
    _drop_all(tree, [one for one in tree.iter("sup") if _is_note(one)])
    _drop_next_articles(tree)


@lru_cache(maxsize=4096)
def _is_post(classes: str | None) -> bool:
    return classes is not None and _POSTS.search(classes[:MAX_NAME_CHARS]) is not None


@lru_cache(maxsize=4096)
def _is_comments(name: str | None) -> bool:
    return name is not None and _COMMENTS.search(name[:MAX_NAME_CHARS]) is not None


def _drop_trimmings(tree: HtmlElement, posts: Sequence[HtmlElement]) -> None:
    """Drop author, time and picture addresses of embedded posts. Their words stay.

    A post without a paragraph is only a link to it.
    """
    worded = [post for post in posts if next(post.iter("p"), None) is not None]
    _drop_all(tree, [post for post in posts if next(post.iter("p"), None) is None])
    for post in worded:
        links = [link for link in post.iter("a") if _ADDRESS.match(_text(link)) or not _is_in_paragraph(link)]
        _drop_all(post, links)
        paragraphs = list(post.iter("p"))
        for paragraph in paragraphs:
            if paragraph.tail and (_SIGNED.search(paragraph.tail) or _SHARED.match(paragraph.tail)):
                paragraph.tail = None
        _drop_all(post, [one for one in paragraphs if _SHARED.match(_text(one)[:MAX_NAME_CHARS])])


def _is_in_paragraph(element: HtmlElement) -> bool:
    return next(element.iterancestors("p"), None) is not None


def _text(element: HtmlElement) -> str:
    return str(element.text_content()).strip()


def _drop_asides(tree: HtmlElement, found: Sequence[HtmlElement]) -> None:
    """Drop comments and hidden elements, unless they are most of the text."""
    if not found:
        return
    whole = sum(len(one.text_content()) for one in tree.iter("p"))
    dropped: set[HtmlElement] = set()
    for element in found[:MAX_COMMENTS]:
        if dropped.intersection(element.iterancestors()):
            continue
        if sum(len(one.text_content()) for one in element.iter("p")) <= MOST_COMMENTS * whole:
            _drop(element)
            dropped.add(element)


def _drop_next_articles(tree: HtmlElement) -> None:
    """Drop articles that infinite scrolling appends: they have headlines of their own and follow a complete article."""
    headed = [one for one in tree.iter("article") if next(one.iter("h1"), None) is not None]
    first = next((one for one in headed if len(one.text_content()) >= MIN_ARTICLE_CHARS), None)
    if first is None or len(headed) < 2:
        return
    around = {first, *first.iterancestors(), *first.iterdescendants("article")}
    _drop_all(tree, [other for other in headed[headed.index(first) + 1 :] if other not in around])


def _drop_all(tree: HtmlElement, elements: Sequence[HtmlElement]) -> None:
    """Drop elements within a tree at once. One by one, lxml reads the text before each again."""
    if not elements:
        return
    parents = dict.fromkeys(parent for one in elements if (parent := one.getparent()) is not None)
    for element in elements:
        element.tag = _DROPPED
    strip_elements(tree, _DROPPED, with_tail=False)
    for parent in parents:
        _join_texts(parent)


def _join_texts(element: HtmlElement) -> None:
    """Make one text node of neighbours: libxml2 leaves one for each child that was taken out."""
    element.text = element.text
    for child in element:
        child.tail = child.tail


def _drop(element: HtmlElement) -> None:
    if element.getparent() is not None:
        element.drop_tree()


def _is_note(element: HtmlElement) -> bool:
    """Whether a raised number leads to a footnote, and is neither a power nor an ordinal's ending."""
    text = _text(element)
    if not _NUMBER.fullmatch(text):
        return False
    if any((link.get("href") or "").find("#") >= 0 for link in (*element.iter("a"), *_parent_link(element))):
        return True
    return _BEFORE_NOTE.search(_text_before(element)[-40:]) is not None


def _parent_link(element: HtmlElement) -> list[HtmlElement]:
    parent = element.getparent()
    return [parent] if parent is not None and parent.tag == "a" else []


def _text_before(element: HtmlElement) -> str:
    before, parent = element.getprevious(), element.getparent()
    if before is not None:
        return before.tail or ""
    return (parent.text or "") if parent is not None else ""
