"""The leads of a dispatch: an agency files it again and again, and its copies show which of these forms they run.

A lead is told by its copies: several owners run nearly the same text and credit one agency. The same copies give the
same leads, in whatever order they came.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Lead", "LeadCopy", "LeadMatch", "leads_of"]

SAME_JACCARD = 0.8
FEWEST_OWNERS = 2


@dataclass(frozen=True, slots=True)
class LeadCopy:
    """A copy of a story. `seen` is when it was first seen."""

    id: str
    owner: str
    credit: str | None
    seen: datetime


@dataclass(frozen=True, slots=True)
class LeadMatch:
    """What two copies have in common: `part_of_a` is the share of a's text that b has, 0 to 1."""

    a: str
    b: str
    jaccard: float
    part_of_a: float
    part_of_b: float


@dataclass(frozen=True, slots=True)
class Lead:
    """The lead that a copy runs: its number from 1, how many there are, and since when the first copies of it ran."""

    number: int
    count: int
    since: datetime

    @property
    def behind(self) -> int:
        """How many leads have followed."""
        return self.count - self.number


def leads_of(copies: Iterable[LeadCopy], matches: Iterable[LeadMatch]) -> dict[str, Lead]:
    """The lead of each copy, by id. Empty unless the copies show at least two leads.

    A copy that was cut or edited runs the lead that has most of its text; one that shares words with none has no lead.
    """
    by_id = {copy.id: copy for copy in copies}
    known = [match for match in matches if match.a in by_id and match.b in by_id]
    groups = _leads(_near_identical(by_id, known), by_id)
    if len(groups) < FEWEST_OWNERS:
        return {}
    since = [min(by_id[one].seen for one in group) for group in groups]
    number = {one: at for at, group in enumerate(groups) for one in group}
    number |= _closest(by_id.keys() - number.keys(), known, number)
    return {one: Lead(at + 1, len(groups), since[at]) for one, at in number.items()}


def _near_identical(copies: Mapping[str, LeadCopy], matches: Iterable[LeadMatch]) -> list[list[str]]:
    """The copies in groups that near-identity connects."""
    home = {one: {one} for one in copies}
    for match in matches:
        if match.jaccard >= SAME_JACCARD and home[match.a] is not home[match.b]:
            small, large = sorted((home[match.a], home[match.b]), key=len)
            large |= small
            home |= dict.fromkeys(small, large)
    return [sorted(group) for group in {id(group): group for group in home.values()}.values()]


def _leads(groups: Iterable[Sequence[str]], copies: Mapping[str, LeadCopy]) -> list[Sequence[str]]:
    """The groups that several owners run with the credit that most groups have, the earliest first."""
    credited: dict[str, list[Sequence[str]]] = defaultdict(list)
    for group in groups:
        if len({copies[one].owner for one in group}) >= FEWEST_OWNERS:
            for credit in {copies[one].credit for one in group} - {None}:
                credited[credit or ""].append(group)
    counts = Counter({credit: len(found) for credit, found in credited.items()})
    if not counts:
        return []
    most = min(counts, key=lambda credit: (-counts[credit], credit))
    return sorted(credited[most], key=lambda group: (min(copies[one].seen for one in group), group[0]))


def _closest(left: Iterable[str], matches: Iterable[LeadMatch], number: Mapping[str, int]) -> dict[str, int]:
    """For each of the other copies, the lead that has most of its text; the earlier one of two that have as much."""
    best: dict[str, tuple[float, int]] = {}
    wanted = set(left)
    for match in matches:
        for one, other, part in ((match.a, match.b, match.part_of_a), (match.b, match.a, match.part_of_b)):
            if one in wanted and other in number:
                best[one] = min(best.get(one, (0.0, 0)), (-part, number[other]))
    return {one: at for one, (part, at) in best.items() if part < 0}
