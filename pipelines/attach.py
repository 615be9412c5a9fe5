"""From stored versions to stories: register, verify, attach. Every step may be done again after a crash."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from dedupe.index import Registered
from dedupe.partition import Decision, Member, partition
from dedupe.verify import Evidence, Text, verify
from pipelines.registry import Registry, signature_of
from store.database import Store
from store.stories import (
    Component,
    MatchRow,
    Part,
    add_matches,
    component,
    lock,
    mark_attached,
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
    wanted: frozenset[str] = frozenset()
    while True:
        try:
            with store.write() as connection:
                add_matches(connection, matches)
                locked = wanted | set(stories_of_articles(connection, article_ids).values())
                lock(connection, locked)
                _evaluate_locked(connection, article_ids, locked, now=now)
                mark_attached(connection, sequences or {})
            return
        except _ReachesFurther as further:
            wanted = wanted | further.story_ids


def _evaluate_locked(
    connection: Connection, article_ids: Collection[str], locked: Collection[str], *, now: datetime
) -> None:
    found = component(connection, article_ids)
    held = {member.story_id for member in found.members}
    if connection.dialect.name == "postgresql" and not held <= set(locked):
        raise _ReachesFurther(frozenset(held))
    write_parts(connection, found.members, _parts(found), now=now)


def _parts(found: Component) -> list[Part]:
    members = [Member(m.id, m.number, m.words, m.text_digest, m.host) for m in found.members]
    decisions = [Decision(row.kind, row.articles, row.id) for row in found.decisions]
    parts = partition(members, _between_articles(found), decisions)
    return [Part(part.representative, part.relations) for part in parts]


def _between_articles(found: Component) -> list[Evidence]:
    """One match for each pair of articles: of their current versions if there is one, else their closest ever.

    An article that ran a copy stays with its story when it is changed.
    """
    current = {member.id: member.number for member in found.members}
    best: dict[tuple[int, int], tuple[tuple[bool, float, int, int], Evidence]] = {}
    for row in found.matches:
        a, b = current[row.a_article], current[row.b_article]
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
    )
