"""The article's lines out of a parsed page: trafilatura, helped by what only the tree still knows."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from lxml.html import HtmlElement
from trafilatura import bare_extraction

from onestory.pipelines.extract.lines import line_key
from onestory.pipelines.extract.preparation import prepare_tree
from onestory.pipelines.markup.outside import is_outside
from onestory.pipelines.markup.page_state import body_in_state

__all__ = ["ArticleBody", "extract_body"]

MAX_MARK_CHARS = 600
MAX_SIBLING_CHARS = 2_000
# Paragraphs left out are put back when they make up so much of what was found: less is furniture more often.
COMPLETE_FROM = 0.6
# An articleBody is taken when it is so many times as long as what was found of it.
CLAIMED_FROM = 1.7
LITTLE_CHARS = 600
# Less than a paragraph: the page loads its text, and says so.
NO_TEXT_CHARS = 120
MIN_TEASERS, MIN_TEASER_CHARS, TEASED_SHARE = 4, 50, 0.8
MIN_PICTURES, MIN_CAPTION = 3, 15
# Of several hundred real pages one had more. The library's second opinion (justext) is quadratic in them.
MAX_BLOCKS = 2_500
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|\n")
_LINKED = dict.fromkeys(["li", "h2", "h3", "h4", "h5", "h6", "td"], "linked list")
_HEADINGS = frozenset(["h2", "h3", "h4", "h5", "h6"])
_BLOCKS = frozenset(
    (
        *("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "div", "td", "th", "dd", "dt", "section", "article", "aside"),
        *("blockquote", "figure", "figcaption", "header", "footer", "nav", "ul", "ol", "main", "body", "table", "tr"),
        "form",
    )
)
_CAPTIONS = re.compile(
    r"(?:^|[\s_-])(?:wp-)?(?:caption|captions|bildunterschrift|legende|image-credit|photo-credit|img-credit|"
    r"media-credit|credit|copyright|image-caption|photo-caption|imagecaption|photocaption)(?:$|[\s_-])|[a-z]Caption|[a-z]Credit",
)


@dataclass(frozen=True, slots=True)
class ArticleBody:
    """`lines` as trafilatura gives them; `marks`: lines that the markup calls furniture, by `key`, with the reason."""

    lines: tuple[str, ...]
    marks: Mapping[str, str] = field(default_factory=dict)
    headings: frozenset[str] = frozenset()
    # Paragraphs in sidebars and teasers; known only where the page has an articleBody.
    asides: frozenset[str] = frozenset()
    # Paragraphs and list entries in the container of the article's text; known only where the page has an articleBody.
    siblings: frozenset[str] = frozenset()

    @property
    def linked_share(self) -> float:
        """The share of the lines that are links, 0 to 1."""
        if not self.marks:
            return 0.0
        linked = sum(self.marks.get(line_key(line), "").startswith("linked") for line in self.lines)
        return linked / max(1, len(self.lines))

    @property
    def is_of_teasers(self) -> bool:
        """Whether nearly every paragraph directly follows a link, as a teaser does."""
        if not self.marks:
            return False
        is_link = [self.marks.get(line_key(line), "").startswith("linked") for line in self.lines]
        below = [is_link[at - 1] for at, line in enumerate(self.lines) if at and not is_link[at] and _is_long(line)]
        return len(below) >= MIN_TEASERS and sum(below) >= TEASED_SHARE * len(below)

    def captioned_share(self, text: str) -> float:
        """The share of a text that consists of picture captions, 0 to 1. It is 0 if there are only a few pictures."""
        captions = [key for key, reason in self.marks.items() if reason == "caption" and len(key) >= MIN_CAPTION]
        if len(captions) < MIN_PICTURES:
            return 0.0
        letters = rest = line_key(text)
        found = 0
        for caption in sorted(captions, key=len, reverse=True):
            found += caption in rest
            rest = rest.replace(caption, "")
        return 1 - len(rest) / max(1, len(letters)) if found >= MIN_PICTURES else 0.0


def _is_long(line: str) -> bool:
    return len(line) >= MIN_TEASER_CHARS


def extract_body(tree: HtmlElement, *, claimed: str | None = None) -> ArticleBody:
    """The lines of the article in a page; none when there is no article.

    `claimed` is the articleBody of the page's JSON-LD: taken for the lines when they are only a small part of it.
    """
    marks = _marks(tree)
    headings = frozenset(line_key(element.text_content()[:400]) for element in tree.iter("h2", "h3", "h4", "h5"))
    quoted = frozenset(line_key(element.text_content()[:2_000]) for element in tree.iter("blockquote"))
    asides = frozenset(line_key(_text(one)) for one in tree.iter("p") if is_outside(one)) if claimed else frozenset()
    siblings = _in_main_container(tree) if claimed else frozenset()
    state = body_in_state(tree) if not claimed and _shows_little(tree) else None
    prepare_tree(tree)
    is_large = sum(1 for _ in tree.iter(*_BLOCKS, "time", "br")) > MAX_BLOCKS
    document = bare_extraction(tree, include_comments=False, fast=is_large)
    lines = [line for line in (getattr(document, "text", None) or "").split("\n") if line.strip()]
    lines = _completed(tree, lines, marks)
    if claimed and _is_part([line for line in lines if line_key(line) not in marks], claimed):
        lines = [line for line in claimed.split("\n") if line.strip()]
    elif state and sum(map(len, lines)) * CLAIMED_FROM < len(state):
        lines = state.split("\n")
    return ArticleBody(tuple(lines), marks, headings | quoted, asides, siblings)


def _in_main_container(tree: HtmlElement) -> frozenset[str]:
    """The keys of paragraphs, and of entries of lists, beside each other in the element with the most of them."""
    beside: defaultdict[HtmlElement, list[HtmlElement]] = defaultdict(list)
    chars: Counter[HtmlElement] = Counter()
    for element in tree.iter("p", "ul", "ol"):
        parent = element.getparent()
        if parent is not None:
            beside[parent].append(element)
            chars[parent] += len(element.text_content()) if element.tag == "p" else 0
    if not chars:
        return frozenset()
    found = beside[chars.most_common(1)[0][0]]
    entries = (entry for one in found for entry in (one.iterchildren("li") if one.tag != "p" else (one,)))
    return frozenset(line_key(text) for entry in entries if len(text := _text(entry)) <= MAX_SIBLING_CHARS)


def _shows_little(tree: HtmlElement) -> bool:
    """Whether the paragraphs of the page are too few to be an article: its script writes them."""
    return sum(len(element.text_content()) for element in tree.iter("p")) < LITTLE_CHARS


def _is_part(lines: list[str], claimed: str) -> bool:
    """Whether the lines are a small part of what the page claims, told once: some articleBody holds its text twice."""
    found = sum(map(len, lines))
    sentences = dict.fromkeys(_SENTENCE_END.split(claimed))
    if found * CLAIMED_FROM > sum(map(len, sentences)):
        return False
    if found < NO_TEXT_CHARS:
        return True
    whole = line_key(claimed)
    return sum(len(line) for line in lines if line_key(line) in whole) >= 0.5 * found


def _completed(tree: HtmlElement, lines: list[str], marks: Mapping[str, str]) -> list[str]:
    """The lines, and the paragraphs that stand in the same kind of container and were left out.

    Templates that break an article up with pictures and advertisements repeat the container of its text;
    trafilatura takes the first one.
    """
    known = {letters for line in lines if len(letters := line_key(line)) > 40}
    paragraphs = [(element, text, line_key(text)) for element in tree.iter("p") if len(text := _text(element)) > 60]
    trusted = {_home(element) for element, _, letters in paragraphs if letters in known} - {None}
    everything = line_key("".join(lines))
    missed = [
        (element, text, letters)
        for element, text, letters in paragraphs
        if letters not in marks and _home(element) in trusted and letters not in everything
    ]
    if sum(len(text) for _, text, _ in missed) < COMPLETE_FROM * sum(map(len, lines)):
        return lines
    return _merged(lines, paragraphs, {letters for _, _, letters in missed})


def _merged(lines: list[str], paragraphs: list[tuple[HtmlElement, str, str]], missed: set[str]) -> list[str]:
    places = {line_key(line): index for index, line in enumerate(lines)}
    added: defaultdict[int, list[str]] = defaultdict(list)
    place = -1
    for _, text, letters in paragraphs:
        if letters in places:
            place = places[letters]
        elif letters in missed:
            added[place].append(text)
    merged = added[-1]
    for index, line in enumerate(lines):
        merged += [line, *added[index]]
    return merged


def _text(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _home(element: HtmlElement) -> str | None:
    parent = element.getparent()
    above = parent.getparent() if parent is not None else None
    if above is None:
        return None
    names = [f"{one.tag}.{one.get('class') or ''}" for one in (parent, above)]
    return " ".join(names) if any(one.get("class") for one in (parent, above)) else None


def _marks(tree: HtmlElement) -> dict[str, str]:
    marks: dict[str, str] = {}
    for block, said, links in _linked_blocks(tree):
        reason = _LINKED.get(block.tag, "linked")
        _mark_text(marks, said, reason)
        for link, text in links:
            _mark_text(marks, text, reason)
            if link.tail:
                _mark_text(marks, text + link.tail, reason)
            for part in link.iterdescendants("p", "h1", "h2", "h3", "h4", "h5", "h6", "div"):
                _mark(marks, part, reason)
    for element in tree.iter("figcaption", "div", "p", "span", "small", "cite"):
        if element.tag == "figcaption" or _is_caption(element.get("class")):
            _mark(marks, element, "caption")
            for part in element.iterchildren():
                _mark(marks, part, "caption")
    for element in tree.iter("h1"):
        _mark(marks, element, "headline")
    marks.pop("", None)
    return marks


@lru_cache(maxsize=4096)
def _is_caption(classes: str | None) -> bool:
    """Templates say the same few classes again and again."""
    return classes is not None and _CAPTIONS.search(classes) is not None


def _mark(marks: dict[str, str], element: HtmlElement, reason: str) -> None:
    _mark_text(marks, element.text_content(), reason)


def _mark_text(marks: dict[str, str], text: str, reason: str) -> None:
    if len(text) <= 4 * MAX_MARK_CHARS and len(letters := line_key(text)) <= MAX_MARK_CHARS:
        marks[letters] = reason


_Links = list[tuple[HtmlElement, str]]


def _linked_blocks(tree: HtmlElement) -> Iterator[tuple[HtmlElement, str, _Links]]:
    """Blocks whose text is links and hardly anything else, with that text and the links: teasers, read-more lines."""
    linked: defaultdict[HtmlElement, _Links] = defaultdict(list)
    for link in tree.iter("a"):
        if link.get("href") and (block := _block(link)) is not None:
            linked[block].append((link, link.text_content()))
    for block, links in linked.items():
        chars = sum(len(text.strip()) for _, text in links)
        if chars < (4 if block.tag in _HEADINGS else 12):
            continue
        said = block.text_content()
        if chars >= 0.8 * len(text := said.strip()) and not text.startswith("http"):
            yield block, said, links


def _block(link: HtmlElement) -> HtmlElement | None:
    return next((above for above in link.iterancestors() if above.tag in _BLOCKS), None)
