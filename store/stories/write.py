"""Writing the result of an evaluation to the story records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, update

from onestory.store.schema import articles, stories, versions
from onestory.store.stories.components import MemberRow

__all__ = ["EvaluatedStory", "assign_articles", "mark_attached", "update_stories", "write_evaluation"]


@dataclass(frozen=True, slots=True)
class EvaluatedStory:
    """One evaluated story: its articles with their relations to the original, and its representative.

    `original` of None is the representative. `credit` is what the story says of its source. `solitary`: the
    representative is a round-up or a repeated page.
    """

    representative: str
    relations: Mapping[str, str] = field(default_factory=dict)
    original: str | None = None
    original_reason: str = "only"
    credit: str | None = None
    solitary: bool = False


def write_evaluation(
    connection: Connection, members: Sequence[MemberRow], parts: Iterable[EvaluatedStory], *, now: datetime
) -> dict[str, tuple[str, str]]:
    """Write the evaluated stories. The caller holds the locks of all stories of `members`.

    A story has the id of its first article to arrive. The id of any other article leads to its story. Returns the
    articles whose story changed: from, to.
    """
    by_id = {member.id: member for member in members}
    moves: list[dict[str, Any]] = []
    records: list[dict[str, Any]] = []
    leads: dict[str, str | None] = {}
    homes: dict[str, tuple[str, str]] = {}
    for part in parts:
        present = [by_id[identity] for identity in part.relations]
        if len(present) == 1 and present[0].is_untouched and present[0].story_solitary == part.solitary:
            continue
        story_id = min(present, key=lambda member: (member.arrival, member.id)).id
        records.append(_record(story_id, present, part, now=now))
        for member in present:
            relation = part.relations[member.id]
            leads[member.id] = None if member.id == story_id else story_id
            if (member.story_id, member.relation) != (story_id, relation):
                moves.append({"key": member.id, "to": story_id, "as": relation})
                homes[member.id] = (member.story_id, story_id)
    assign_articles(connection, moves)
    _lead(connection, leads, now=now)
    update_stories(connection, records)
    return homes


def _record(story_id: str, present: Sequence[MemberRow], part: EvaluatedStory, *, now: datetime) -> dict[str, Any]:
    first = min(present, key=lambda member: (member.first_seen, member.arrival))
    original = next(member for member in present if member.id == (part.original or part.representative))
    return {
        "key": story_id,
        "title": original.title,
        "language": original.language,
        "credit": part.credit,
        "representative": part.representative,
        "original": original.id,
        "original_reason": part.original_reason,
        "first_seen": first.first_seen,
        "last_seen": max(member.first_seen for member in present),
        "published": original.published,
        "first_outlet": first.outlet,
        "copies": len(present),
        "outlets": len({member.outlet for member in present}),
        "owners": len({member.owner for member in present}),
        "solitary": part.solitary,
        "updated": now,
    }


def assign_articles(connection: Connection, moves: Sequence[Mapping[str, Any]]) -> None:
    """Write the story ("to") and relation ("as") of articles ("key")."""
    if moves:
        statement = update(articles).where(articles.c.id == bindparam("key"))
        connection.execute(statement.values(story_id=bindparam("to"), relation=bindparam("as")), moves)


def _lead(connection: Connection, leads: Mapping[str, str | None], *, now: datetime) -> None:
    """Set `absorbed_into`, also for ids absorbed by one of these earlier."""
    other = stories.c.absorbed_into.is_distinct_from(bindparam("to"))
    statement = update(stories).where(stories.c.id == bindparam("key"), other)
    rows = [{"key": key, "to": to} for key, to in leads.items()]
    if rows:
        connection.execute(statement.values(absorbed_into=bindparam("to"), updated=now), rows)


def update_stories(connection: Connection, records: Sequence[Mapping[str, Any]]) -> None:
    """Write columns of stories ("key"). All records have the same columns."""
    if records:
        columns: dict[str, Any] = {name: bindparam(name) for name in records[0] if name != "key"}
        connection.execute(update(stories).where(stories.c.id == bindparam("key")).values(columns), records)


def mark_attached(connection: Connection, sequences: Mapping[int, int]) -> None:
    """Mark versions as attached and reported, with the index's sequence number of each."""
    rows = [{"key": number, "to": sequence} for number, sequence in sequences.items()]
    if rows:
        statement = update(versions).where(versions.c.number == bindparam("key"))
        connection.execute(statement.values(attached=bindparam("to"), told=True), rows)
