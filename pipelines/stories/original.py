"""Which copy of a story people are shown as its original, and why that one. Pure functions.

What counts, in this order: an editor's word; the canonical addresses that pages on other sites name; that it stands at
the agency that the copies credit; that it is not much shorter than the fullest; the earliest time, claimed where the
claim can be true, else observed; and its length. Nothing depends on which copy arrived first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal, Protocol, cast

from onestory.dedupe.evidence import RelatedPair
from onestory.pipelines.credit.agencies import load_agencies
from onestory.urls import site_of

__all__ = [
    "REASONS",
    "Choice",
    "CopyFacts",
    "Reason",
    "choose_original",
    "reconsider_original",
    "relations_beside",
]

Reason = Literal["pinned", "only", "canonical", "agency", "fullest", "claimed", "first_seen", "alike"]

# In plain words, for pages and the command line.
REASONS: Mapping[str, str] = {
    "pinned": "marked by an editor",
    "only": "the only copy",
    "canonical": "named as canonical by other pages",
    "agency": "the credited outlet's own",
    "fullest": "the fullest text",
    "claimed": "earliest stated time",
    "first_seen": "seen first",
    "alike": "copies are indistinguishable",
}

WHOLE_SHARE = 0.5  # of the fullest copy's words; with fewer it is a cut
FIRST_NEWS_PAGE = datetime(1993, 1, 1, tzinfo=UTC)
DAY_SECONDS = 86_400


class CopyFacts(Protocol):
    """What is read of a copy; `names` is the id of the article that its page names on another site."""

    @property
    def id(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def outlet(self) -> str: ...
    @property
    def credit(self) -> str | None: ...
    @property
    def names(self) -> str | None: ...
    @property
    def published(self) -> datetime | None: ...
    @property
    def first_seen(self) -> datetime: ...
    @property
    def words(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The id of the original, and what set it before the next best copy."""

    original: str
    reason: Reason


@dataclass(frozen=True, slots=True, order=True)
class _Rank:
    """The smallest is the original. Field by field: what is compared, the strongest evidence first."""

    canonical: int
    agency: bool
    cut: bool
    earliest: datetime
    first_seen: datetime
    words: int
    id: str


def choose_original(copies: Sequence[CopyFacts], *, pinned: str | None = None) -> Choice:
    """The original among the copies of one story."""
    if pinned is not None:
        return Choice(pinned, "pinned")
    if len(copies) == 1:
        return Choice(copies[0].id, "only")
    named = {copy.names for copy in copies if copy.names}
    credited = {copy.credit.lower() for copy in copies if copy.credit}
    fullest = max(copy.words for copy in copies)
    by_rank = {_rank(copy, named, credited, fullest): copy for copy in copies}
    first, second = sorted(by_rank)[:2]
    return Choice(first.id, _reason(first, second, claimed=_claim(by_rank[first]) is not None))


def reconsider_original(
    original: CopyFacts,
    newcomer: CopyFacts,
    *,
    reason: str,
    named: Collection[str],
    credited: Iterable[str],
    fullest: int,
) -> Choice | None:
    """The choice of a story that gets one more copy, None where only a look at all of them can tell.

    `named` and `credited` are what the copies name and credit, the newcomer among them; `fullest` their most words.
    """
    lower = {credit.lower() for credit in credited}
    first, second = _rank(original, named, lower, fullest), _rank(newcomer, named, lower, fullest)
    if second < first:
        return None
    claimed = _claim(original) is not None
    against = _reason(first, second, claimed=claimed)
    if reason == "only":
        return Choice(original.id, against)
    # The next best copy is the one that differs latest in the order of what counts.
    if reason == "fullest" and against in ("claimed", "first_seen"):
        return None  # by being cut, or by a few words: the reason does not say
    level = {"canonical": 0, "agency": 1, "fullest": 2, "claimed": 3, "first_seen": 4, "alike": 6}
    later = 5 if against == "fullest" and first.cut == second.cut else level[against]
    return Choice(original.id, against if later > level.get(reason, 7) else _as_reason(reason))


def _as_reason(reason: str) -> Reason:
    return cast("Reason", reason)


def _rank(copy: CopyFacts, named: Collection[str], credited: Collection[str], fullest: int) -> _Rank:
    # A page that names another one says of itself that it is a copy, whoever else names it.
    canonical = 2 if copy.names else 0 if copy.id in named else 1
    cut = copy.words < WHOLE_SHARE * fullest
    return _Rank(
        canonical=canonical,
        agency=cut or not _is_credited(copy, credited),
        cut=cut,
        earliest=_claim(copy) or copy.first_seen,
        first_seen=copy.first_seen,
        words=-copy.words,
        id=copy.id,
    )


def _reason(first: _Rank, second: _Rank, *, claimed: bool) -> Reason:
    if first.canonical != second.canonical:
        return "canonical"
    if first.agency != second.agency:
        return "agency"
    if first.cut != second.cut:
        return "fullest"
    if first.earliest != second.earliest:
        return "claimed" if claimed else "first_seen"
    if first.first_seen != second.first_seen:
        return "first_seen"
    return "fullest" if first.words != second.words else "alike"


def _is_credited(copy: CopyFacts, credited: Collection[str]) -> bool:
    """Whether the copy stands at an outlet that copies of the story credit."""
    agencies, site = load_agencies(), site_of(copy.host)
    own = (copy.outlet, agencies.exactly(copy.outlet), site, agencies.by_host.get(site))
    return any(name is not None and name.lower() in credited for name in own)


def _claim(copy: CopyFacts) -> datetime | None:
    """The time that the page claims, unless it cannot be true: it is later than we saw it, or older than the web.

    Midnight is a day without a time: then it may be any time of that day, and counts as its end.
    """
    claim = copy.published
    if claim is None or not FIRST_NEWS_PAGE <= claim <= copy.first_seen:
        return None
    if claim.astimezone(UTC).time() == time.min:
        return min(claim + timedelta(seconds=DAY_SECONDS - 1), copy.first_seen)
    return claim


def relations_beside(
    original: str, relations: Mapping[str, str], numbers: Mapping[str, int], evidence: Iterable[RelatedPair]
) -> dict[str, str]:
    """The relations of one story, told beside another of its copies than they were; `numbers` are its versions'."""
    here, by_number = numbers[original], {number: article for article, number in numbers.items()}
    beside: dict[str, str] = {}
    for one in evidence:
        if one.kind == "copy" and here in (one.a, one.b):
            other, relation = (one.b, one.b_is) if one.a == here else (one.a, one.a_is)
            beside[by_number.get(other, "")] = relation
    told = {one: _told(beside.get(one) or _unmeasured(relation)) for one, relation in relations.items()}
    return told | {original: "original"}


def _told(relation: str) -> str:
    # A copy that has more than the original is one that was added to.
    return "edited" if relation == "fuller" else relation


def _unmeasured(relation: str) -> str:
    """What is the same as another copy of the story need not be the same as this one."""
    return "excerpt" if relation == "excerpt" else "edited"
