"""Story events: what a transaction changed about stories. Each change is reported once.

A story gets one event per transaction, so an import batch with forty copies of a story makes one event. An article is
reported with its first version (`versions.told`), even if that is attached again later. Articles observed more than
RECENT ago come from an archive: they make stories, and no events. Merges and splits are reported at any age.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from onestory.store.events.event_log import add_event
from onestory.store.queries import chunks, columns_of, existing_values, rows_in
from onestory.store.schema import articles, stories, versions

__all__ = ["MAX_NEWS_AGE", "WITHDRAWAL_NOTICES", "emit_story_events", "note_reassignments"]

MAX_NEWS_AGE = timedelta(days=7)
WITHDRAWAL_NOTICES = ("kill", "withdrawn")  # values of an original's notice: see `onestory.pipelines.extract.notice`


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A version attached for the first time, with its article."""

    number: int
    observed: datetime
    notice: str | None
    changes: dict[str, Any] | None
    article: str
    story: str
    current: int
    arrival: int


@dataclass(frozen=True, slots=True)
class _Spread:
    id: str
    original: str
    copies: int
    outlets: int
    owners: int

    def payload(self, **more: object) -> dict[str, object]:
        return {"copies": self.copies, "outlets": self.outlets, "owners": self.owners, **more}


def note_reassignments(connection: Connection, moves: Mapping[str, tuple[str, str]]) -> None:
    """Note which articles changed their story (article id: from, to), for `emit_story_events`."""
    gathered = connection.get_execution_options()["gathered_moves"]
    for article, (old, new) in moves.items():
        first, _ = gathered.get(article, (old, new))
        gathered[article] = (first, new)


def emit_story_events(connection: Connection, numbers: Collection[int], *, now: datetime) -> None:
    """Add the events of this transaction: the noted reassignments, and these versions about to be attached."""
    fresh = _fresh(connection, numbers)
    newcomers = {one.article for one in fresh if one.number == one.arrival}
    recent = [one for one in fresh if one.observed >= now - MAX_NEWS_AGE]
    gathered = connection.get_execution_options()["gathered_moves"]
    moves = {one: move for one, move in gathered.items() if one not in newcomers and move[0] != move[1]}
    gathered.clear()
    merged, parted = _merges_and_splits(connection, moves)
    spreads = _spreads(connection, {*(one.story for one in recent), *merged, *parted})
    _tell_newcomers([one for one in recent if one.article in newcomers], newcomers, spreads, connection, now)
    for story, absorbed in sorted(merged.items()):
        if story in spreads:
            data = spreads[story].payload(absorbed=sorted(absorbed))
            add_event(connection, "story.merged", now=now, story_id=story, data=data)
    for story, parts in sorted(parted.items()):
        if story in spreads:
            data = spreads[story].payload(parts=sorted(parts))
            add_event(connection, "story.split", now=now, story_id=story, data=data)
    _tell_texts(recent, newcomers, spreads, connection, now)


def _tell_newcomers(
    arrived: Iterable[_Fresh],
    newcomers: Collection[str],
    spreads: Mapping[str, _Spread],
    connection: Connection,
    now: datetime,
) -> None:
    """Add story.created for a story with its first article, story.grew for further ones."""
    by_story: dict[str, list[str]] = {}
    for one in arrived:
        by_story.setdefault(one.story, []).append(one.article)
    for story, added in by_story.items():
        if story in newcomers:
            add_event(connection, "story.created", now=now, story_id=story, data=spreads[story].payload())
        else:
            data = spreads[story].payload(added=len(added))
            add_event(connection, "story.grew", now=now, story_id=story, data=data)


def _tell_texts(
    recent: Iterable[_Fresh],
    newcomers: Collection[str],
    spreads: Mapping[str, _Spread],
    connection: Connection,
    now: datetime,
) -> None:
    """Add story.corrected for the new text of a copy, or story.withdrawn for an original with a withdrawal notice.

    A text that shares nothing with the one before is reported although it is not in force.
    """
    for one in recent:
        is_suspect = bool((one.changes or {}).get("is_unrelated"))
        is_new_text = (one.number == one.current or is_suspect) and one.article not in newcomers
        is_original = one.article == spreads[one.story].original
        is_withdrawn = is_original and one.number == one.current and one.notice in WITHDRAWAL_NOTICES
        if not (is_new_text or is_withdrawn):
            continue
        kind = "story.withdrawn" if is_withdrawn else "story.corrected"
        data = spreads[one.story].payload(
            article=one.article, version=one.number, notice=one.notice, changes=one.changes, is_original=is_original
        )
        add_event(connection, kind, now=now, story_id=one.story, data=data)


def _fresh(connection: Connection, numbers: Collection[int]) -> list[_Fresh]:
    query = select(
        versions.c.number,
        versions.c.observed,
        versions.c.facts["notice"].as_string(),
        versions.c.changes,
        articles.c.id,
        articles.c.story_id,
        articles.c.version,
        articles.c.arrival,
    ).join(articles, articles.c.id == versions.c.article_id)
    return [
        _Fresh(*row)
        for part in chunks(numbers)
        for row in connection.execute(query.where(versions.c.number.in_(part), ~versions.c.told))
    ]


def _merges_and_splits(
    connection: Connection, moves: Mapping[str, tuple[str, str]]
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """By survivor, the absorbed stories; and by story, the stories split off.

    A story is absorbed when its own first article moves or is deleted.
    """
    merged: dict[str, set[str]] = {}
    parted: dict[str, set[str]] = {}
    there = existing_values(connection, articles.c.id, {old for old, _ in moves.values()})
    for old, new in moves.values():
        head = moves[old][1] if old in moves else None
        if head == new or old not in there:
            merged.setdefault(new, set()).add(old)
        else:
            parted.setdefault(old, set()).add(new)
    return merged, parted


def _spreads(connection: Connection, story_ids: Collection[str]) -> dict[str, _Spread]:
    columns = columns_of(stories, _Spread)
    return {row.id: _Spread(*row) for row in rows_in(connection, select(*columns), stories.c.id, story_ids)}
