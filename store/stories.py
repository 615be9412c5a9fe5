"""Story records and the matches they rest on: what one evaluation reads, locks and writes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import Column, Connection, Select, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.schema import articles, decision_articles, decisions, matches, outlets, stories, versions

__all__ = [
    "Component",
    "DecisionRow",
    "MatchRow",
    "MemberRow",
    "Part",
    "add_matches",
    "component",
    "lock",
    "mark_attached",
    "members",
    "move",
    "neighbours",
    "stories_of_articles",
    "update_records",
    "write_parts",
]

CHUNK = 500  # ids in one IN list
T = TypeVar("T")
# "none": two versions that were compared on purpose, and show nothing; kept so that nobody compares them again.
MatchKind = Literal["copy", "quotes", "develops", "none"]
DecisionKind = Literal["together", "apart", "split", "original"]


@dataclass(frozen=True, slots=True)
class MatchRow:
    """What verification found between two versions, `a` the lower number; `evidence` is flat JSON."""

    a: int
    b: int
    a_article: str
    b_article: str
    kind: MatchKind
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """An article with what an evaluation and its story's record need of it."""

    id: str
    number: int
    arrival: int
    words: int
    text_digest: bytes
    host: str
    outlet: str
    owner: str
    story_id: str
    relation: str
    first_seen: datetime
    published: datetime | None
    title: str | None
    language: str
    credit: str | None
    names: str | None
    story_copies: int
    story_solitary: bool

    @property
    def is_settled(self) -> bool:
        """Alone in its own story, as it was stored: there is nothing to write about it."""
        return self.story_id == self.id and self.story_copies == 1 and self.number == self.arrival


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """An editor's word on articles, as `dedupe.constraints` reads it. A later one (higher `id`) wins."""

    id: int
    kind: DecisionKind
    articles: tuple[str, ...]
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """Everything that copies and decisions connect to some articles (`core`), and what an evaluation has to see of
    their surroundings: articles that quote them or are quoted by them. `matches` are all among both."""

    core: frozenset[str]
    members: Sequence[MemberRow]
    matches: Sequence[MatchRow]
    decisions: Sequence[DecisionRow]


@dataclass(frozen=True, slots=True)
class Part:
    """One story as evaluated: article ids with their relation to the original, and the one that holds it together.

    `original` of None is the representative. `solitary`: that one is a round-up, or a page of a wall.
    """

    representative: str
    relations: Mapping[str, str] = field(default_factory=dict)
    original: str | None = None
    original_reason: str = "only"
    solitary: bool = False


def add_matches(connection: Connection, rows: Iterable[MatchRow]) -> None:
    """Keeps the evidence; what is known already stays as it is."""
    add = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = [
        {
            "a": row.a,
            "b": row.b,
            "a_article": row.a_article,
            "b_article": row.b_article,
            "kind": row.kind,
            "evidence": dict(row.evidence),
        }
        for row in sorted(rows, key=lambda row: (row.a, row.b))
    ]
    if values:
        connection.execute(add(matches).on_conflict_do_nothing(), values)


def stories_of_articles(connection: Connection, article_ids: Collection[str]) -> dict[str, str]:
    """Article id to the id of its story, for the articles that are there."""
    found: dict[str, str] = {}
    for part in chunks(article_ids):
        rows = connection.execute(select(articles.c.id, articles.c.story_id).where(articles.c.id.in_(part)))
        found |= {row.id: row.story_id for row in rows}
    return found


def lock(connection: Connection, story_ids: Collection[str]) -> None:
    """Holds the story rows until the transaction ends. In id order, so that two writers cannot deadlock.

    On SQLite the writer is alone already.
    """
    if connection.dialect.name != "postgresql":
        return
    for part in chunks(sorted(story_ids)):
        query = select(stories.c.id).where(stories.c.id.in_(part)).order_by(stories.c.id)
        connection.execute(query.with_for_update()).all()


def component(connection: Connection, article_ids: Collection[str]) -> Component:
    """All that copies and decisions connect to these articles, however far, and one step of what else matches."""
    core = set(article_ids)
    rules: dict[int, DecisionRow] = {}
    edges: dict[tuple[int, int], MatchRow] = {}
    frontier = set(core)
    while frontier:
        found = _matches(connection, frontier)
        edges |= {(row.a, row.b): row for row in found}
        told = _decisions(connection, frontier)
        rules |= {row.id: row for row in told}
        reached = {end for row in found if row.kind == "copy" for end in (row.a_article, row.b_article)}
        reached |= {end for row in told if row.kind in ("together", "split") for end in row.articles}
        frontier = reached - core
        core |= frontier
    around = {end for row in edges.values() for end in (row.a_article, row.b_article)} - core
    edges |= {(row.a, row.b): row for row in _matches(connection, around)}
    found_members = members(connection, core | around)
    present = {member.id for member in found_members}
    kept = [row for row in edges.values() if row.a_article in present and row.b_article in present]
    return Component(frozenset(core & present), found_members, kept, sorted(rules.values(), key=lambda row: row.id))


def neighbours(connection: Connection, article_ids: Collection[str]) -> set[str]:
    """The articles that these quote or are quoted by: whether one is a round-up may depend on what is new here."""
    found: set[str] = set()
    for part in chunks(article_ids):
        for end in (matches.c.a_article, matches.c.b_article):
            query = select(matches.c.a_article, matches.c.b_article).where(
                end.in_(part), matches.c.kind.in_(("quotes", "develops"))
            )
            found |= {one for row in connection.execute(query) for one in row}
    return found


def _matches(connection: Connection, article_ids: Collection[str]) -> list[MatchRow]:
    found = []
    columns: tuple[Column[Any], ...] = (
        matches.c.a,
        matches.c.b,
        matches.c.a_article,
        matches.c.b_article,
        matches.c.kind,
        matches.c.evidence,
    )
    for part in chunks(article_ids):
        # Two queries, as each takes its own index.
        for end in (matches.c.a_article, matches.c.b_article):
            found += [MatchRow(*row) for row in connection.execute(select(*columns).where(end.in_(part)))]
    return found


def _decisions(connection: Connection, article_ids: Collection[str]) -> list[DecisionRow]:
    touched: set[int] = set()
    for part in chunks(article_ids):
        query = select(decision_articles.c.decision_id).where(decision_articles.c.article_id.in_(part))
        touched |= set(connection.execute(query).scalars())
    return [row for part in chunks(touched) for row in _decision_rows(connection, part)]


def _decision_rows(connection: Connection, ids: Collection[int]) -> list[DecisionRow]:
    query = (
        select(decisions.c.id, decisions.c.kind, decision_articles.c.against, decision_articles.c.article_id)
        .join(decision_articles, decision_articles.c.decision_id == decisions.c.id)
        .where(decisions.c.id.in_(ids), decisions.c.undone.is_(None))
        .order_by(decisions.c.id, decision_articles.c.article_id)
    )
    told: dict[tuple[int, DecisionKind], tuple[list[str], list[str]]] = {}
    for identity, kind, against, article in connection.execute(query):
        told.setdefault((identity, kind), ([], []))[against].append(article)
    return [DecisionRow(identity, kind, tuple(on), tuple(off)) for (identity, kind), (on, off) in told.items()]


def members(connection: Connection, article_ids: Collection[str]) -> list[MemberRow]:
    """Those of the articles that are there, in no order."""
    owner = func.coalesce(outlets.c.owner, articles.c.outlet).label("owner")
    found = []
    for part in chunks(article_ids):
        query: Select[Any] = (
            select(
                articles.c.id,
                articles.c.version,
                articles.c.arrival,
                articles.c.words,
                versions.c.text_digest,
                articles.c.host,
                articles.c.outlet,
                owner,
                articles.c.story_id,
                articles.c.relation,
                articles.c.first_seen,
                articles.c.published,
                articles.c.title,
                articles.c.language,
                articles.c.credit,
                articles.c.names,
                stories.c.copies,
                stories.c.solitary,
            )
            .join(stories, stories.c.id == articles.c.story_id)
            .join(versions, versions.c.number == articles.c.version)
            .outerjoin(outlets, outlets.c.name == articles.c.outlet)
            .where(articles.c.id.in_(part))
        )
        found += [MemberRow(*row) for row in connection.execute(query)]
    return found


def write_parts(
    connection: Connection, members: Sequence[MemberRow], parts: Iterable[Part], *, now: datetime
) -> dict[str, tuple[str, str]]:
    """Makes the records say what the evaluation found. The caller holds the locks of all stories of `members`.

    A story has the id of its first article to arrive. An id whose article stands in another story leads there.
    Returns the articles whose story changed: from, to.
    """
    by_id = {member.id: member for member in members}
    moves: list[dict[str, Any]] = []
    records: list[dict[str, Any]] = []
    leads: dict[str, str | None] = {}
    homes: dict[str, tuple[str, str]] = {}
    for part in parts:
        present = [by_id[identity] for identity in part.relations]
        if len(present) == 1 and present[0].is_settled and present[0].story_solitary == part.solitary:
            continue
        story_id = min(present, key=lambda member: (member.arrival, member.id)).id
        records.append(_record(story_id, present, part, now=now))
        for member in present:
            relation = part.relations[member.id]
            leads[member.id] = None if member.id == story_id else story_id
            if (member.story_id, member.relation) != (story_id, relation):
                moves.append({"key": member.id, "to": story_id, "as": relation})
                homes[member.id] = (member.story_id, story_id)
    move(connection, moves)
    _lead(connection, leads, now=now)
    update_records(connection, records)
    return homes


def _record(story_id: str, present: Sequence[MemberRow], part: Part, *, now: datetime) -> dict[str, Any]:
    first = min(present, key=lambda member: (member.first_seen, member.arrival))
    original = next(member for member in present if member.id == (part.original or part.representative))
    claimed = [member.published for member in present if member.published]
    return {
        "key": story_id,
        "title": original.title,
        "language": original.language,
        "credit": original.credit,
        "representative": part.representative,
        "original": original.id,
        "original_reason": part.original_reason,
        "first_seen": first.first_seen,
        "last_seen": max(member.first_seen for member in present),
        "published": min(claimed, default=None),
        "first_outlet": first.outlet,
        "copies": len(present),
        "outlets": len({member.outlet for member in present}),
        "owners": len({member.owner for member in present}),
        "solitary": part.solitary,
        "updated": now,
    }


def move(connection: Connection, moves: Sequence[Mapping[str, Any]]) -> None:
    """Writes the story ("to") and the relation ("as") of articles ("key")."""
    if moves:
        statement = update(articles).where(articles.c.id == bindparam("key"))
        connection.execute(statement.values(story_id=bindparam("to"), relation=bindparam("as")), moves)


def _lead(connection: Connection, leads: Mapping[str, str | None], *, now: datetime) -> None:
    """Sets `absorbed_into`, also of the ids that were absorbed by one of these earlier."""
    other = stories.c.absorbed_into.is_distinct_from(bindparam("to"))
    statement = update(stories).where(stories.c.id == bindparam("key"), other)
    rows = [{"key": key, "to": to} for key, to in leads.items()]
    if rows:
        connection.execute(statement.values(absorbed_into=bindparam("to"), updated=now), rows)


def update_records(connection: Connection, records: Sequence[Mapping[str, Any]]) -> None:
    """Writes columns of stories ("key"); every record has the same ones."""
    if records:
        columns: dict[str, Any] = {name: bindparam(name) for name in records[0] if name != "key"}
        connection.execute(update(stories).where(stories.c.id == bindparam("key")).values(columns), records)


def mark_attached(connection: Connection, sequences: Mapping[int, int]) -> None:
    """Notes that these versions are attached and told, and the index's sequence when each was registered."""
    rows = [{"key": number, "to": sequence} for number, sequence in sequences.items()]
    if rows:
        statement = update(versions).where(versions.c.number == bindparam("key"))
        connection.execute(statement.values(attached=bindparam("to"), told=True), rows)


def chunks(values: Collection[T]) -> Iterable[list[T]]:
    """Slices that fit an IN list."""
    ordered = list(values)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))
