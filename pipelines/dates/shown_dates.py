"""Times that a page shows its readers: time elements, and lines near the headline that say when it was published."""

import re
from collections.abc import Iterator
from copy import deepcopy
from itertools import islice

from lxml.etree import XPath
from lxml.html import HtmlElement

from onestory.pipelines.markup.outside import is_outside, is_side_matter

__all__ = ["guessed", "labelled", "marked", "pruned", "stamped", "time_elements"]

MAX_ELEMENTS = 40
MAX_LINE_CHARS = 160
MAX_LINE_WORDS, SENTENCE_WORDS = 16, 8
MIN_LINK = 3
MAX_UP = 5
BEFORE, AFTER = 30, 80
# htmldate reads all of them, each in many ways.
MAX_TIMES = 100
_MARKED = XPath(
    "//*[@itemprop='datePublished' or @property='datePublished' or @pubdate"
    " or self::abbr[@title and contains(concat(' ', @class, ' '), ' published ')]]"
)
_STAMPED = XPath("//*[@data-timestamp or @data-datetime or @data-published or @data-publish-date]")
_STAMPS = ("data-published", "data-publish-date", "data-datetime", "data-timestamp")
_BLOCKS = ("p", "div", "span", "li", "small", "address", "time", "td", "dd", "b", "strong", "em", "i", "section")
# `PORT ELLERY, Jan. 5, 2026 /PRNewswire/ -- `, `BERLIN (Reuters) 5 January 2026 - `
_DATELINE = re.compile(
    r"[A-ZÀ-Þ][A-ZÀ-Þ .,'’-]{2,40}(?:\([^()]{2,30}\))?,?\s(?P<date>[^()/–—]{6,24}\d)\s*"
    r"(?:\([^()]{2,30}\)|/[^/]{2,30}/)?\s*(?:--|[–—-])\s"
)
_SENTENCE_END = re.compile(r"(?<!\b[ap]\.m)[.!?][”\"’]?$")
_UPDATED = re.compile(r"(?i)updat|modif|aktual|edited|revis")
_DATE_LIKE = re.compile(r"\d")
_PUBLISHED_LABEL = (
    r"first published|published|posted|publication date|date published|created|released|issued|filed|"
    r"veröffentlicht|erschienen|erstellt|publié[es]*|publication|mis en ligne|publicad[oa]|pubblicat[oa]|gepubliceerd|"
    r"geplaatst|publicerad|publisert|udgivet|offentliggjort|julkaistu|opublikowano|publikacja|data publikacji|"
    r"vydáno|publikováno|zveřejněno|опубликовано|опубліковано|yayınlanma|yayın tarihi|eklenme|diterbitkan|"
    r"公開|掲載|配信|发布|發布|发表|發表|등록|입력|승인|נشר|פורסם|نشر|تاريخ النشر"
)
_UPDATED_LABEL = (
    r"(?:last |latest )?(?:updated?|modified|edited|revised|reviewed|changed)|aktualisiert|zuletzt|stand|mis à jour|"
    r"mise à jour|modifié|actualizad[oa]|atualizad[oa]|aggiornat[oa]|ultimo aggiornamento|bijgewerkt|laatste update|"
    r"uppdaterad|oppdatert|opdateret|päivitetty|aktualizacja|zaktualizowano|aktualizováno|обновлено|оновлено|"
    r"изменено|güncelleme|güncellendi|diperbarui|更新|수정|최종수정|עודכן|تحديث"
)
_OTHER_LABEL = (
    r"accepted|received|expires?|deadline|embargo\w*|until|born|died|event|starts?|ends?|copyright|©|\(c\)|since|"
    r"founded"
)
_LABEL = re.compile(rf"(?P<published>{_PUBLISHED_LABEL})|(?P<updated>{_UPDATED_LABEL})|(?P<other>{_OTHER_LABEL})")


def marked(tree: HtmlElement) -> Iterator[str]:
    """What microdata call the time of publication, outside of teasers and comments."""
    for element in islice(_MARKED(tree), MAX_ELEMENTS):
        if not is_outside(element):
            yield element.get("content") or element.get("datetime") or element.get("title") or _text(element)


def time_elements(tree: HtmlElement) -> Iterator[str]:
    """Of the article alone and not of a change, those behind the headline first."""
    elements = [one for one in islice(tree.iter("time", "h1"), 10 * MAX_ELEMENTS) if one.tag == "h1" or _counts(one)]
    heading = max((at for at, one in enumerate(elements) if one.tag == "h1"), default=-1)
    for element in (*elements[heading + 1 :], *reversed(elements[: max(heading, 0)])):
        if element.tag == "time":
            yield element.get("datetime") or _text(element)


def stamped(tree: HtmlElement) -> Iterator[str]:
    """Times that scripts show the readers: `2 hours ago`."""
    for element in islice(_STAMPED(tree), MAX_ELEMENTS):
        if element.tag != "time" and _counts(element):
            yield next(value for name in _STAMPS if (value := element.get(name)) is not None)


def _counts(element: HtmlElement) -> bool:
    names = f"{element.get('itemprop') or ''} {element.get('class') or ''} {element.get('id') or ''}"
    if _UPDATED.search(names) or _is_updated(element):
        return False
    return not is_outside(element) and not any(_is_teaser(above) for above in islice(element.iterancestors(), 3))


def _is_teaser(element: HtmlElement) -> bool:
    """Whether an element around a time is a link, or an entry of a list of links."""
    return element.tag == "a" or (
        element.tag == "li" and any(len(link.text_content().strip()) >= MIN_LINK for link in element.iter("a"))
    )


def _is_updated(element: HtmlElement) -> bool:
    """Whether the words directly before it say that it is the time of a change."""
    said = _text_before(element)[-60:].lower()
    labels = list(_LABEL.finditer(said))
    return bool(labels) and labels[-1].lastgroup == "updated" and not _DATE_LIKE.search(said, labels[-1].end())


def _text_before(element: HtmlElement) -> str:
    """The text directly before an element: in its predecessor, or before its parent if it comes first."""
    for _ in range(MAX_UP):
        before, parent = element.getprevious(), element.getparent()
        if before is not None:
            said = (before.tail or "").strip() or _text(before)
            if said:
                return said
            element = before
            continue
        if parent is None or (parent.text or "").strip():
            return (parent.text or "") if parent is not None else ""
        element = parent
    return ""


def labelled(tree: HtmlElement) -> Iterator[str]:
    """Behind words such as `Published:` in the lines around the headline, up to the next such word."""
    for line in _lines(tree):
        labels = list(_LABEL.finditer(line.lower()))
        for label, following in zip(labels, [*labels[1:], None], strict=False):
            if label.lastgroup == "published":
                yield line[label.end() : following.start() if following else None]


def guessed(tree: HtmlElement) -> Iterator[str]:
    """Lines near the headline with a date that is not labelled as another one, and datelines."""
    for line in _lines(tree):
        if dateline := _DATELINE.match(line):
            yield dateline["date"]
        elif not _LABEL.search(line.lower()) and len(line) <= MAX_LINE_CHARS * 3 // 4 and not _is_sentence(line):
            yield line


def _is_sentence(line: str) -> bool:
    """Whether a line is a sentence about another day: an opening, a death, a deadline."""
    words = len(line.split())
    return words > MAX_LINE_WORDS or (words >= SENTENCE_WORDS and _SENTENCE_END.search(line) is not None)


def _lines(tree: HtmlElement) -> Iterator[str]:
    """Short lines with a digit near the only or first headline, behind it first."""
    elements = list(tree.iter("h1", *_BLOCKS))
    at = next((place for place, one in enumerate(elements) if one.tag == "h1"), -1)
    near = (*elements[at + 1 : at + 1 + AFTER], *reversed(elements[max(0, at - BEFORE) : max(at, 0)]))
    for element in near:
        line = _text(element) if len(element) < 12 else ""
        is_short = len(line) <= MAX_LINE_CHARS or _DATELINE.match(line) is not None
        if is_short and _DATE_LIKE.search(line) and not is_outside(element):
            yield line


def pruned(tree: HtmlElement) -> HtmlElement:
    """A copy without sidebars, footers and comments, whose dates are those of other pages, and without data.

    What JSON-LD says of publication is read before; what else it dates is a change.
    """
    copy = deepcopy(tree)
    for element in [one for one in copy.iter("aside", "nav", "footer", "section", "div", "ul") if is_side_matter(one)]:
        if element.getparent() is not None:
            element.drop_tree()
    times = list(copy.iter("time"))
    others = [element for element in times[:MAX_TIMES] if not _counts(element)]
    said = (script for script in copy.iter("script") if "json" in (script.get("type") or ""))
    for element in [*others, *times[MAX_TIMES:], *filter(_is_of_change, copy.iter("meta")), *said]:
        element.drop_tree()
    return copy


def _is_of_change(meta: HtmlElement) -> bool:
    return _UPDATED.search(meta.get("property") or meta.get("name") or meta.get("itemprop") or "") is not None


def _text(element: HtmlElement) -> str:
    return " ".join(str(element.text_content())[: 4 * MAX_LINE_CHARS].split())
