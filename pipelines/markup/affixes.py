"""Affixes of titles, such as outlets and sections: `Local | Bridge shut | Harbour Post`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from onestory.pipelines.markup.plain import plain

__all__ = ["Names", "bare_title", "letters"]

_SEPARATOR = re.compile(r"\s+[|–—·•»«:/~>\-]+\s+|\s*[|｜_]\s*|[:：]\s*|,\s+")
# Separators that rarely occur in headlines. What they enclose is short.
_BARS = re.compile(r"\s*[|｜_»«>]+\s*")
_ENCLOSED = re.compile(r"\s+[(\[]([^()\[\]]{3,60})[)\]]$")
_MORE_OF_A_NAME = re.compile(
    r"(?:online|news|digital|web|com|net|org|couk|de|fr|it|es|the|die|der|la|le|el|newspaper)*"
)
# `Local News`, and the word alone, which names no section.
_NEWS = re.compile(
    r"(?:latest)?(?:news|nachrichten|aktuell|aktuelles|noticias|notícias|actualités?|notizie|nieuws|nyheter|nyheder|"
    r"wiadomości|zprávy|новости|новини|haberler|haberleri|berita|新闻|新聞|ニュース|뉴스)"
)
_LETTERS = re.compile(r"[\W_]+")
_ENDING = re.compile(r"\.(?:com|net|org|co\.uk|de|fr|it|es|[a-z]{2})$")
MAX_PARTS = 12
SECTION_WORDS, HEADLINE_WORDS = 3, 4
MIN_LEFT = 8


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a page's outlet and sections, in letters and digits only."""

    outlet: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()

    def has(self, part: str) -> bool:
        """Whether a part is one of the outlet's names, or one with `The` before it or `Online` behind it."""
        whole = letters(part)
        return whole in self.outlet or any(
            _MORE_OF_A_NAME.fullmatch(whole.replace(name, "", 1)) is not None for name in self.outlet if name in whole
        )

    def has_section(self, part: str) -> bool:
        """Whether a part is one of the sections, or news in general."""
        whole = letters(part)
        return whole in self.sections or _NEWS.sub("", whole) in (self.sections | {""})


def letters(text: str) -> str:
    """The letters and digits alone, in lower case, without a domain's ending."""
    return _LETTERS.sub("", _ENDING.sub("", text.strip().lower()))


def bare_title(text: str | None, names: Names) -> str | None:
    """The title without outlet and sections. None if nothing is left.

    Only what is a name of the outlet is cut off, since headlines hold dashes too; sections where such a name was.
    """
    if not text:
        return None
    cut = _headed(_tailed(plain(text), names), names)
    return None if not cut or names.has(cut) else cut


def _tailed(text: str, names: Names) -> str:
    """Cuts `… | Outlet`, `… | Local | Outlet` and `… | Outlet - its slogan`."""
    enclosed = _ENCLOSED.search(text)
    if enclosed and names.has(enclosed[1]):
        text = text[: enclosed.start()]
    shortest = len(text)
    for start, end, after in _parts(text):
        is_last = names.has(text[end:shortest])
        is_within = _BARS.fullmatch(text[start:end]) or text[start:end].strip() in "-–—"
        if len(letters(text[:start])) >= MIN_LEFT and (is_last or (is_within and names.has(text[end:after]))):
            shortest = start
    bare = text[:shortest]
    return _without_sections(bare, names) if shortest < len(text) else bare


def _parts(text: str) -> Iterator[tuple[int, int, int]]:
    """Of each of the last separators where it starts and ends, and where the next one starts; the last one first."""
    found = list(_SEPARATOR.finditer(text))[-MAX_PARTS:]
    after = len(text)
    for match in reversed(found):
        yield match.start(), match.end(), after
        after = match.start()


def _without_sections(text: str, names: Names) -> str:
    for start, end, _ in list(_parts(text)):
        part, is_bar = text[end:], _BARS.fullmatch(text[start:end]) is not None
        is_short = is_bar and len(part.split()) <= SECTION_WORDS and len(text[:start].split()) >= HEADLINE_WORDS
        is_colon = text[start:end].strip() in (":", "：", ",")
        if not (is_short or (names.has_section(part) and not is_colon)) or len(letters(text[:start])) < MIN_LEFT:
            break
        text = text[:start]
    return text


def _headed(text: str, names: Names) -> str:
    """Cuts `Outlet: …` and `Outlet » Local » …`, and a section before a bar."""
    for _ in range(MAX_PARTS):
        match = _SEPARATOR.search(text)
        if match is None or match.end() >= len(text):
            break
        part, is_bar = text[: match.start()], _BARS.fullmatch(match[0]) is not None
        if not (names.has(part) or (is_bar and names.has_section(part))):
            break
        text = text[match.end() :]
    return text.strip()
