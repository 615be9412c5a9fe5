"""Which agency or outlet a text says it came from, with the words that say so. A bare mention is no credit.

A credit stands in a place: a dateline, a line of its own, a byline, a closing sentence of certain forms, a copyright
line, or a field of the markup. Pictures have credits too: those are passed over.
"""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from urllib.parse import urlsplit

from onestory.errors import BadInput
from onestory.pipelines.credit.agencies import load_agencies
from onestory.pipelines.credit.republished import first_publisher, may_name_publisher
from onestory.pipelines.literals import folded_case
from onestory.pipelines.markup.structured_data import Markup, names, strings
from onestory.urls import host_of, normalize_url, site_of

__all__ = ["Credit", "find_credit"]

_MAX_EVIDENCE_CHARS = 240
# What is longer is no name; PostgreSQL indexes names, and no row of an index holds more than 2,704 bytes.
_MAX_NAME_CHARS = 200
_EDGE_LINES = 4
# Teasers and newsletter boxes follow the closing sentence.
_CLOSING_LINES = 10
_PICTURE_WORDS = (
    r"\b(?:photo\w*|foto\w*|image|images|bild\w*|pictures?|grafik|graphic|video|illustration|caption|getty|file|archiv\w*|"
    r"beeld|kuva|zdj\w*|fot|imagen|imagem|immagine|görsel)\b|写真|图片|圖片|사진|фото|صورة"
)
_PICTURE_WORD = re.compile(_PICTURE_WORDS, re.IGNORECASE)
_PICTURE = re.compile(rf"{_PICTURE_WORDS}|[A-Za-z]/\s*(?:AP|AFP|Reuters|REUTERS)\b", re.IGNORECASE)
_LOWER_LONG = re.compile(r"^[a-zà-ÿа-яё]{4,}")
_MONTHS = re.compile(
    r"^(?:jan|feb|mar|mär|apr|avr|abr|maj|mai|may|mag|jun|jui|juin|jul|lug|aug|aoû|ago|sep|set|oct|okt|ott|out|nov|"
    r"dec|dez|"
    r"déc|dic|gen|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|kas|ara|oca|şub|nis|haz|tem|eyl|eki|stycz|lut|kwi|"
    r"czerw|lip|sier|wrz|paź|list|grud|agust|des)",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"[\W_]+")
# A sentence begins so, a place does not.
_ARTICLES = frozenset(
    ["the", "a", "an", "der", "die", "das", "ein", "eine", "un", "une", "una", "il", "uma", "het", "een", "en"]
)
_PHOTOGRAPHER = re.compile(r"[A-Za-zÀ-ÿ]{2,}(?: [A-ZÀ-Þ]\.)? [A-Za-zÀ-ÿ'’-]{2,}\s?/\s?[A-Z]")
_PICTURE_LABEL = re.compile(r"\W{0,3}(?:credits?|©)\s*[:：]", re.IGNORECASE)
_CAPTION_CHARS = 400


@dataclass(frozen=True, slots=True)
class Credit:
    """`name` as readers know it; `evidence`: the span of text, or the field and its value."""

    name: str
    evidence: str


def find_credit(
    lines: Sequence[str],
    *,
    markup: Markup | None = None,
    byline: Sequence[str] = (),
    outlet: str | None = None,
) -> Credit | None:
    """The credit of an article, or None. `lines` are the page's own, before furniture is taken out of them.

    What names the outlet itself is no credit.
    """
    claims = (*_from_text(lines), *_from_byline(byline), *(_from_markup(markup) if markup else ()))
    named = [claim for claim in claims if len(claim.name) <= _MAX_NAME_CHARS]
    own = _own(markup, outlet) if named else set()
    return next((claim for claim in named if not _is_own(claim.name, own)), None)


def _is_own(name: str, own: set[str]) -> bool:
    """Whether a name is the outlet's own: `POLITICO Magazine` on politico.com, `The Daily Wire` on dailywire.com."""
    lower = name.lower()
    letters = _SIGNS.sub("", lower.removeprefix("the "))
    labels = (_SIGNS.sub("", one.split(".")[0].removeprefix("the")) for one in own if "." in one)
    return lower in own or any(len(label) > 3 and letters.startswith(label) for label in labels)


def _own(markup: Markup | None, outlet: str | None) -> set[str]:
    agencies = load_agencies()
    found = {outlet.lower()} if outlet else set()
    if outlet and (name := agencies.exactly(outlet)):
        found.add(name.lower())
    if markup and (site := _site(markup.url)):
        found |= {site, (agencies.by_host.get(site) or site).lower()}
    return found


def _site(url: str) -> str | None:
    try:
        return site_of(host_of(normalize_url(url)))
    except BadInput:
        return None


def _from_text(lines: Sequence[str]) -> Iterator[Credit]:
    tidy = [" ".join(line.split()) for line in lines if line.strip()]
    ends = [*tidy[: _EDGE_LINES + 2], *tidy[_EDGE_LINES + 2 :][-_CLOSING_LINES:]]
    whole = "\n".join(ends)
    # Hardly any line names an agency, and a pattern that asks for one is slow.
    may_be_in = load_agencies().may_be_in
    naming = {line for line in ends if may_be_in(line)} if may_be_in(whole) else set[str]()
    if not naming and not may_name_publisher(whole):
        return
    for line in tidy[: _EDGE_LINES + 2]:
        yield from _dateline(line) if line in naming else ()
    edges = _edges(tidy, naming)
    for line in edges:
        yield from _own_line(line)
    for line in (*tidy[:_EDGE_LINES], *tidy[_EDGE_LINES:][-_CLOSING_LINES:]):
        yield from _closing(line, names_agency=line in naming)
    for line in edges:
        yield from _copyright(line)
    for line in tidy[:2]:
        yield from _reports(line)


def _edges(tidy: Sequence[str], naming: Set[str]) -> list[str]:
    """The first and last lines that may be a credit of the text: what follows a caption credits a picture."""
    at_edges = [*range(min(_EDGE_LINES, len(tidy))), *range(max(_EDGE_LINES, len(tidy) - _EDGE_LINES), len(tidy))]
    return [
        tidy[at]
        for at in at_edges
        if tidy[at] in naming and not (at and _is_caption(tidy[at - 1])) and not _PICTURE_LABEL.match(tidy[at])
    ]


def _is_caption(line: str) -> bool:
    return len(line) <= _CAPTION_CHARS and _PICTURE.search(line) is not None


def _dateline(line: str) -> Iterator[Credit]:
    """`CITY, May 3 (AP) —`, `МОСКВА, 3 мая. /ТАСС/.`, `[東京 3日 ロイター]`, `新华社北京5月3日电`."""
    agencies = load_agencies()
    for pattern in agencies.datelines:
        match = pattern.match(line[:200])
        if (
            match
            and not _is_picture(match[0])
            and _is_place(match.groupdict().get("place") or "", match.groupdict().get("end"))
        ):
            yield Credit(agencies.named(match["agency"]), match[0].strip()[:_MAX_EVIDENCE_CHARS])
            return


def _brackets(dateline: re.Match[str]) -> str:
    """The dateline from the bracket that the agency stands in."""
    return dateline[0][max(0, dateline[0].rfind("(", 0, dateline.start("agency"))) :]


def _is_picture(brackets: str) -> bool:
    """`(Photo: Evan Doe/AP)` stands where a dateline does."""
    return bool(_PICTURE_WORD.search(brackets) or _PHOTOGRAPHER.search(brackets))


def _is_place(place: str, end: str | None) -> bool:
    """Whether words before the brackets are a place and a date. Without a dash after them a date must be there."""
    words = place.replace("/", " ").replace(",", " ").split()
    if (
        len(words) > 10
        or (words and words[0].lower() in _ARTICLES)
        or any(_LOWER_LONG.match(word) and not _MONTHS.match(word) for word in words)
    ):
        return False
    if end is not None and not end.strip() and words:
        return any(char.isdigit() for char in place) or place.isupper()
    return True


def _own_line(line: str) -> Iterator[Credit]:
    """A line that is nothing but the agency, or `By Jane Doe, Associated Press`."""
    agencies = load_agencies()
    if len(line) > 120 or _PICTURE.search(line):
        return
    match = agencies.alone.fullmatch(line) or agencies.signed.fullmatch(line)
    if match:
        yield Credit(agencies.named(match["agency"]), line)


def _closing(line: str, *, names_agency: bool) -> Iterator[Credit]:
    agencies = load_agencies()
    if len(line) > 600 or not (names_agency or may_name_publisher(line)) or _is_picture_line(line):
        return
    for form in agencies.closings if names_agency else ():
        if form.words.are_in(folded_case(line)) and (match := form.pattern.search(line)):
            evidence = match[0].strip()[:_MAX_EVIDENCE_CHARS]
            yield from (Credit(agencies.named(one["agency"]), evidence) for one in agencies.mention.finditer(match[0]))
            return
    for name, said in first_publisher(line):
        yield Credit(_publisher(name), said.strip()[:_MAX_EVIDENCE_CHARS])


def _publisher(name: str) -> str:
    """An agency or outlet by its known name, else the name or site as it is written."""
    agencies = load_agencies()
    bare = name.removeprefix("the ").removeprefix("The ")
    by_site = agencies.by_host.get(name.lower()) if "." in name else None
    return by_site or agencies.exactly(name) or agencies.exactly(bare) or name.removeprefix("the ")


def _reports(line: str) -> Iterator[Credit]:
    """`The AP reports: …`, where the whole text is what another one reports."""
    agencies = load_agencies()
    if " reports:" in line and (match := agencies.reports.match(line)):
        yield Credit(agencies.named(match["agency"]), match[0].strip())


def _is_picture_line(line: str) -> bool:
    return len(line) < 160 and bool(_PICTURE.search(line))


def _copyright(line: str) -> Iterator[Credit]:
    agencies = load_agencies()
    if len(line) < 500 and not _is_picture_line(line) and (match := agencies.copyright.search(line)):
        spelling = match["agency"] or match["alone"]
        yield Credit(agencies.named(spelling), match[0].strip()[:_MAX_EVIDENCE_CHARS])


def _from_byline(byline: Sequence[str]) -> Iterator[Credit]:
    agencies = load_agencies()
    for name in byline:
        if agency := agencies.exactly(name) or agencies.ending(name):
            yield Credit(agency, f"byline: {name}")


def _from_markup(markup: Markup) -> Iterator[Credit]:
    article = markup.article
    for key in ("sourceOrganization", "creditText", "provider", "author", "contributor", "copyrightHolder"):
        for value in (*strings(article.get(key)), *names(article.get(key))):
            if agency := _agency(value, strict=key == "author"):
                yield Credit(agency, f"json-ld {key}: {value}"[:_MAX_EVIDENCE_CHARS])
            elif key == "sourceOrganization":
                yield Credit(value, f"json-ld {key}: {value}"[:_MAX_EVIDENCE_CHARS])
    for value in (*strings(article.get("isBasedOn"), key="url"), *strings(article.get("isBasedOnUrl"))):
        yield from _elsewhere(value, "json-ld isBasedOn", markup)
    for key in ("syndication-source", "original-source"):
        for value in markup.meta.get(key, ()):
            yield from _elsewhere(value, f"meta {key}", markup)
    yield from _meta_names(markup)
    if markup.canonical:
        yield from _elsewhere(markup.canonical, "canonical", markup)


def _meta_names(markup: Markup) -> Iterator[Credit]:
    for key in ("source", "dc.source", "news_source", "article:source", "author", "article:author", "byl"):
        for value in markup.meta.get(key, ()):
            if agency := _agency(value, strict=True):
                yield Credit(agency, f"meta {key}: {value}"[:_MAX_EVIDENCE_CHARS])


def _agency(value: str, *, strict: bool) -> str | None:
    agencies = load_agencies()
    return agencies.exactly(value) or agencies.ending(value) or (None if strict else agencies.within(value))


def _elsewhere(value: str, field: str, markup: Markup) -> Iterator[Credit]:
    """The agency or the site that an address on another site belongs to."""
    agencies = load_agencies()
    if not urlsplit(value).scheme.startswith("http"):
        if (name := agencies.exactly(value) or value) and not re.search(r"[/\s]{3,}", value):
            yield Credit(name, f"{field}: {value}"[:_MAX_EVIDENCE_CHARS])
        return
    site = _site(value)
    if site and site != _site(markup.url):
        yield Credit(agencies.by_host.get(site, site), f"{field}: {value}"[:_MAX_EVIDENCE_CHARS])
