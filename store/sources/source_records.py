"""Source records for display, the most urgent first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from onestory.errors import NotFound
from onestory.store.frontier.hosts import database_time
from onestory.store.queries import columns_of
from onestory.store.schema import sources

__all__ = ["SourceRecord", "count_overdue_sources", "load_source", "source_records"]

# The most urgent status first. Unknown statuses count as errors.
WORST_FIRST = ("blocked", "gone", "robots", "error", "empty", "silent", "slow", "new", "ok")
HEALTHY = ("new", "ok")


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A source with its state. `why` explains `status` in plain words.

    `last_new` is the last poll that listed something new; `alarmed` the time of the alarm. `asks_seconds` is how long
    the source last asked to wait. `location` is where it is polled, if not at its URL. With `watched_only`, only pages
    that a watch wants are fetched. `wire` is the provider whose dispatches it holds.
    """

    id: int
    url: str
    outlet: str
    kind: str
    host: str
    language: str | None
    enabled: bool
    interval_seconds: int
    status: str
    status_since: datetime | None
    why: str | None
    last_poll: datetime | None
    last_success: datetime | None
    next_poll: datetime
    failures: int
    entries: int
    pages_found: int
    last_new: datetime | None
    alarmed: datetime | None
    min_seconds: int | None
    max_seconds: int | None
    cron: str | None
    timezone: str | None
    asks_seconds: int | None
    daily_pages: int | None
    left_out: int
    left_out_why: str | None
    location: str | None
    location_why: str | None
    watched_only: bool
    wire: str | None

    @property
    def is_well(self) -> bool:
        return self.status in HEALTHY

    @property
    def rank(self) -> tuple[bool, int, int, str, str]:
        """The order of display: alarms first, disabled sources last; of equals, the most frequent failures first."""
        word = self.status if self.status in WORST_FIRST else "error"
        place = WORST_FIRST.index(word) - (len(WORST_FIRST) if self.alarmed else 0)
        return (not self.enabled, place, -self.failures, self.outlet, self.url)


SOURCE_RECORD_COLUMNS = columns_of(sources, SourceRecord)


def source_records(connection: Connection) -> list[SourceRecord]:
    return sorted(
        (SourceRecord(*row) for row in connection.execute(select(*SOURCE_RECORD_COLUMNS))), key=lambda one: one.rank
    )


def load_source(connection: Connection, source_id: int) -> SourceRecord:
    """Load a source. Raises NotFound."""
    row = connection.execute(select(*SOURCE_RECORD_COLUMNS).where(sources.c.id == source_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no source {source_id}: `onestory sources list` lists them")
    return SourceRecord(*row)


def count_overdue_sources(connection: Connection, *, seconds: float) -> int:
    """The number of enabled sources overdue by this time, on the database clock."""
    before = database_time(connection) - timedelta(seconds=seconds)
    query = select(func.count()).select_from(sources).where(sources.c.enabled, sources.c.next_poll < before)
    return connection.execute(query).scalar_one()
