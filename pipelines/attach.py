"""From stored versions to stories: register, verify, attach. Every step may be done again after a crash."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from dedupe.index import Registered
from dedupe.partition import Decision, Member, partition, wanted
from dedupe.verify import Evidence, Text, verify
from pipelines.registry import Registry, signature_of
from store.database import Store
from store.stories import (
    Component,
    MatchRow,
    MemberRow,
    Part,
    add_matches,
    component,
    lock,
    mark_attached,
    neighbours,
    stories_of_articles,
    write_parts,
)
from store.versions import VersionText, texts

__all__ = ["attach", "evaluate"]


class _ReachesFurther(Exception):  # noqa: N818 - a signal, not a fault
    """The component has stories that are not locked."""

    def __init__(self, story_ids: frozenset[str]) -> None:
        super().__init__(story_ids)
        self.story_ids = story_ids


def attach(store: Store, registry: Registry, versions: Sequence[VersionText], *, now: datetime) -> int:
    """Registers the versions, verifies their candidates and evaluates the stories that these touch.

    Returns how many pairs were verified. Raises Unavailable when a server is gone: nothing is half done then, and
    the same call completes it.
    """
    registered = registry.register([(version.number, signature_of(version)) for version in versions])
    found = _verify(store, versions, registered)
    rows = [row for row in found if row is not None]
    sequences = {answer.number: answer.sequence for answer in registered}
    touched = {row.a_article for row in rows} | {row.b_article for row in rows}
    touched |= {version.article_id for version in versions}
    evaluate(store, touched, matches=rows, sequences=sequences, now=now)
    return len(found)


def _verify(store: Store, versions: Sequence[VersionText], registered: Iterable[Registered]) -> list[MatchRow | None]:
    """One entry for each pair of versions of two articles; None where the texts show nothing."""
    pairs = {
        (min(answer.number, other), max(answer.number, other)) for answer in registered for other in answer.earlier
    }
    known = {version.number: version for version in versions}
    with store.read() as connection:
        missing = {number for pair in pairs for number in pair} - set(known)
        known |= {version.number: version for version in texts(connection, missing)}
    read = {number: _text(known[number]) for pair in pairs for number in pair if number in known}
    return [
        _match(verify(read[a], read[b]), known)
        for a, b in sorted(pairs)
        if a in read and b in read and known[a].article_id != known[b].article_id
    ]


def _text(version: VersionText) -> Text:
    return Text(version.number, version.text, signature_of(version))


def _match(evidence: Evidence | None, known: Mapping[int, VersionText]) -> MatchRow | None:
    if evidence is None:
        return None
    a, b = evidence.a, evidence.b
    told = {key: value for key, value in evidence.to_dict().items() if key not in ("a", "b", "kind")}
    return MatchRow(a, b, known[a].article_id, known[b].article_id, evidence.kind, told)


def evaluate(
    store: Store,
    article_ids: Collection[str],
    *,
    matches: Sequence[MatchRow] = (),
    sequences: Mapping[int, int] | None = None,
    now: datetime,
) -> None:
    """Adds the matches and makes the stories of these articles, and all they connect to, what `partition` says.

    The story rows are locked before the membership is read. Should it reach further than what is locked, all is
    undone and begun again with more: locks are only ever taken in id order.
    """
    reached: frozenset[str] = frozenset()
    while True:
        try:
            with store.write() as connection:
                add_matches(connection, matches)
                touched = set(article_ids) | neighbours(connection, article_ids)
                locked = reached | set(stories_of_articles(connection, touched).values())
                lock(connection, locked)
                _evaluate_locked(connection, touched, locked, now=now)
                mark_attached(connection, sequences or {})
            return
        except _ReachesFurther as further:
            reached = reached | further.story_ids


def _evaluate_locked(
    connection: Connection, article_ids: Collection[str], locked: Collection[str], *, now: datetime
) -> None:
    found = component(connection, article_ids)
    core = [member for member in found.members if member.id in found.core]
    held = {member.story_id for member in core}
    if connection.dialect.name == "postgresql" and not held <= set(locked):
        raise _ReachesFurther(frozenset(held))
    write_parts(connection, core, _parts(connection, found), now=now)


def _parts(connection: Connection, found: Component) -> list[Part]:
    """The parts of the core; pairs that the partition asks for are verified on the way, and kept."""
    matched = {end for row in found.matches for end in (row.a_article, row.b_article)}
    alone = [Part(one, {one: "original"}) for one in found.core - matched - _named(found)]
    members = [
        Member(m.id, m.number, m.words, m.text_digest, m.host)
        for m in found.members
        if m.id in matched or m.id in _named(found)
    ]
    decisions = [Decision(row.kind, row.articles, row.id) for row in found.decisions]
    matches = list(found.matches)
    while more := wanted(members, _between_articles(found.members, matches), decisions, _compared(matches)):
        fresh = _compare(connection, more)
        add_matches(connection, fresh)
        matches += fresh
    parts = partition(members, _between_articles(found.members, matches), decisions)
    return alone + [Part(part.representative, part.relations) for part in parts if part.members[0] in found.core]


def _named(found: Component) -> set[str]:
    return {one for row in found.decisions for one in row.articles}


def _compared(matches: Iterable[MatchRow]) -> set[tuple[int, int]]:
    return {(row.a, row.b) for row in matches}


def _compare(connection: Connection, pairs: Collection[tuple[int, int]]) -> list[MatchRow]:
    known = {version.number: version for version in texts(connection, {number for pair in pairs for number in pair})}
    return [_match_or_none(known[a], known[b]) for a, b in sorted(pairs)]


def _match_or_none(a: VersionText, b: VersionText) -> MatchRow:
    found = _match(verify(_text(a), _text(b)), {a.number: a, b.number: b})
    return found or MatchRow(a.number, b.number, a.article_id, b.article_id, "none", {})


def _between_articles(members: Iterable[MemberRow], matches: Iterable[MatchRow]) -> list[Evidence]:
    """One match for each pair of articles: of their current versions if there is one, else their closest ever.

    An article that ran a copy stays with its story when it is changed.
    """
    current = {member.id: member.number for member in members}
    best: dict[tuple[int, int], tuple[tuple[bool, float, int, int], Evidence]] = {}
    for row in matches:
        a, b = current[row.a_article], current[row.b_article]
        if row.kind == "none" or a == b:
            continue
        evidence = Evidence(a=row.a, b=row.b, kind=row.kind, **row.evidence)
        closeness = ((a, b) == (row.a, row.b), evidence.jaccard, -row.a, -row.b)
        pair = (min(a, b), max(a, b))
        if pair not in best or best[pair][0] < closeness:
            best[pair] = (closeness, _as_current(evidence, a, b))
    return [evidence for _, evidence in best.values()]


def _as_current(evidence: Evidence, a: int, b: int) -> Evidence:
    """The same evidence under the current versions' numbers, the lower one first."""
    if a < b:
        return replace(evidence, a=a, b=b)
    return replace(
        evidence,
        a=b,
        b=a,
        a_is=evidence.b_is,
        b_is=evidence.a_is,
        containment_a=evidence.containment_b,
        containment_b=evidence.containment_a,
        a_at=evidence.b_at,
        b_at=evidence.a_at,
    )
