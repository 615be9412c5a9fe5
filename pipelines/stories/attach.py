"""From stored versions to stories: register, verify, attach. Every step may be done again after a crash."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from onestory.dedupe.evidence import Member
from onestory.dedupe.index import Registered
from onestory.dedupe.partition import GroupingDecision, StoryPart, evaluated
from onestory.dedupe.round_ups import MatchGraph
from onestory.pipelines.stories.candidates import Pair, VersionCache, compare
from onestory.pipelines.stories.fast_join import join_fast
from onestory.pipelines.stories.headline import compared
from onestory.pipelines.stories.index_client import IndexClient, signature_of
from onestory.pipelines.stories.matched import Seen, record_matches, seen_of
from onestory.pipelines.stories.original import Choice, choose_original, relations_beside, story_credit
from onestory.store.articles.versions import (
    VersionText,
    existing_versions,
    first_with_same_text,
    version_texts,
    with_titles,
)
from onestory.store.database import Store
from onestory.store.events.story_events import emit_story_events, note_reassignments
from onestory.store.queries import lock_stories
from onestory.store.stories.components import (
    MatchRow,
    MemberRow,
    StoryComponent,
    linked_articles,
    load_component,
    matches_of,
    stored_matches,
    stories_of_articles,
)
from onestory.store.stories.join import heads_of_crowds
from onestory.store.stories.write import EvaluatedStory, mark_attached, write_evaluation

__all__ = ["attach", "evaluate"]

# A registry is used in one thread, with one store: so are the versions it has seen.
_shelves: WeakKeyDictionary[IndexClient, VersionCache] = WeakKeyDictionary()


class _ReachesFurther(Exception):  # noqa: N818 - a signal, not a fault
    """The component has stories that are not locked."""

    def __init__(self, story_ids: frozenset[str]) -> None:
        super().__init__(story_ids)
        self.story_ids = story_ids


def attach(store: Store, index_client: IndexClient, versions: Sequence[VersionText], *, now: datetime) -> int:
    """Registers the versions, verifies their candidates and evaluates the stories that these touch.

    Returns how many pairs were verified. Raises Unavailable when a server is gone: nothing is half done then, and
    the same call completes it.
    """
    shelf = _shelves.setdefault(index_client, VersionCache())
    with store.read() as connection:
        shelf.put(with_titles(connection, versions))
    registered = index_client.register([(version.number, shelf.signature(version.number)) for version in versions])
    with store.read() as connection:
        found = shelf.compare(connection, _pairs(connection, registered))
        found += shelf.compare(connection, _pairs_with_heads(connection, found, {one.number for one in registered}))
    rows = [row for row in found if row.kind != "none"]
    sequences = {answer.number: answer.sequence for answer in registered}
    newcomers = {version.article_id: version.number for version in sorted(versions, key=lambda one: one.number)}
    _settle(store, newcomers, rows, sequences, now=now)
    return len(found)


def _pairs(connection: Connection, registered: Sequence[Registered]) -> set[Pair]:
    """Each version with what the index found, and with the first that has its very words, however long ago."""
    pairs = {(answer.number, other) for answer in registered for other in answer.earlier}
    pairs |= set(first_with_same_text(connection, [answer.number for answer in registered]).items())
    return {(min(pair), max(pair)) for pair in pairs}


def _pairs_with_heads(connection: Connection, found: Sequence[MatchRow], new: Collection[int]) -> set[Pair]:
    """Each new version that is a copy, with representative and original of that story, where the index named others."""
    copies = [(row.a, row.b_article) for row in found if row.kind == "copy" and row.a in new]
    copies += [(row.b, row.a_article) for row in found if row.kind == "copy" and row.b in new]
    heads = heads_of_crowds(connection, {other for _, other in copies})
    wanted = {(min(one, head), max(one, head)) for one, other in copies for head in heads.get(other, ()) if head != one}
    return wanted - {(row.a, row.b) for row in found}


def _settle(
    store: Store,
    newcomers: Mapping[str, int],
    matches: Sequence[MatchRow],
    sequences: Mapping[int, int],
    *,
    now: datetime,
) -> None:
    """Adds the matches and settles the newcomers (article id: version), by the short way where it is safe."""
    reached: frozenset[str] = frozenset()
    while True:
        try:
            with store.write() as connection:
                here = existing_versions(connection, {number for row in matches for number in (row.a, row.b)})
                rows = [row for row in matches if row.a in here and row.b in here]
                touched = set(newcomers) | _ends(rows)
                locked = reached | set(stories_of_articles(connection, touched).values())
                lock_stories(connection, locked)
                slow = join_fast(connection, newcomers, rows, now=now)
                record_matches(connection, rows)
                if slow:
                    telling = [row for row in rows if not row.is_inert]
                    near = slow | _ends(row for row in telling if row.a_article in slow or row.b_article in slow)
                    _evaluate_locked(connection, near | linked_articles(connection, near), locked, now=now)
                emit_story_events(connection, sequences, now=now)
                mark_attached(connection, sequences)
            return
        except _ReachesFurther as further:
            reached = reached | further.story_ids


def _ends(rows: Iterable[MatchRow]) -> set[str]:
    return {end for row in rows for end in (row.a_article, row.b_article)}


def evaluate(
    store: Store,
    article_ids: Collection[str],
    *,
    matches: Sequence[MatchRow] = (),
    sequences: Mapping[int, int] | None = None,
    change: Callable[[Connection], object] = lambda connection: None,
    inspect: Callable[[Connection, Mapping[str, tuple[str, str]]], object] = lambda connection, moves: None,
    now: datetime,
) -> None:
    """Adds the matches and makes the stories of these articles, and all they connect to, what `partition` says.

    The story rows are locked before the membership is read. Should it reach further than what is locked, all is
    undone and begun again with more: locks are only ever taken in id order. `change` is done in the same transaction,
    under the locks and before the evaluation; `inspect` after it, with the articles whose story changed (from, to).
    Whatever either raises undoes all of it.
    """
    reached: frozenset[str] = frozenset()
    while True:
        try:
            with store.write() as connection:
                record_matches(connection, matches)
                touched = set(article_ids) | linked_articles(connection, article_ids)
                locked = reached | set(stories_of_articles(connection, touched).values())
                lock_stories(connection, locked)
                change(connection)
                inspect(connection, _evaluate_locked(connection, touched, locked, now=now))
                emit_story_events(connection, sequences or {}, now=now)
                mark_attached(connection, sequences or {})
            return
        except _ReachesFurther as further:
            reached = reached | further.story_ids


def _evaluate_locked(
    connection: Connection, article_ids: Collection[str], locked: Collection[str], *, now: datetime
) -> dict[str, tuple[str, str]]:
    """Evaluates the component of these articles; returns those whose story changed: from, to."""
    found = load_component(connection, article_ids)
    core = [member for member in found.members if member.id in found.core]
    held = {member.story_id for member in core}
    if connection.dialect.name == "postgresql" and not held <= set(locked):
        raise _ReachesFurther(frozenset(held))
    moves = write_evaluation(connection, core, _parts(connection, found), now=now)
    note_reassignments(connection, moves)
    return moves


def _parts(connection: Connection, found: StoryComponent) -> list[EvaluatedStory]:
    """The parts of the core; pairs that the partition asks for are verified on the way, and kept."""
    matched = {end for row in found.matches for end in (row.a_article, row.b_article)}
    credits_by_id = {member.id: member.credit for member in found.members}
    alone = [
        EvaluatedStory(one, {one: "original"}, credit=credits_by_id[one])
        for one in found.core - matched - _named(found)
    ]
    members = [
        Member(m.id, m.number, m.words, m.text_digest, m.host)
        for m in found.members
        if m.id in matched or m.id in _named(found)
    ]
    decisions = [GroupingDecision(row.kind, row.articles, row.id, row.against) for row in found.decisions]
    graph, parts, evidence = _complete(connection, found, members, decisions)
    pinned = _pinned(found)
    by_id = {member.id: member for member in found.members}
    solitary = graph.round_ups
    core = (part for part in parts if part.members[0] in found.core)
    shown = [_shown(part.representative, part.relations, by_id, pinned, evidence) for part in core]
    return alone + [replace(part, solitary=part.representative in solitary) for part in shown]


def _complete(
    connection: Connection, found: StoryComponent, members: Sequence[Member], decisions: Sequence[GroupingDecision]
) -> tuple[MatchGraph, list[StoryPart], list[Seen]]:
    """The articles with all matches that their parts hang on, these parts and these matches."""
    evidence = _between_articles(found.members, found.matches)
    seen = {(row.a, row.b) for row in found.matches}
    read: set[str] = set()
    graph = _with_headlines(connection, MatchGraph.of(members, evidence))
    while True:
        if whole := graph.whole_needed - read:
            fresh = [row for row in matches_of(connection, whole) if row.is_inert]
            read |= whole
        else:
            parts, more = evaluated(graph, decisions, seen)
            more = more or _beside_originals(found, parts) - seen
            if not more:
                return graph, parts, evidence
            fresh = _verified(connection, more)
        seen |= {(row.a, row.b) for row in fresh}
        if current := _between_articles(found.members, fresh):
            evidence += current
            graph = _with_headlines(connection, graph.with_matches(current))


def _beside_originals(found: StoryComponent, parts: Iterable[StoryPart]) -> set[Pair]:
    """Each copy with the original of its story: what it is called is told beside that one. Equal words need no look."""
    members = {member.id: member for member in found.members}
    pinned = _pinned(found)
    asked: set[Pair] = set()
    for part in parts:
        if len(part.members) > 1 and part.members[0] in found.core:
            original = members[part.representative]
            if len(part.members) > 2:  # of two it does not matter which: the pair is the same
                original = members[_choice(part.representative, part.members, members, pinned).original]
            others = (members[one] for one in part.members)
            numbers = [one.number for one in others if one.text_digest != original.text_digest]
            asked |= {(min(one, original.number), max(one, original.number)) for one in numbers}
    return asked


def _verified(connection: Connection, pairs: Collection[Pair]) -> list[MatchRow]:
    """The matches of these pairs; those that the store does not have are verified and recorded."""
    stored = stored_matches(connection, pairs)
    fresh = compare(connection, set(pairs) - {(row.a, row.b) for row in stored})
    record_matches(connection, fresh)
    return stored + fresh


def _with_headlines(connection: Connection, graph: MatchGraph) -> MatchGraph:
    """The graph with the headlines that the partition asks for."""
    asked = [graph.members[one] for one in graph.headlines_needed]
    unread = {member.number: member for member in asked if member.headline is None}
    read = []
    for version in version_texts(connection, unread) if unread else ():
        text = compared(version, signature_of(version))
        read.append(replace(unread[version.number], headline=text.headline, is_mentioned=text.mentions_headline))
    return graph.with_members(read) if read else graph


def _shown(
    representative: str,
    relations: Mapping[str, str],
    members: Mapping[str, MemberRow],
    pinned: Collection[str],
    evidence: Iterable[Seen],
) -> EvaluatedStory:
    """The part with the original that people are shown, and the relations beside that one."""
    choice = _choice(representative, relations, members, pinned)
    if choice.original != representative:
        numbers = {one: members[one].number for one in relations}
        relations = relations_beside(choice.original, relations, numbers, evidence)
    # Equal words are not compared.
    words = members[choice.original].text_digest
    relations = {
        one: "verbatim" if one != choice.original and members[one].text_digest == words else relation
        for one, relation in relations.items()
    }
    credit = story_credit(choice.original, [members[one] for one in relations])
    return EvaluatedStory(representative, relations, choice.original, choice.reason, credit)


def _choice(
    representative: str, copies: Iterable[str], members: Mapping[str, MemberRow], pinned: Collection[str]
) -> Choice:
    # A pinned article represents its part: see `onestory.dedupe.partition`.
    return choose_original(
        [members[one] for one in copies], pinned=representative if representative in pinned else None
    )


def _pinned(found: StoryComponent) -> set[str]:
    return {one for row in found.decisions if row.kind == "original" for one in row.articles}


def _named(found: StoryComponent) -> set[str]:
    return {one for row in found.decisions for one in (*row.articles, *row.against)}


def _between_articles(members: Iterable[MemberRow], matches: Iterable[MatchRow]) -> list[Seen]:
    """The matches of current versions: what an article said before says nothing of where it belongs now."""
    current = {member.number for member in members}
    return [seen_of(row) for row in matches if row.kind != "none" and row.a in current and row.b in current]
