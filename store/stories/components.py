"""The connected component of stories, matches and decisions that one evaluation reads, locks and writes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, bindparam, func, or_, select, tuple_, update

from onestory.store.queries import chunks, insert_new
from onestory.store.schema import articles, decision_articles, decisions, matches, outlets, stories, versions

__all__ = [
    "DecisionRow",
    "MatchRow",
    "MemberRow",
    "StoryComponent",
    "add_matches",
    "is_telling",
    "linked_articles",
    "load_component",
    "load_members",
    "lower_least_parts",
    "matches_of",
    "small_parts",
    "stored_matches",
    "stories_of_articles",
]


# The kind "none" records a deliberate comparison without a result, so that it is not repeated.
MatchKind = Literal["copy", "contains", "develops", "quotes", "frame", "none"]
DecisionKind = Literal["together", "apart", "split", "original"]


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A match between two versions, `a` being the lower number. `evidence` is flat JSON."""

    a: int
    b: int
    a_article: str
    b_article: str
    kind: MatchKind
    evidence: Mapping[str, Any]

    @property
    def is_inert(self) -> bool:
        """Whether the match changes no story, whatever else matches its articles."""
        return self.kind == "none" or bool(self.evidence.get("inert", False))


_COLUMNS: tuple[Column[Any], ...] = tuple(matches.c[field.name] for field in fields(MatchRow))


@dataclass(frozen=True, slots=True)
class MemberRow:
    """The fields of an article that an evaluation and its story's record need. `is_known`: its outlet has a source or
    homepage.
    """

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
    seen_after: datetime | None
    is_observed: bool
    published: datetime | None
    published_source: str | None
    title: str | None
    language: str
    credit: str | None
    names: str | None
    least_part: float | None
    is_known: bool
    story_copies: int
    story_solitary: bool

    @property
    def is_untouched(self) -> bool:
        """Whether the article is alone in its own story, as it was stored. There is nothing to write for it."""
        return self.story_id == self.id and self.story_copies == 1 and self.number == self.arrival


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision as `onestory.dedupe.constraints` reads it. Later decisions (with a higher `id`) win."""

    id: int
    kind: DecisionKind
    articles: tuple[str, ...]
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoryComponent:
    """The articles connected by copies and decisions (`core`), and the surroundings that an evaluation needs: articles
    that quote them or are quoted by them. `matches` holds all among both that may change a story.
    """

    core: frozenset[str]
    members: Sequence[MemberRow]
    matches: Sequence[MatchRow]
    decisions: Sequence[DecisionRow]


def add_matches(connection: Connection, rows: Iterable[MatchRow]) -> None:
    """Store matches, except those already stored."""
    ordered = sorted(rows, key=lambda row: (row.a, row.b))
    names = [field.name for field in fields(MatchRow)]
    insert_new(connection, matches, [{name: getattr(row, name) for name in names} for row in ordered])


def stories_of_articles(connection: Connection, article_ids: Collection[str]) -> dict[str, str]:
    """The story id of each article that exists."""
    found: dict[str, str] = {}
    for part in chunks(article_ids):
        rows = connection.execute(select(articles.c.id, articles.c.story_id).where(articles.c.id.in_(part)))
        found |= {row.id: row.story_id for row in rows}
    return found


def load_component(connection: Connection, article_ids: Collection[str]) -> StoryComponent:
    """Everything that copies and decisions connect to these articles, and one further step of other matches."""
    core = set(article_ids)
    rules: dict[int, DecisionRow] = {}
    edges: dict[tuple[int, int], MatchRow] = {}
    frontier = set(core)
    while frontier:
        found = matches_of(connection, frontier, telling=True)
        edges |= {(row.a, row.b): row for row in found}
        result = _decisions(connection, frontier)
        rules |= {row.id: row for row in result}
        reached = {end for row in found if row.kind == "copy" for end in (row.a_article, row.b_article)}
        reached |= {end for row in result if row.kind in ("together", "split") for end in row.articles}
        reached |= {end for row in result for end in row.against}
        frontier = reached - core
        core |= frontier
    around = {end for row in edges.values() for end in (row.a_article, row.b_article)} - core
    edges |= {(row.a, row.b): row for row in matches_of(connection, around, telling=True)}
    found_members = load_members(connection, core | around)
    present = {member.id for member in found_members}
    kept = [row for row in edges.values() if row.a_article in present and row.b_article in present]
    return StoryComponent(
        frozenset(core & present), found_members, kept, sorted(rules.values(), key=lambda row: row.id)
    )


def linked_articles(connection: Connection, article_ids: Collection[str]) -> set[str]:
    """The articles quoted by these or quoting them, where one may be a round-up: that may depend on new articles."""
    found: set[str] = set()
    for part in chunks(article_ids):
        for end in (matches.c.a_article, matches.c.b_article):
            query = select(matches.c.a_article, matches.c.b_article).where(
                end.in_(part), matches.c.kind.in_(("quotes", "develops", "contains")), is_telling()
            )
            found |= {one for row in connection.execute(query) for one in row}
    return found


def is_telling() -> ColumnElement[bool]:
    """The condition that a match may change a story: see `MatchRow.is_inert`."""
    return and_(matches.c.kind != "none", matches.c.evidence["inert"].as_boolean().is_not(True))


def lower_least_parts(connection: Connection, shares: Mapping[str, float]) -> None:
    """Write how small a share of their text copies within these articles make, where it is smaller than known."""
    rows = [{"key": article, "to": share} for article, share in sorted(shares.items())]
    if rows:
        known = articles.c.least_part
        smaller = or_(known.is_(None), known > bindparam("to"))
        statement = update(articles).where(articles.c.id == bindparam("key"), smaller)
        connection.execute(statement.values(least_part=bindparam("to")), rows)


def matches_of(connection: Connection, article_ids: Collection[str], *, telling: bool = False) -> list[MatchRow]:
    """The matches of these articles; with `telling`, those that may change a story."""
    found = []
    for part in chunks(article_ids):
        # Two queries, each with its own index.
        for end in (matches.c.a_article, matches.c.b_article):
            query = select(*_COLUMNS).where(end.in_(part))
            found += [MatchRow(*row) for row in connection.execute(query.where(is_telling()) if telling else query)]
    return found


def stored_matches(connection: Connection, pairs: Collection[tuple[int, int]]) -> list[MatchRow]:
    """The stored matches of these pairs of versions, the lower number first. Kind "none" is included."""
    both = tuple_(matches.c.a, matches.c.b)
    return [
        MatchRow(*row) for part in chunks(pairs) for row in connection.execute(select(*_COLUMNS).where(both.in_(part)))
    ]


def small_parts(connection: Connection, most: Mapping[str, float]) -> list[MatchRow]:
    """The copies that hold at most this share of each article's text."""
    found = []
    for part in chunks(most):
        share = max(most[article] for article in part)
        for end, name in ((matches.c.a_article, "containment_a"), (matches.c.b_article, "containment_b")):
            is_small = matches.c.evidence[name].as_float() <= share
            query = select(*_COLUMNS).where(end.in_(part), matches.c.kind == "copy", is_small)
            found += [MatchRow(*row) for row in connection.execute(query)]
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
    result: dict[tuple[int, DecisionKind], tuple[list[str], list[str]]] = {}
    for identity, kind, against, article in connection.execute(query):
        result.setdefault((identity, kind), ([], []))[against].append(article)
    return [DecisionRow(identity, kind, tuple(on), tuple(off)) for (identity, kind), (on, off) in result.items()]


def load_members(connection: Connection, article_ids: Collection[str]) -> list[MemberRow]:
    """Those of the articles that exist, in no order."""
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
                articles.c.seen_after,
                articles.c.is_observed,
                articles.c.published,
                versions.c.facts["published_source"].as_string(),
                articles.c.title,
                articles.c.language,
                articles.c.credit,
                articles.c.names,
                articles.c.least_part,
                # An outlet without a host was only named, as one of ours or with its owner.
                outlets.c.host.is_not(None),
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
