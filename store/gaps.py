"""The ledger of gaps: when a source was not seen, and why. A corpus says with it what it cannot have."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from store.schema import gaps, sources

__all__ = ["UNPOLLED", "Gap", "close_gap", "gaps_of", "open_gaps", "walk_gaps", "widen_gap", "write_gap"]

# Nobody asked: no crawler ran, it was switched off, or its host had to rest.
UNPOLLED = "unpolled"


@dataclass(frozen=True, slots=True)
class Gap:
    """From the last time that a source was seen to the next; `ended` is None while it is not.

    `status` is the word of the last poll in it, or `unpolled`; `polls` is how many failed.
    """

    source: str
    outlet: str
    began: datetime
    ended: datetime | None
    status: str
    why: str | None
    polls: int


COLUMNS = (sources.c.url, sources.c.outlet, gaps.c.began, gaps.c.ended, gaps.c.status, gaps.c.why, gaps.c.polls)


def widen_gap(connection: Connection, source_id: int, *, began: datetime, status: str, why: str | None) -> None:
    """One more poll that failed: in the gap that is open, else in one that begins."""
    still_open = update(gaps).where(gaps.c.source_id == source_id, gaps.c.ended.is_(None))
    widened = still_open.values(status=status, why=why, polls=gaps.c.polls + 1)
    if not connection.execute(widened).rowcount:
        row = {"source_id": source_id, "began": began, "status": status, "why": why, "polls": 1}
        connection.execute(insert(gaps).values(**row))


def close_gap(connection: Connection, source_id: int, *, ended: datetime) -> bool:
    """The source is seen again; whether a gap was open."""
    still_open = update(gaps).where(gaps.c.source_id == source_id, gaps.c.ended.is_(None))
    return connection.execute(still_open.values(ended=ended)).rowcount > 0


def write_gap(connection: Connection, source_id: int, *, began: datetime, ended: datetime, why: str) -> None:
    """A gap that is over when it is noticed: nobody had asked."""
    row = {"source_id": source_id, "began": began, "ended": ended, "status": UNPOLLED, "why": why, "polls": 0}
    connection.execute(insert(gaps).values(**row))


def gaps_of(connection: Connection, source_id: int, *, most: int) -> list[Gap]:
    """Those of one source, the newest first."""
    query = select(*COLUMNS).join(sources, sources.c.id == gaps.c.source_id).where(gaps.c.source_id == source_id)
    found = connection.execute(query.order_by(gaps.c.began.desc(), gaps.c.id.desc()).limit(most))
    return [Gap(*row) for row in found]


def open_gaps(connection: Connection) -> int:
    """How many sources that are switched on are not seen at the moment."""
    query = select(func.count()).select_from(gaps).join(sources, sources.c.id == gaps.c.source_id)
    return connection.execute(query.where(gaps.c.ended.is_(None), sources.c.enabled)).scalar_one()


def walk_gaps(connection: Connection) -> Iterator[Gap]:
    """All of them, by source and time; but what a watch searches for is no outlet's, and an editor's own affair."""
    query = select(*COLUMNS).join(sources, sources.c.id == gaps.c.source_id).where(sources.c.kind != "search")
    for row in connection.execute(query.order_by(gaps.c.source_id, gaps.c.began, gaps.c.id)):
        yield Gap(*row)
