"""Coverage: the gaps in which a source was not seen, and its daily yield. Exports include the gaps, so that a corpus
states what it may lack.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, case, delete, func, insert, or_, select, update

from onestory.store.queries import columns_of, dialect_insert
from onestory.store.schema import gaps, source_days, sources

__all__ = [
    "UNPOLLED",
    "YIELD_RETENTION_DAYS",
    "DailyYield",
    "Gap",
    "add_closed_gap",
    "close_gap",
    "count_open_gaps",
    "daily_yields",
    "delete_old_yields",
    "extend_gap",
    "gaps_of",
    "iter_gaps",
    "pauses_of",
    "record_yield",
    "weekly_yields",
]


# The source was not polled: no crawler ran, it was disabled, or its host had to rest.
UNPOLLED = "unpolled"


@dataclass(frozen=True, slots=True)
class Gap:
    """The time between two successful polls of a source. `ended` is None while it lasts.

    `status` is that of the last poll in the gap, or `unpolled`; `polls` counts failures.
    """

    source: str
    outlet: str
    began: datetime
    ended: datetime | None
    status: str
    why: str | None
    polls: int


GAPS_KEPT = 1_000  # of each source: years of daily outages
GAP_COLUMNS = (sources.c.url, sources.c.outlet, gaps.c.began, gaps.c.ended, gaps.c.status, gaps.c.why, gaps.c.polls)


def extend_gap(connection: Connection, source_id: int, *, began: datetime, status: str, why: str | None) -> None:
    """Count one more failed poll, in the open gap or a new one."""
    still_open = update(gaps).where(gaps.c.source_id == source_id, gaps.c.ended.is_(None))
    widened = still_open.values(status=status, why=why, polls=gaps.c.polls + 1)
    if not connection.execute(widened).rowcount:
        _add_gap(connection, source_id, began=began, status=status, why=why, polls=1)


def close_gap(connection: Connection, source_id: int, *, ended: datetime) -> bool:
    """Close the open gap of a source that is seen again, and return whether there was one."""
    still_open = update(gaps).where(gaps.c.source_id == source_id, gaps.c.ended.is_(None))
    return connection.execute(still_open.values(ended=ended)).rowcount > 0


def add_closed_gap(connection: Connection, source_id: int, *, began: datetime, ended: datetime, why: str) -> None:
    """Add a gap that is already over when it is noticed, because nothing was polled."""
    _add_gap(connection, source_id, began=began, ended=ended, status=UNPOLLED, why=why, polls=0)


def _add_gap(connection: Connection, source_id: int, **values: object) -> None:
    """Add a gap, and delete the oldest of the source beyond GAPS_KEPT."""
    connection.execute(insert(gaps).values(source_id=source_id, **values))
    of_source = select(gaps.c.id).where(gaps.c.source_id == source_id)
    newest_too_old = of_source.order_by(gaps.c.id.desc()).limit(1).offset(GAPS_KEPT).scalar_subquery()
    connection.execute(delete(gaps).where(gaps.c.source_id == source_id, gaps.c.id <= newest_too_old))


def gaps_of(connection: Connection, source_id: int, *, most: int) -> list[Gap]:
    """The gaps of one source, newest first."""
    query = select(*GAP_COLUMNS).join(sources, sources.c.id == gaps.c.source_id).where(gaps.c.source_id == source_id)
    found = connection.execute(query.order_by(gaps.c.began.desc(), gaps.c.id.desc()).limit(most))
    return [Gap(*row) for row in found]


def count_open_gaps(connection: Connection) -> int:
    """The number of enabled sources that are not seen at the moment."""
    query = select(func.count()).select_from(gaps).join(sources, sources.c.id == gaps.c.source_id)
    return connection.execute(query.where(gaps.c.ended.is_(None), sources.c.enabled)).scalar_one()


def iter_gaps(connection: Connection) -> Iterator[Gap]:
    """All gaps, by source and time, without the search feeds of watches, which are the editor's own affair."""
    query = select(*GAP_COLUMNS).join(sources, sources.c.id == gaps.c.source_id).where(sources.c.kind != "search")
    for row in connection.execute(query.order_by(gaps.c.source_id, gaps.c.began, gaps.c.id)):
        yield Gap(*row)


YIELD_RETENTION_DAYS = 90


@dataclass(frozen=True, slots=True)
class DailyYield:
    """The yield of a source on one day (UTC): polls, failures, and pages first found in it."""

    day: str
    polls: int
    failed: int
    pages_found: int


def record_yield(
    connection: Connection, source_id: int, *, now: datetime, failed: int, pages_found: int, longest_pause: int | None
) -> None:
    row = {"source_id": source_id, "day": now.date().isoformat(), "polls": 1, "failed": failed}
    statement = dialect_insert(connection, source_days).values(
        **row, pages_found=pages_found, longest_pause=longest_pause
    )
    kept, new = source_days.c, statement.excluded
    is_longer = or_(kept.longest_pause.is_(None), new.longest_pause > kept.longest_pause)
    changed = {name: kept[name] + new[name] for name in ("polls", "failed", "pages_found")}
    longest = case((is_longer, new.longest_pause), else_=kept.longest_pause)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["source_id", "day"], set_={**changed, "longest_pause": longest})
    )


def delete_old_yields(connection: Connection, source_id: int, *, now: datetime) -> None:
    """Delete the yields of a source past their retention."""
    first = (now.date() - timedelta(days=YIELD_RETENTION_DAYS)).isoformat()
    connection.execute(delete(source_days).where(source_days.c.source_id == source_id, source_days.c.day < first))


def daily_yields(connection: Connection, source_id: int) -> list[DailyYield]:
    """The daily yields of a source, newest first. Days without a poll have no row."""
    columns = columns_of(source_days, DailyYield)
    query = select(*columns).where(source_days.c.source_id == source_id).order_by(source_days.c.day.desc())
    return [DailyYield(*row) for row in connection.execute(query)]


def pauses_of(connection: Connection, source_id: int, *, now: datetime) -> tuple[list[int], int]:
    """The longest pause, in seconds, of each day with something new, and the number of days on record."""
    query = select(source_days.c.day, source_days.c.longest_pause).where(source_days.c.source_id == source_id)
    rows = connection.execute(query.order_by(source_days.c.day)).all()
    known_days = (now.date() - date.fromisoformat(rows[0].day)).days if rows else 0
    return [row.longest_pause for row in rows if row.longest_pause is not None], known_days


def weekly_yields(connection: Connection, *, now: datetime) -> dict[int, int]:
    """Pages first found in each source today and on the six days before, for sources that were polled."""
    first = (now.date() - timedelta(days=6)).isoformat()
    query = select(source_days.c.source_id, func.sum(source_days.c.pages_found)).where(source_days.c.day >= first)
    return {row[0]: int(row[1]) for row in connection.execute(query.group_by(source_days.c.source_id))}
