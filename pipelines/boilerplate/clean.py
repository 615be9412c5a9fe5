"""Furniture out of an article's lines, for pages and plain texts alike. What the rules take out is kept.

Each rule looks at all lines and names those it would take, with a reason; the first reason counts. None changes a
line. When nothing would be left, everything stays.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onestory.pipelines.boilerplate.leftovers import is_below_release, is_counter, is_reading_time, is_stamp, is_value
from onestory.pipelines.boilerplate.phrases import boilerplate_kind, has_phrase
from onestory.pipelines.boilerplate.repeated_lines import fingerprint
from onestory.pipelines.boilerplate.sentences import ends_sentence, is_placeholder, is_prose, is_sentence
from onestory.pipelines.extract.lines import line_key, line_keys, share_known, word_windows
from onestory.store.articles.captures import RemovedLine

__all__ = ["Cleaned", "CleaningHints", "remove_boilerplate"]

_WORDS = re.compile(r"\w+")
_CLOCK = re.compile(r"\d{1,2}[:.h]\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|\b(?:19|20)\d\d\b")
_HOUR = re.compile(r"\b\d{1,2}[:.h]\d\d\b")
_CONTACT = re.compile(
    r"\W*(?:\S+@\S+\.\w{2,}|@\w+|(?:https?://)?(?:www\.)?(?:twitter|facebook|x|instagram)\.com/\S+)\W*", re.IGNORECASE
)
_CREDIT_END = re.compile(
    r"(?:\b(?:foto|photo|bild|image|credit|quelle|source|fot|crédit|fotografie)s?\s*[:.]\s*|©\s*)[\w .,/&’'-]{2,60}$",
    re.IGNORECASE,
)
_OFTEN, _FEW = 3, 3
_FIRST_CHARS = 60
_TWICE_CHARS = 30
_SAME_SHARE = 0.8
_HEAD_LINES = 14
_TAIL_LINES = 4
# A line that is nothing but a contact is short; the pattern is quadratic in a run of signs.
MAX_CONTACT_CHARS = 200


@dataclass(frozen=True, slots=True)
class CleaningHints:
    """What is known beside the lines. `marks`: furniture by the markup, by `key`; `body`: articleBody of JSON-LD."""

    titles: tuple[str, ...] = ()
    byline: tuple[str, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    headings: frozenset[str] = frozenset()
    asides: frozenset[str] = frozenset()
    siblings: frozenset[str] = frozenset()
    furniture: frozenset[int] = frozenset()
    language: str = "und"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`text`: one paragraph a line. `removed`: in the order of the page."""

    text: str
    removed: tuple[RemovedLine, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    lines: Sequence[str]
    keys: Sequence[str]
    prose: Sequence[bool]
    head: int
    clues: CleaningHints


_Rule = Callable[[_Page], Iterator[tuple[int, str]]]


def remove_boilerplate(lines: Iterable[str], clues: CleaningHints | None = None) -> Cleaned:
    """The lines without furniture."""
    page = _page([tidy for line in lines if (tidy := " ".join(line.split()))], clues or CleaningHints())
    reasons: dict[int, str] = {}
    for rule in RULES.values():
        for index, reason in rule(page):
            reasons.setdefault(index, reason)
    kept = [line for index, line in enumerate(page.lines) if index not in reasons]
    if not kept:
        return Cleaned("\n".join(page.lines), ())
    return Cleaned("\n".join(kept), tuple(RemovedLine(page.lines[index], reasons[index]) for index in sorted(reasons)))


def _page(lines: Sequence[str], clues: CleaningHints) -> _Page:
    keys = line_keys(lines)
    prose = [is_prose(line) for line in lines]
    titles = {line_key(title) for title in clues.titles}
    head = next((i for i, yes in enumerate(prose[:_HEAD_LINES]) if yes and keys[i] not in titles), 0)
    return _Page(lines, keys, prose, head, clues)


def _host(page: _Page) -> Iterator[tuple[int, str]]:
    if page.clues.furniture:
        for index, line in enumerate(page.lines):
            if fingerprint(line) in page.clues.furniture:
                yield index, "host"


def _headline(page: _Page) -> Iterator[tuple[int, str]]:
    titles = [set(_WORDS.findall(title.lower())) for title in page.clues.titles]
    keys = {line_key(title) for title in page.clues.titles}
    for index in range(min(page.head + 1, len(page.lines))):
        if page.keys[index] in keys or (index < page.head and _resembles(page.lines[index], titles)):
            yield index, "headline"


def _resembles(line: str, titles: list[set[str]]) -> bool:
    words = set(_WORDS.findall(line.lower()))
    return any(
        min(len(words), len(title)) >= 3
        and len(words) <= 2 * len(title)
        and len(words & title) >= 0.8 * min(len(words), len(title))
        for title in titles
    )


def _markup(page: _Page) -> Iterator[tuple[int, str]]:
    marks = page.clues.marks
    for index, letters in enumerate(page.keys):
        reason = marks.get(letters)
        if reason == "headline" and index > page.head:
            continue
        if reason == "linked list" and not _outside(page, index):
            continue
        if reason:
            yield index, reason


def _outside(page: _Page, index: int) -> bool:
    """Above the first or below the last paragraph."""
    return index < page.head or not any(page.prose[index:])


def _phrases(page: _Page) -> Iterator[tuple[int, str]]:
    language = page.clues.language
    for index, line in enumerate(page.lines):
        prose = page.prose[index]
        if has_phrase(line, language=language) and (
            kind := boilerplate_kind(
                line, language=language, head=index < page.head, prose=prose, sentence=prose or is_sentence(line)
            )
        ):
            yield index, kind


def _head(page: _Page) -> Iterator[tuple[int, str]]:
    """Above the first paragraph: names of the authors, and times."""
    names = {line_key(name) for name in page.clues.byline}
    for index in range(page.head):
        line = page.lines[index]
        if len(line) > 90:
            continue
        if page.keys[index] in names:
            yield index, "byline"
        elif (
            page.keys[index] not in page.clues.headings
            and _CLOCK.search(line)
            and len(re.findall(r"[^\W\d_]{3,}", line)) <= 4
        ):
            yield index, "time"


def _tail(page: _Page) -> Iterator[tuple[int, str]]:
    """In the last lines: who the authors are, and how to reach them."""
    names = [name.lower() for name in page.clues.byline if " " in name]
    last = len(page.lines)
    for index in range(max(page.head + 1, last - _TAIL_LINES), last):
        line = page.lines[index].lower()
        if any(line.startswith(name) for name in names) and index > page.head + 2:
            yield index, "bio"
    for index, line in enumerate(page.lines):
        if len(line) <= MAX_CONTACT_CHARS and _CONTACT.fullmatch(line) and _outside(page, index):
            yield index, "contact"


def _repeats(page: _Page) -> Iterator[tuple[int, str]]:
    """Lines said twice running: a doubled caption goes altogether, a paragraph keeps its first showing."""
    for index in range(1, len(page.lines)):
        if page.keys[index] and page.keys[index] == page.keys[index - 1]:
            yield index, "repeated"
            if not ends_sentence(page.lines[index]) and not page.lines[index].startswith("- "):
                yield index - 1, "repeated"
    for index, letters in enumerate(page.keys):
        # A teaser, with its headline once for readers and once for its picture.
        half = len(letters) // 2
        if len(letters) >= _TWICE_CHARS and letters[:half] == letters[half:]:
            yield index, "repeated"


def _repeated_often(page: _Page) -> Iterator[tuple[int, str]]:
    """Sentences that stand in a page three times and more, as placeholders of what is not loaded do.

    Where much of the text comes again, the page holds it several times: then the first showing stays.
    """
    times = Counter(page.keys)
    if again := _second_showing(page):
        yield from ((index, "repeated") for index in range(again, len(page.keys)) if times[page.keys[index]] > 1)
        return
    often = {one for one in times if times[one] >= _OFTEN}
    often = {one for one, line in zip(page.keys, page.lines, strict=True) if one in often and is_placeholder(line)}
    # A few repetitions are placeholders; many are a text shown twice, which is kept once.
    told = set[str]() if len(often) > _FEW else set(often)
    for index, letters in enumerate(page.keys):
        if letters in told:
            yield index, "repeated"
        elif letters in often:
            told.add(letters)


def _second_showing(page: _Page) -> int | None:
    """Where the whole text begins again, from its first paragraph on; None where it does not."""
    first = page.keys[page.head] if page.keys else ""
    if len(first) < _FIRST_CHARS or first not in page.keys[page.head + 1 :]:
        return None
    again = page.keys.index(first, page.head + 1)
    shown = page.keys[page.head : again]
    same = sum(len(one) for one, other in zip(shown, page.keys[again:], strict=False) if one == other)
    return again if same >= _SAME_SHARE * sum(map(len, shown)) else None


def _values(page: _Page) -> Iterator[tuple[int, str]]:
    """Values of fields that a template leaves in the page: a time, an address, a count of shares."""
    for index, line in enumerate(page.lines):
        if is_value(line):
            yield index, "value"
        elif is_counter(line) and _outside(page, index):
            yield index, "share"
        elif (index < page.head and is_reading_time(line)) or (is_stamp(line) and _outside(page, index)):
            yield index, "time"


def _release(page: _Page) -> Iterator[tuple[int, str]]:
    """Below a press release: whom to ask, and who sent it."""
    half = len(page.lines) // 2
    for index in range(max(half, page.head + 1), len(page.lines)):
        if is_below_release(page.lines[index]):
            yield index, "contact"


def _captions(page: _Page) -> Iterator[tuple[int, str]]:
    for index, line in enumerate(page.lines):
        if len(line) < 200 and not page.prose[index] and _CREDIT_END.search(line):
            yield index, "caption"


def _not_in_body(page: _Page) -> Iterator[tuple[int, str]]:
    """What the page shows and its own articleBody lacks, when the two are otherwise the same text."""
    if not page.clues.body:
        return
    known = set(word_windows(page.clues.body))
    letters = line_key(page.clues.body)
    shares = [share_known(line, page.keys[i], known, letters) for i, line in enumerate(page.lines)]
    total = sum(len(line) for line in page.lines)
    inside = sum(len(line) for line, share in zip(page.lines, shares, strict=True) if share >= 0.5)
    if inside < 0.85 * total:
        return
    last = max((index for index, share in enumerate(shares) if share >= 0.5 and page.prose[index]), default=0)
    for index in range(page.head + 1, len(shares)):
        is_shown = _is_own_paragraph(page, index) if index < last else _is_own_ending(page, index)
        if shares[index] < 0.5 and not (is_shown or page.keys[index] in page.clues.headings):
            yield index, "not in articleBody"


def _is_own_paragraph(page: _Page, index: int) -> bool:
    """A paragraph that is no teaser, or the row of a table: articleBody often lacks these."""
    is_teaser = page.lines[index].startswith("- ") or page.keys[index] in page.clues.asides
    return page.lines[index].startswith("|") or (page.prose[index] and not is_teaser)


def _is_own_ending(page: _Page, index: int) -> bool:
    """A sentence, or an entry of a list, below the last paragraph and in the same container."""
    line = page.lines[index]
    return page.keys[index] in page.clues.siblings and (line.startswith("- ") or ends_sentence(line))


RULES: Mapping[str, _Rule] = {
    "values": _values,
    "release": _release,
    "repeated often": _repeated_often,
    "host": _host,
    "headline": _headline,
    "markup": _markup,
    "head": _head,
    "phrases": _phrases,
    "captions": _captions,
    "repeats": _repeats,
    "tail": _tail,
    "articleBody": _not_in_body,
}
