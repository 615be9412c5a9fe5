"""The use report: who ran each dispatch, how much of it, with which credit, and whether the text is corrected."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection

from onestory.errors import BadInput
from onestory.newsroom.stories.word_counts import WordCountCache
from onestory.pipelines.credit.agencies import load_agencies
from onestory.pipelines.versions.freshness import freshness_of, history_of
from onestory.store.stories.copies import current_texts, recent_titles_and_texts
from onestory.store.wire.uses import (
    DispatchMatch,
    DispatchVersion,
    StoredDispatch,
    UseFilter,
    UsingCopy,
    dispatch_versions,
    dispatches_of_stories,
    matches_with_dispatches,
    using_copies,
)

__all__ = ["STANDINGS", "ClientMonth", "Standing", "Use", "UsePage", "client_months", "month_bounds", "use_page"]

MAX_COMPARED_VERSIONS = 6
PAGE = 500

Standing = Literal["unchanged", "corrected", "old_text", "unaffected", "still_online", "taken_down"]
# In the words of the trade, for pages and the command line.
STANDINGS: Mapping[Standing, str] = {
    "unchanged": "dispatch unchanged",
    "corrected": "corrected",
    "old_text": "still the old text",
    "unaffected": "not affected by the correction",
    "still_online": "killed, still online",
    "taken_down": "taken down",
}
OF_FRESHNESS: Mapping[str, Standing] = {"old": "old_text", "new": "corrected", "unconcerned": "unaffected"}


@dataclass(frozen=True, slots=True)
class Use:
    """A copy as the use of a dispatch.

    It runs the `version`th of `versions`; the dispatch is the `lead`th of `leads` that were filed on the story. `share`
    is the part of the dispatch's current text that it keeps, 0 to 1; None without a comparison.
    """

    copy: UsingCopy
    dispatch: StoredDispatch
    relation: str
    version: int | None
    versions: int
    lead: int
    leads: int
    share: float | None
    is_credited: bool
    standing: Standing


@dataclass(frozen=True, slots=True)
class UsePage:
    """A page of uses, the last to be seen first; `after` continues it, None at the end."""

    uses: Sequence[Use]
    after: tuple[datetime, str] | None


@dataclass(frozen=True, slots=True)
class ClientMonth:
    """What one outlet made of the dispatches of one provider in a month, `2026-11` in UTC."""

    month: str
    outlet: str
    provider: str
    dispatches: int
    uses: int
    verbatim: int
    edited: int
    excerpt: int
    credited: int
    uncredited: int
    corrected: int
    old_text: int


def month_bounds(month: str) -> tuple[datetime, datetime]:
    """The first moment of a month such as 2026-11, and that of the next one, in UTC. Raises BadInput."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        return first, first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    except ValueError as error:
        raise BadInput(f"{month[:20]!r} is not a month: give a year and a month, such as 2026-11") from error


def use_page(
    connection: Connection,
    wanted: UseFilter,
    *,
    counts: WordCountCache | None,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> UsePage:
    """A page of the report. Without `counts` no shares are computed, which takes ten milliseconds for each copy."""
    copies = using_copies(connection, wanted, after=after, limit=limit + 1)
    shown = copies[:limit]
    following = (shown[-1].first_seen, shown[-1].id) if len(copies) > limit else None
    return UsePage(_uses(connection, shown, wanted, counts), following)


def client_months(connection: Connection, wanted: UseFilter) -> list[ClientMonth]:
    """The uses counted by month, client and provider: the latest month first, then by name."""
    uses: Counter[tuple[str, str, str, str]] = Counter()
    used: dict[tuple[str, str, str], set[str]] = {}
    for use in _all_uses(connection, wanted):
        key = (f"{use.copy.first_seen:%Y-%m}", use.copy.outlet, use.dispatch.record.provider)
        used.setdefault(key, set()).add(use.dispatch.record.article_id)
        credited = "credited" if use.is_credited else "uncredited"
        for what in ("uses", use.relation, credited, use.standing):
            uses[(*key, what)] += 1
    months = [
        ClientMonth(
            month,
            outlet,
            provider,
            dispatches=len(filed),
            uses=uses[month, outlet, provider, "uses"],
            verbatim=uses[month, outlet, provider, "verbatim"],
            edited=uses[month, outlet, provider, "edited"],
            excerpt=uses[month, outlet, provider, "excerpt"],
            credited=uses[month, outlet, provider, "credited"],
            uncredited=uses[month, outlet, provider, "uncredited"],
            corrected=uses[month, outlet, provider, "corrected"] + uses[month, outlet, provider, "taken_down"],
            old_text=uses[month, outlet, provider, "old_text"] + uses[month, outlet, provider, "still_online"],
        )
        for (month, outlet, provider), filed in used.items()
    ]
    by_name = sorted(months, key=lambda one: (one.outlet.casefold(), one.outlet, one.provider))
    return sorted(by_name, key=lambda one: one.month, reverse=True)


def _all_uses(connection: Connection, wanted: UseFilter) -> Iterator[Use]:
    page = use_page(connection, wanted, counts=None, limit=PAGE)
    yield from page.uses
    while page.after is not None:
        page = use_page(connection, wanted, counts=None, after=page.after, limit=PAGE)
        yield from page.uses


def _uses(
    connection: Connection, copies: Sequence[UsingCopy], wanted: UseFilter, counts: WordCountCache | None
) -> list[Use]:
    """The use that each copy is, in order."""
    filed = dispatches_of_stories(connection, {copy.story_id for copy in copies}, provider=wanted.provider)
    by_id = {one.record.article_id: one for group in filed.values() for one in group}
    editions = dispatch_versions(connection, by_id)
    matched: dict[str, list[DispatchMatch]] = {}
    for match in matches_with_dispatches(connection, copies, by_id):
        matched.setdefault(match.copy, []).append(match)
    chosen = {
        copy.id: _chosen(copy, filed[copy.story_id], editions, matched.get(copy.id, ()))
        for copy in copies
        if copy.story_id in filed
    }
    standings = _Standings(connection, editions)
    used = [(copy, *chosen[copy.id]) for copy in copies if copy.id in chosen]
    shares = _shares(connection, used, counts)
    return [
        Use(
            copy,
            dispatch,
            relation,
            edition.place if edition else None,
            len(editions[dispatch.record.article_id]),
            filed[copy.story_id].index(dispatch) + 1,
            len(filed[copy.story_id]),
            shares.get(copy.id),
            _credits(copy.credit, dispatch.record.provider),
            standings.of(copy, dispatch, used),
        )
        for copy, dispatch, edition, relation in used
    ]


Chosen = tuple[StoredDispatch, DispatchVersion | None, str]
Editions = Mapping[str, Sequence[DispatchVersion]]


def _chosen(
    copy: UsingCopy, filed: Sequence[StoredDispatch], editions: Editions, matched: Sequence[DispatchMatch]
) -> Chosen:
    """The dispatch and version that a copy has most in common with; of equals the one issued last."""
    for one in reversed(filed):
        for edition in reversed(editions[one.record.article_id]):
            if edition.text_digest == copy.text_digest:
                return one, edition, "verbatim"
    places = {edition.number: edition for one in filed for edition in editions[one.record.article_id]}
    by_id = {one.record.article_id: one for one in filed}
    known = [match for match in matched if match.number in places]
    if not known:
        return filed[0], None, "edited" if copy.relation == "original" else copy.relation
    best = max(known, key=lambda match: (match.jaccard, by_id[match.dispatch].first_seen, match.number))
    return by_id[best.dispatch], places[best.number], "edited" if best.relation == "fuller" else best.relation


def _shares(
    connection: Connection,
    used: Sequence[tuple[UsingCopy, StoredDispatch, DispatchVersion | None, str]],
    counts: WordCountCache | None,
) -> dict[str, float]:
    """The share of its dispatch that each copy keeps, as the page of the story computes it."""
    if counts is None:
        return {}
    ids = {one for copy, dispatch, _, _ in used for one in (copy.id, dispatch.record.article_id)}
    texts = current_texts(connection, sorted(ids))
    shares: dict[str, float] = {}
    for copy, dispatch, _, _ in used:
        if copy.id in texts and dispatch.record.article_id in texts:
            found = counts.between(texts[dispatch.record.article_id], [texts[copy.id]])
            shares |= {one: count.share for one, count in found.items()}
    return shares


class _Standings:
    """Whether copies follow what became of their dispatches."""

    def __init__(self, connection: Connection, editions: Editions) -> None:
        self._connection = connection
        self._editions = editions
        self._known: dict[str, Standing] = {}
        self._compared: set[str] = set()

    def of(
        self,
        copy: UsingCopy,
        dispatch: StoredDispatch,
        used: Sequence[tuple[UsingCopy, StoredDispatch, DispatchVersion | None, str]],
    ) -> Standing:
        if copy.withdrawn is not None:
            return "taken_down"
        if dispatch.record.status != "usable":
            return "still_online"
        identity = dispatch.record.article_id
        if len(self._editions[identity]) < 2:
            return "unchanged"
        if identity not in self._compared:
            self._compare(identity, [one.id for one, other, _, _ in used if other is dispatch])
        return self._known.get(copy.id, "unaffected")

    def _compare(self, dispatch: str, copies: Sequence[str]) -> None:
        self._compared.add(dispatch)
        history = history_of(recent_titles_and_texts(self._connection, dispatch, limit=MAX_COMPARED_VERSIONS))
        for one, read in current_texts(self._connection, copies).items():
            self._known[one] = OF_FRESHNESS[freshness_of(history, read.title, read.text)]


def _credits(credit: str | None, provider: str) -> bool:
    """Whether a credit names the provider, by its name or as the same agency."""
    if credit is None:
        return False
    agencies = load_agencies()
    agency = agencies.exactly(credit)
    return credit.casefold() == provider.casefold() or (agency is not None and agency == agencies.exactly(provider))
