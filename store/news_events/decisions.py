"""Decisions of editors about news events. They name stories by their first article, which stays when stories merge."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from onestory.errors import BadInput, NotFound
from onestory.store.queries import AdvisoryLock, chunks, hold_advisory_lock
from onestory.store.schema import articles, news_event_decision_stories, news_event_decisions, news_event_stories

__all__ = [
    "NewsEventDecision",
    "NewsEventDecisionKind",
    "decisions_of_event",
    "delete_stories_from_event_decisions",
    "effective_decisions",
    "mark_event_decision_undone",
    "news_event_decision",
    "news_event_decisions_log",
    "record_event_decision",
]

# together: one event. apart: the named stories leave, as one event. label: the headline of this story names its event.
NewsEventDecisionKind = Literal["together", "apart", "label"]


@dataclass(frozen=True, slots=True)
class NewsEventDecision:
    """A decision. `stories` are named; `against` are those that stayed in a split."""

    id: int
    kind: NewsEventDecisionKind
    who: str
    why: str
    decided: datetime
    undone: datetime | None
    undone_by: str | None
    stories: tuple[str, ...]
    against: tuple[str, ...]


def record_event_decision(
    connection: Connection,
    kind: NewsEventDecisionKind,
    stories: Collection[str],
    *,
    against: Collection[str] = (),
    who: str,
    why: str,
    now: datetime,
) -> int:
    """Store a decision, and return its number."""
    hold_advisory_lock(connection, AdvisoryLock.NEWS_EVENTS)
    statement = insert(news_event_decisions).values(kind=kind, who=who, why=why, decided=now)
    number: int = connection.execute(statement.returning(news_event_decisions.c.id)).scalar_one()
    rows = [{"decision_id": number, "article_id": story, "against": False} for story in sorted(stories)]
    rows += [{"decision_id": number, "article_id": story, "against": True} for story in sorted(against)]
    connection.execute(insert(news_event_decision_stories), rows)
    _look_again(connection, {*stories, *against})
    return number


def mark_event_decision_undone(connection: Connection, number: int, *, who: str, now: datetime) -> None:
    """Raises NotFound, or BadInput if it already was."""
    hold_advisory_lock(connection, AdvisoryLock.NEWS_EVENTS)
    found = news_event_decision(connection, number)
    if found.undone is not None:
        raise BadInput(f"decision {number} was already undone by {found.undone_by}")
    changed = update(news_event_decisions).where(news_event_decisions.c.id == number)
    connection.execute(changed.values(undone=now, undone_by=who))
    _look_again(connection, {*found.stories, *found.against})


def _look_again(connection: Connection, article_ids: Collection[str]) -> None:
    """Have the stories of these articles grouped again."""
    for part in chunks(article_ids):
        homes = select(articles.c.story_id).where(articles.c.id.in_(part))
        these = news_event_stories.c.story_id.in_(homes)
        connection.execute(update(news_event_stories).where(these).values(story_updated=None))


def news_event_decision(connection: Connection, number: int) -> NewsEventDecision:
    """Raises NotFound."""
    found = _read(connection, [number])
    if not found:
        raise NotFound(f"there is no decision {number} about news events")
    return found[0]


def news_event_decisions_log(connection: Connection, *, limit: int) -> list[NewsEventDecision]:
    """The latest decisions, newest first. Undone ones are included."""
    query = select(news_event_decisions.c.id).order_by(news_event_decisions.c.id.desc()).limit(limit)
    return _read(connection, connection.execute(query).scalars().all())[::-1]


def decisions_of_event(connection: Connection, event_id: str) -> list[NewsEventDecision]:
    """The decisions that name a story of this event, newest first. Undone ones are included."""
    query = (
        select(news_event_decision_stories.c.decision_id)
        .join(articles, articles.c.id == news_event_decision_stories.c.article_id)
        .join(news_event_stories, news_event_stories.c.story_id == articles.c.story_id)
        .where(news_event_stories.c.event_id == event_id)
        .distinct()
    )
    return _read(connection, connection.execute(query).scalars().all())[::-1]


def effective_decisions(connection: Connection) -> list[NewsEventDecision]:
    """All decisions in force, oldest first, with the present stories in place of the articles that they name."""
    query = select(news_event_decisions.c.id).where(news_event_decisions.c.undone.is_(None))
    found = _read(connection, connection.execute(query).scalars().all())
    named = {one for decision in found for one in (*decision.stories, *decision.against)}
    homes: dict[str, str] = {}
    for part in chunks(named):
        rows = connection.execute(select(articles.c.id, articles.c.story_id).where(articles.c.id.in_(part)))
        homes |= {row.id: row.story_id for row in rows}
    return [_with_homes(decision, homes) for decision in found]


def _with_homes(decision: NewsEventDecision, homes: dict[str, str]) -> NewsEventDecision:
    def present(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({homes[name] for name in names if name in homes}))

    stories = present(decision.stories)
    against = tuple(story for story in present(decision.against) if story not in stories)
    return NewsEventDecision(
        decision.id, decision.kind, decision.who, decision.why, decision.decided, None, None, stories, against
    )


def delete_stories_from_event_decisions(connection: Connection, article_ids: Collection[str]) -> None:
    """Remove articles that were taken down from all decisions, and delete decisions left without any."""
    table = news_event_decision_stories
    for part in chunks(article_ids):
        connection.execute(delete(table).where(table.c.article_id.in_(part)))
    left = select(table.c.decision_id).where(~table.c.against)
    connection.execute(delete(news_event_decisions).where(news_event_decisions.c.id.not_in(left)))


def _read(connection: Connection, numbers: Collection[int]) -> list[NewsEventDecision]:
    """In the order of their numbers."""
    members = news_event_decision_stories
    result: dict[int, tuple[Any, list[str], list[str]]] = {}
    for part in chunks(sorted(numbers)):
        query = (
            select(news_event_decisions, members.c.article_id, members.c.against)
            .join(members, members.c.decision_id == news_event_decisions.c.id)
            .where(news_event_decisions.c.id.in_(part))
            .order_by(news_event_decisions.c.id, members.c.article_id)
        )
        for row in connection.execute(query):
            _, named, against = result.setdefault(row.id, (row, [], []))
            (against if row.against else named).append(row.article_id)
    return [
        NewsEventDecision(
            row.id, row.kind, row.who, row.why, row.decided, row.undone, row.undone_by, tuple(named), tuple(against)
        )
        for row, named, against in result.values()
    ]
