"""The phrases of `phrases.toml`, compiled: which kind of furniture a line says it is."""

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from onestory.pipelines.literals import Literals

__all__ = ["boilerplate_kind", "has_phrase"]

# A phrase proves little in a long line: a kind's longest line, in characters, for starts and for contains.
_LONGEST = {
    "read_more": 260,
    "newsletter": 400,
    "follow": 320,
    "caption": 260,
    "copyright": 420,
    "byline": 90,
    "time": 90,
    "ad": 420,
}
_LONGEST_OTHER = 200
_LONGEST_OF_ALL = max(_LONGEST_OTHER, *_LONGEST.values())
# A line that says so only above the first paragraph; further down the words begin sentences.
HEAD_ONLY = frozenset(["byline", "time"])
# Kinds of which a whole sentence may be: it tells the reader what to do. Of the others only a label is.
_SPEAKING = frozenset(["newsletter", "follow", "share", "comments", "app", "copyright"])
# Phrases of so many words begin no other sentence: `for more stories like this`.
TELLING_WORDS = 4
_LABEL_ENDS = (":", "：", "|", "–", "»", ">")
# Names of places to share are the subject of news as well: `on Facebook and Instagram`.
_WEAK = re.compile(r"(?:on|auf|sur|en|em|su|op|på|na|no|в|у) ")
# What a detector may take for one another.
_NEAR = (
    frozenset(["no", "nb", "nn", "da", "sv"]),
    frozenset(["es", "pt", "gl", "ca"]),
    frozenset(["ru", "uk", "be", "bg"]),
)
# From here on scripts that set no spaces between words.
_UNSPACED = "\u2e80"
_EDGES = " \t\u00a0.:;,!…-–—•·*|>»«<›‹→▶►➡☞#[](){}\"'“”„/\\_=+"


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    whole: frozenset[str]
    start: re.Pattern[str] | None
    contains: re.Pattern[str] | None

    def says(self, line: str, bare: str, *, prose: bool, sentence: bool) -> bool:
        """Whether the line is boilerplate of this kind. A sentence is, where it speaks to the reader."""
        if bare in self.whole:
            return True
        if len(line) > _LONGEST.get(self.name, _LONGEST_OTHER):
            return False
        start = self.start.match(line) if self.start else None
        within = self.contains.search(line) if self.contains else None
        if not (prose if self.name in _SPEAKING else sentence):
            return bool(start or within)
        if not prose and start and len(start[0].split()) >= TELLING_WORDS:
            return True
        return self._speaks(line, start) or (within is not None and not _WEAK.match(within[0]))

    def _speaks(self, line: str, start: re.Match[str] | None) -> bool:
        if start is None:
            return False
        return self.name in _SPEAKING or start[0].endswith(_LABEL_ENDS) or line[start.end() :].startswith(_LABEL_ENDS)


@dataclass(frozen=True, slots=True)
class _Kinds:
    """The kinds of a language. `whole`: lines that are furniture as they stand; `phrases`: what may be in others."""

    kinds: tuple[_Kind, ...]
    whole: frozenset[str]
    longest_whole: int
    phrases: Literals


@cache
def _tables() -> dict[str, dict[str, dict[str, list[str]]]]:
    return tomllib.loads(files(__package__).joinpath("phrases.toml").read_text("utf-8"))


@cache
def _kinds(language: str) -> _Kinds:
    """Of one language and English, in which templates speak everywhere; of all where the language is unknown."""
    tables = _tables()
    family = next((family for family in _NEAR if language in family), frozenset([language]))
    spoken = [name for name in tables if name in family or name == "en"] if family & tables.keys() else list(tables)
    merged: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name in spoken:
        for kind, places in tables[name].items():
            for place, phrases in places.items():
                merged[kind][place].update(phrase.lower() for phrase in phrases)
    kinds = tuple(_compiled(kind, places) for kind, places in merged.items())
    within = {one for places in merged.values() for place in ("starts", "contains") for one in places.get(place, ())}
    whole = frozenset(one for kind in kinds for one in kind.whole)
    return _Kinds(kinds, whole, max(map(len, whole), default=0), Literals(within))


def _compiled(name: str, places: dict[str, set[str]]) -> _Kind:
    whole = frozenset(phrase.strip(_EDGES) for phrase in places.get("whole", ()))
    start, contains = places.get("starts"), places.get("contains")
    return _Kind(
        name,
        whole - {""},
        re.compile(rf"[\W_]{{0,4}}(?:{_alternatives(start)})") if start else None,
        re.compile(f"(?:{_alternatives(contains)})") if contains else None,
    )


def _alternatives(phrases: set[str]) -> str:
    return "|".join(
        re.escape(phrase) + (r"\b" if phrase[-1].isalpha() and phrase[-1] < _UNSPACED else "")
        for phrase in sorted(phrases)
    )


def _lowered(line: str) -> str:
    # A Turkish dotted capital lowers to two characters.
    return line.replace("İ", "i").lower()


def has_phrase(line: str, *, language: str) -> bool:
    """Whether a line has any of the phrases in it, be it within a sentence. Of others `boilerplate_kind` is None."""
    spoken = _kinds(language)
    if len(line) <= _LONGEST_OF_ALL and spoken.phrases.are_in(_lowered(line)):
        return True
    bare = line.strip(_EDGES)
    return len(bare) <= spoken.longest_whole and _lowered(bare) in spoken.whole


def boilerplate_kind(
    line: str, *, language: str, head: bool, prose: bool = False, sentence: bool = False
) -> str | None:
    """The kind of furniture a line is by its words, or None. `head`: the line stands above the first paragraph.

    `sentence`: it ends as one and is no label; `prose`: it is one of some length.
    """
    lowered = _lowered(line)
    bare = lowered.strip(_EDGES)
    for kind in _kinds(language).kinds:
        if (head or kind.name not in HEAD_ONLY) and kind.says(lowered, bare, prose=prose, sentence=prose or sentence):
            return kind.name
    return None
