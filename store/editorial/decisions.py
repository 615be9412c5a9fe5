"""Editorial decisions on articles. They are kept forever, may be undone, and are never changed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from onestory.errors import BadInput, NotFound
from onestory.store.queries import chunks
from onestory.store.schema import articles, decision_articles, decisions
from onestory.store.stories.components import DecisionKind

__all__ = [
    "DecisionRecord",
    "decision_records",
    "decisions_of_story",
    "delete_articles_from_decisions",
    "load_decision",
    "mark_decision_undone",
    "record_decision",
]


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision with its author, reason and time. `against` lists the articles that stayed in a split."""

    id: int
    kind: DecisionKind
    who: str
    why: str
    decided: datetime
    undone: datetime | None
    undone_by: str | None
    articles: tuple[str, ...]
    against: tuple[str, ...]


def record_decision(
    connection: Connection,
    kind: DecisionKind,
    articles: Collection[str],
    *,
    against: Collection[str] = (),
    who: str,
    why: str,
    now: datetime,
) -> int:
    """Store a decision and return its number. The caller evaluates the stories of its articles."""
    kept = insert(decisions).values(kind=kind, who=who, why=why, decided=now).returning(decisions.c.id)
    number: int = connection.execute(kept).scalar_one()
    rows = [{"decision_id": number, "article_id": one, "against": False} for one in sorted(articles)]
    rows += [{"decision_id": number, "article_id": one, "against": True} for one in sorted(against)]
    connection.execute(insert(decision_articles), rows)
    return number


def mark_decision_undone(connection: Connection, number: int, *, who: str, now: datetime) -> None:
    """Mark a decision as undone. Raises NotFound, or BadInput if it already was."""
    result = load_decision(connection, number)
    if result.undone is not None:
        raise BadInput(f"decision {number} was already undone by {result.undone_by}")
    connection.execute(update(decisions).where(decisions.c.id == number).values(undone=now, undone_by=who))


def load_decision(connection: Connection, number: int) -> DecisionRecord:
    """Raises NotFound."""
    found = _records(connection, _rows().where(decisions.c.id == number))
    if not found:
        raise NotFound(f"there is no decision {number}")
    return found[0]


def decision_records(
    connection: Connection, article_ids: Collection[str] | None = None, *, limit: int
) -> list[DecisionRecord]:
    """The latest decisions on these articles, or on any, newest first. Undone ones are included."""
    numbers = _numbers(connection, article_ids, limit=limit)
    found = [record for part in chunks(numbers) for record in _records(connection, _rows().where(_is_one_of(part)))]
    return sorted(found, key=lambda record: -record.id)


def decisions_of_story(connection: Connection, story_id: str, *, limit: int) -> list[DecisionRecord]:
    """The latest decisions on the copies of a story, newest first. Undone ones are included."""
    query = select(decision_articles.c.decision_id).distinct()
    query = query.join(articles, articles.c.id == decision_articles.c.article_id)
    numbers = sorted(connection.execute(query.where(articles.c.story_id == story_id)).scalars(), reverse=True)[:limit]
    return sorted(_records(connection, _rows().where(_is_one_of(numbers))), key=lambda record: -record.id)


def delete_articles_from_decisions(connection: Connection, article_ids: Collection[str]) -> None:
    """Remove articles from all decisions, and delete decisions left without articles."""
    touched: set[int] = set()
    for part in chunks(article_ids):
        named = decision_articles.c.article_id.in_(part)
        touched |= set(connection.execute(select(decision_articles.c.decision_id).where(named)).scalars())
        connection.execute(delete(decision_articles).where(named))
    for numbers in chunks(touched):
        left = select(decision_articles.c.decision_id).where(~decision_articles.c.against)
        connection.execute(delete(decisions).where(_is_one_of(numbers), decisions.c.id.not_in(left)))


def _is_one_of(numbers: Sequence[int]) -> Any:
    return decisions.c.id.in_(numbers)


def _numbers(connection: Connection, article_ids: Collection[str] | None, *, limit: int) -> list[int]:
    if article_ids is None:
        query = select(decisions.c.id).order_by(decisions.c.id.desc()).limit(limit)
        return list(connection.execute(query).scalars())
    found: set[int] = set()
    for part in chunks(article_ids):
        named = select(decision_articles.c.decision_id).where(decision_articles.c.article_id.in_(part))
        found |= set(connection.execute(named).scalars())
    return sorted(found, reverse=True)[:limit]


def _rows() -> Select[Any]:
    return (
        select(
            decisions.c.id,
            decisions.c.kind,
            decisions.c.who,
            decisions.c.why,
            decisions.c.decided,
            decisions.c.undone,
            decisions.c.undone_by,
            decision_articles.c.article_id,
            decision_articles.c.against,
        )
        .join(decision_articles, decision_articles.c.decision_id == decisions.c.id)
        .order_by(decisions.c.id, decision_articles.c.article_id)
    )


def _records(connection: Connection, query: Select[Any]) -> list[DecisionRecord]:
    result: dict[int, tuple[Any, list[str], list[str]]] = {}
    for row in connection.execute(query):
        _, articles, against = result.setdefault(row.id, (row, [], []))
        (against if row.against else articles).append(row.article_id)
    return [_record(*found) for found in result.values()]


def _record(row: Any, articles: Iterable[str], against: Iterable[str]) -> DecisionRecord:
    return DecisionRecord(
        row.id, row.kind, row.who, row.why, row.decided, row.undone, row.undone_by, tuple(articles), tuple(against)
    )
