"""Which copy of a story people are shown as its original, and why that one. Pure functions.

What counts, in this order: an editor's word; that it is a dispatch, which its provider filed with us; the outlet to
which the earliest copy itself gives the credit, or that it names as canonical, if that one had it by then; that it
stands at the agency or known outlet that the copies credit;
that it is not much shorter than the fullest; the earliest believed time; and its length. What a copy says of others is
a claim by the one who makes it: nobody displaces an earlier copy by word of strangers. Nothing depends on which copy
arrived first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, cast

from onestory.dispatch_urls import is_dispatch_host
from onestory.pipelines.credit.agencies import load_agencies
from onestory.pipelines.stories.claims import Beliefs, TimedCopy, beliefs_of, on_record_from, stated_time
from onestory.urls import site_of

if TYPE_CHECKING:
    from onestory.dedupe.evidence import RelatedPair

__all__ = [
    "REASONS",
    "Choice",
    "CopyFacts",
    "Reason",
    "choose_original",
    "reconsider_original",
    "relations_beside",
    "story_credit",
]

Reason = Literal[
    "pinned",
    "only",
    "dispatch",
    "canonical",
    "credited",
    "agency",
    "fullest",
    "claimed",
    "first_seen",
    "unsupported",
    "alike",
]

# In plain words, for pages and the command line.
REASONS: Mapping[str, str] = {
    "pinned": "marked by an editor",
    "only": "the only copy",
    "dispatch": "the dispatch itself",
    "canonical": "named as canonical by the earliest copy",
    "credited": "credited by the earliest copy",
    "agency": "the credited agency's or outlet's own",
    "fullest": "the fullest text",
    "claimed": "earliest stated time",
    "first_seen": "seen first",
    "unsupported": "seen first; an earlier stated time of another copy is not supported by what was observed",
    "alike": "copies are indistinguishable",
}

WHOLE_SHARE = 0.5  # of the fullest copy's words; with fewer it is a cut


class CopyFacts(TimedCopy, Protocol):
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
    def words(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The id of the original, and what set it before the next best copy."""

    original: str
    reason: Reason


@dataclass(frozen=True, slots=True, order=True)
class _Rank:
    """The smallest is the original. Field by field: what is compared, the strongest evidence first."""

    published: bool  # on a page, not filed as a dispatch
    named: int
    agency: bool
    cut: bool
    earliest: datetime
    first_seen: datetime
    words: int
    id: str


@dataclass(frozen=True, slots=True)
class _Context:
    """What a copy's rank depends on beside the copy. `conceded`: the id to which the earliest copy gives the credit."""

    credited: Collection[str]
    fullest: int
    beliefs: Beliefs
    conceded: str | None = None

    def rank(self, copy: CopyFacts) -> _Rank:
        # A page that names another one says of itself that it is a copy, whoever else names it.
        is_agency = self._is_credited_agency(copy)
        return _Rank(
            published=not is_dispatch_host(copy.host),
            named=2 if copy.names else 0 if copy.id == self.conceded else 1,
            agency=not is_agency,
            # A source whose page was cut, by a wall or by us, is the source.
            cut=not is_agency and copy.words < WHOLE_SHARE * self.fullest,
            earliest=self.beliefs.time_of(copy),
            first_seen=copy.first_seen,
            words=-copy.words,
            id=copy.id,
        )

    def _is_credited_agency(self, copy: CopyFacts) -> bool:
        """Whether the copy stands on the site of an agency or known outlet that copies of the story credit."""
        name = load_agencies().by_host.get(site_of(copy.host))
        return name is not None and name.lower() in self.credited


def choose_original(copies: Sequence[CopyFacts], *, pinned: str | None = None) -> Choice:
    """The original among the copies of one story."""
    if pinned is not None:
        return Choice(pinned, "pinned")
    if len(copies) == 1:
        return Choice(copies[0].id, "only")
    context = _Context(
        {copy.credit.lower() for copy in copies if copy.credit},
        max(copy.words for copy in copies),
        beliefs_of(copies),
    )
    earliest = min(copies, key=lambda copy: _by_time(context.rank(copy)))
    conceded, how = _concession(earliest, copies, context)
    context = _Context(context.credited, context.fullest, context.beliefs, conceded)
    by_rank = {context.rank(copy): copy for copy in copies}
    first, second = sorted(by_rank)[:2]
    by_word = how if first.published == second.published and first.id == conceded else None
    reason = by_word or _reason(first, second, by_rank[first], context.beliefs)
    return Choice(first.id, _with_doubts(reason, by_rank[first], copies, context.beliefs))


def _by_time(rank: _Rank) -> tuple[bool, datetime, datetime, int, str]:
    return rank.cut, rank.earliest, rank.first_seen, rank.words, rank.id


def _concession(
    earliest: CopyFacts, copies: Sequence[CopyFacts], context: _Context
) -> tuple[str | None, Literal["canonical", "credited"] | None]:
    """The copy that the earliest one names as its source, if that one had it by then."""
    able = [
        copy
        for copy in copies
        if site_of(copy.host) != site_of(earliest.host)
        and context.beliefs.time_of(copy) <= earliest.first_seen
        and copy.words >= WHOLE_SHARE * context.fullest
    ]
    named = next((copy.id for copy in able if copy.id == earliest.names), None)
    if named is not None:
        return named, "canonical"
    credited = [copy for copy in able if earliest.credit and _is_called(copy, earliest.credit.lower())]
    best = min(credited, key=lambda copy: _by_time(context.rank(copy)), default=None)
    return (best.id, "credited") if best else (None, None)


def _is_called(copy: CopyFacts, name: str) -> bool:
    site = site_of(copy.host)
    return name in (copy.outlet.lower(), site, copy.host.removeprefix("www."))


def _with_doubts(reason: Reason, original: CopyFacts, copies: Iterable[CopyFacts], beliefs: Beliefs) -> Reason:
    """`unsupported` where time decided, and a copy states an earlier one that is not believed."""
    if reason not in ("claimed", "first_seen"):
        return reason
    since = beliefs.time_of(original)
    for copy in copies:
        stated = stated_time(copy)
        if copy.id != original.id and stated is not None and stated < since and beliefs.doubts(copy):
            return "unsupported"
    return reason


def reconsider_original(
    original: CopyFacts,
    newcomer: CopyFacts,
    *,
    reason: str,
    credited: Iterable[str],
    fullest: int,
) -> Choice | None:
    """The choice of a story that gets one more copy, None where only a look at all of them can tell.

    `credited` is what the copies credit, the newcomer among them; `fullest` their most words.
    """
    if reason == "dispatch" and not is_dispatch_host(newcomer.host):
        return Choice(original.id, "dispatch")
    if reason not in ("claimed", "first_seen", "unsupported", "agency", "fullest"):
        return None
    bound = stated_time(original) if reason == "claimed" else original.first_seen
    if bound is None or not _changes_nothing(original, newcomer, bound=bound):
        return None
    context = _Context({credit.lower() for credit in credited}, fullest, beliefs_of([original, newcomer]))
    first, second = context.rank(original), context.rank(newcomer)
    if second < first:
        return None
    against = _reason(first, second, original, context.beliefs)
    if against in ("claimed", "first_seen"):
        # What was next best before still is, unless the reason was one that comes later.
        return Choice(original.id, _as_reason(reason)) if reason in ("claimed", "first_seen", "unsupported") else None
    return Choice(original.id, _as_reason(reason)) if against == reason else None


def _changes_nothing(original: CopyFacts, newcomer: CopyFacts, *, bound: datetime) -> bool:
    """Whether the newcomer is later than the original by its own word, and takes no belief away from others.

    `bound` is no earlier than the time believed of the original.
    """
    if newcomer.credit is not None and load_agencies().exactly(newcomer.credit) is None:
        return False  # it might be the earliest of those that are not the agency's
    stated = stated_time(newcomer)
    earliest = min(newcomer.first_seen, stated) if stated else newcomer.first_seen
    keeps_beliefs = not newcomer.is_observed or on_record_from(newcomer) >= original.first_seen
    return earliest > bound and keeps_beliefs and (original.is_known or not newcomer.is_known)


def _as_reason(reason: str) -> Reason:
    return cast("Reason", reason)


def _reason(first: _Rank, second: _Rank, original: CopyFacts, beliefs: Beliefs) -> Reason:
    by_time: Reason = "claimed" if stated_time(original) == beliefs.time_of(original) else "first_seen"
    differences: Sequence[tuple[bool, Reason]] = (
        (first.published != second.published, "dispatch"),
        (first.named != second.named, "canonical"),
        (first.agency != second.agency, "agency"),
        (first.cut != second.cut, "fullest"),
        (first.earliest != second.earliest, by_time),
        (first.first_seen != second.first_seen, "first_seen"),
        (first.words != second.words, "fullest"),
    )
    return next((reason for differs, reason in differences if differs), "alike")


def story_credit(original: str, copies: Sequence[CopyFacts]) -> str | None:
    """What the original credits; where it names nobody, what the copies agree on.

    One copy's word is enough for a known agency or outlet; another name takes copies on two sites.
    """
    here = next(copy for copy in copies if copy.id == original)
    others = [copy for copy in copies if copy.credit and not _is_called(here, copy.credit.lower())]
    agreed = {copy.credit for copy in others}
    if here.credit is not None or len(agreed) != 1:
        return here.credit
    credit = agreed.pop()
    at_own_site = load_agencies().by_host.get(site_of(here.host)) == credit
    is_enough = load_agencies().exactly(credit or "") or len({site_of(copy.host) for copy in others}) > 1
    return credit if is_enough and not at_own_site else None


def relations_beside(
    original: str, relations: Mapping[str, str], numbers: Mapping[str, int], evidence: Iterable["RelatedPair"]
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
