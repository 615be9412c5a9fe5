"""Sentences that name where an article was published first: `This story was originally published by the Courier`."""

import re
from collections.abc import Iterator

from onestory.pipelines.literals import Literals, folded_case

__all__ = ["first_publisher", "may_name_publisher"]

_VERB = (
    r"(?:originally (?:published|appeared|posted|ran)|first (?:published|appeared|ran)|(?:re-?published|reprinted|"
    r"reposted|cross-?posted)(?: (?:here )?with (?:the )?permission)?|syndicated)"
)
# Every form of `_VERB` has one of them.
_VERBS = Literals(
    [
        *(f"{when} {verb}" for when in ("originally", "first") for verb in ("published", "appeared", "posted", "ran")),
        *("republished", "re-published", "reprinted", "reposted", "crossposted", "cross-posted", "syndicated"),
    ]
)
# What is said of a book or a photograph is no credit: the sentence is about the article, or has no subject.
_NOUN = (
    r"(?i:article|story|piece|post|report|essay|column|commentary|interview|op-?ed|alert|version|investigation|analysis|"
    r"editorial|blog|item|text)"
)
_ABOUT = (
    r"(?:(?:^\W{0,3}|(?<=[.!?:|)*\]]\s))(?:" + _NOUN + r" )?|"
    r"\b(?i:this|the (?:following|above)|it|an? (?:\w+ )?version of this)(?: (?:\w+[ -]){0,2}?" + _NOUN + r")?,? )"
    r"(?:(?i:has|was|is|were|had)(?: been)? |also )*"
)
_HOST = r"(?:https?://)?(?:www\.)?(?P<host>(?:[\w-]+\.)+(?:com|org|net|edu|info|news|co\.\w\w|[a-z]{2})(?![\w-]))"
_NAME = (
    r"(?P<name>(?:[Tt]he |an? )?[A-ZÀ-Þ][\w&'’-]*"
    r"(?: (?:(?:of|the|and|&|for|de|du|der|la|le) )?[A-ZÀ-Þ0-9][\w&'’-]*){0,5})"
)
_SENTENCE = re.compile(rf"{_ABOUT}(?i:{_VERB}) (?P<how>(?:(?i:by|on|in|at|from|of|via) )+)(?:{_HOST}|{_NAME})")
# What a page shows behind its text without a full stop between them.
_BUTTONS = re.compile(
    r"(?:share|more|read|subscribe|tweet|comments?|print|email|follow|click|related|advertisement|photo|image|view|watch|"
    r"sign|join|get|copyright|next|previous|back|load|loading|topics|tags|filed|posted|updated|see|this|here|facebook|"
    r"twitter)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|"
    r"wednesday|thursday|friday|saturday|sunday|spring|summer|autumn|fall|winter|jan|feb|mar|apr|jun|jul|aug|sept?|oct|"
    r"nov|dec)\b\.?|\d",
    re.IGNORECASE,
)
# `published in Oslo` is a place. What has such a word, an article or an inner capital is a publication.
_PUBLICATION = re.compile(
    r"(?i)\b(?:the|times|post|news|journal|magazine|review|herald|tribune|gazette|daily|weekly|globe|mail|express|press|"
    r"star|observer|telegraph|courier|chronicle|record|register|guardian|independent|examiner|bulletin|inquirer|sun|blog|"
    r"wire|today|report|digest|radio|tv|zeitung|blatt|anzeiger|monde|figaro)\b|[a-z][A-Z]|^[A-Z]{2,6}$"
)


def may_name_publisher(text: str) -> bool:
    """Whether a text has one of the verbs of such a sentence. This is many times faster than to look for one."""
    return _VERBS.are_in(folded_case(text))


def first_publisher(line: str) -> Iterator[tuple[str, str]]:
    """The name or the host that the line names as its first publisher, and the words that do."""
    for match in _SENTENCE.finditer(line[:1000]):
        name = match["host"] or _without_buttons(match["name"])
        if name and (match["host"] or _is_publisher(name, match["how"])):
            yield name.removesuffix(".").removesuffix("’s").removesuffix("'s"), match[0]


def _without_buttons(name: str) -> str:
    words = name.split()
    kept = next((at for at, word in enumerate(words) if at and _BUTTONS.fullmatch(word)), len(words))
    return " ".join(words[:kept])


def _is_publisher(name: str, how: str) -> bool:
    if _TIME.match(name.removeprefix("the ").removeprefix("The ")):
        return False
    # Only somebody publishes `by` or gives `from`; `in`, `at` and `on` go with places and days, too.
    return (
        how.rsplit(maxsplit=1)[-1].lower() in ("by", "from", "via")
        or _PUBLICATION.search(name.removeprefix("the ")) is not None
    )
