"""What sources yield, day by day (UTC), kept for 90 days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, case, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from store.schema import source_days

__all__ = ["DAYS_KEPT", "Day", "days_of", "forget_days", "note_day", "pauses_of", "week_yields"]

DAYS_KEPT = 90


@dataclass(frozen=True, slots=True)
class Day:
    """What a source yielded on one day (UTC): polls, those that failed, and pages first found in it."""

    day: str
    polls: int
    failed: int
    pages_found: int


def note_day(
    connection: Connection, source_id: int, *, now: datetime, failed: int, pages_found: int, longest_pause: int | None
) -> None:
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"source_id": source_id, "day": now.date().isoformat(), "polls": 1, "failed": failed}
    statement = kind.insert(source_days).values(**row, pages_found=pages_found, longest_pause=longest_pause)
    kept, new = source_days.c, statement.excluded
    is_longer = or_(kept.longest_pause.is_(None), new.longest_pause > kept.longest_pause)
    changed = {name: kept[name] + new[name] for name in ("polls", "failed", "pages_found")}
    longest = case((is_longer, new.longest_pause), else_=kept.longest_pause)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["source_id", "day"], set_={**changed, "longest_pause": longest})
    )


def forget_days(connection: Connection, source_id: int, *, now: datetime) -> None:
    """Those that are older than is kept."""
    first = (now.date() - timedelta(days=DAYS_KEPT)).isoformat()
    connection.execute(delete(source_days).where(source_days.c.source_id == source_id, source_days.c.day < first))


def days_of(connection: Connection, source_id: int) -> list[Day]:
    """What it yielded, the newest day first; days without a poll have no row."""
    columns = [source_days.c[name] for name in Day.__slots__]
    query = select(*columns).where(source_days.c.source_id == source_id).order_by(source_days.c.day.desc())
    return [Day(*row) for row in connection.execute(query)]


def pauses_of(connection: Connection, source_id: int, *, now: datetime) -> tuple[list[int], int]:
    """The longest pause of each day on which something new came, in seconds; and for how many days it is known."""
    query = select(source_days.c.day, source_days.c.longest_pause).where(source_days.c.source_id == source_id)
    rows = connection.execute(query.order_by(source_days.c.day)).all()
    known_days = (now.date() - date.fromisoformat(rows[0].day)).days if rows else 0
    return [row.longest_pause for row in rows if row.longest_pause is not None], known_days


def week_yields(connection: Connection, *, now: datetime) -> dict[int, int]:
    """Pages first found in each source, today and on the six days before; sources without a poll are left out."""
    first = (now.date() - timedelta(days=6)).isoformat()
    query = select(source_days.c.source_id, func.sum(source_days.c.pages_found)).where(source_days.c.day >= first)
    return {row[0]: int(row[1]) for row in connection.execute(query.group_by(source_days.c.source_id))}
