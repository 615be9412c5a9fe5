"""The list of sources: what is polled, for which outlet, and how often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, select, update

from onestory.errors import NotFound
from onestory.store.articles.ownership import claim_articles
from onestory.store.frontier.hosts import add_hosts, authority_of
from onestory.store.queries import insert_new, rows_in
from onestory.store.schema import outlets, sources
from onestory.urls import host_of

__all__ = [
    "DEFAULT_INTERVAL_SECONDS",
    "DEFAULT_MAX_SECONDS",
    "DEFAULT_MIN_SECONDS",
    "PollSchedule",
    "SourceEntry",
    "SourceSettings",
    "add_sources",
    "get_source_settings",
    "list_source_entries",
    "remove_source",
    "save_source_settings",
    "source_settings_for_update",
]


DEFAULT_INTERVAL_SECONDS = 900

# Bounds of adaptive intervals, unless a source has its own.
DEFAULT_MIN_SECONDS, DEFAULT_MAX_SECONDS = 300, 86_400


@dataclass(frozen=True, slots=True)
class PollSchedule:
    """When a source is polled: at an adaptive interval, or by a cron expression in a time zone.

    Bounds of None are the defaults; a time zone of None is UTC.
    """

    interval_seconds: int = DEFAULT_INTERVAL_SECONDS
    min_seconds: int | None = None
    max_seconds: int | None = None
    cron: str | None = None
    timezone: str | None = None

    @property
    def shortest(self) -> int:
        """The lower bound. An initial interval below the default bound is deliberate."""
        return min(DEFAULT_MIN_SECONDS, self.longest) if self.min_seconds is None else self.min_seconds

    @property
    def longest(self) -> int:
        return max(DEFAULT_MAX_SECONDS, self.min_seconds or 0) if self.max_seconds is None else self.max_seconds


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source as given by the shipped list or the operator. `kind`: feed, sitemap, section.

    `agencies` are those whose copy the outlet is known to carry; informational, not stored. `ours` of None leaves the
    ownership as it is. `daily_pages` limits the pages found per day; None is the default of its kind. `wire` is the
    provider whose dispatches the source holds.
    """

    url: str
    kind: str
    outlet: str
    homepage: str | None = None
    owner: str | None = None
    country: str | None = None
    language: str | None = None
    interval_seconds: int = DEFAULT_INTERVAL_SECONDS
    agencies: tuple[str, ...] = ()
    min_seconds: int | None = None
    max_seconds: int | None = None
    cron: str | None = None
    timezone: str | None = None
    daily_pages: int | None = None
    ours: bool | None = None
    wire: str | None = None


def add_sources(connection: Connection, entries: Sequence[SourceEntry], *, now: datetime) -> int:
    """Add unknown sources and outlets, and return the number of sources. Known ones are left unchanged.

    The exception is `ours`: an explicit value also changes a known outlet.
    """
    if not entries:
        return 0
    entries = _under_present_names(connection, entries)
    rows = {entry.outlet: _outlet_row(entry) for entry in reversed(entries)}
    added = insert_new(
        connection, outlets, sorted(rows.values(), key=lambda row: str(row["name"])), returning=outlets.c.host
    )
    added += _complete(connection, rows)
    _say_ours(connection, entries)
    found = insert_new(connection, sources, _source_rows(entries, now=now), returning=sources.c.host)
    add_hosts(connection, found, now=now)
    claim_articles(connection, set(added))
    return len(found)


def _under_present_names(connection: Connection, entries: Sequence[SourceEntry]) -> list[SourceEntry]:
    """The entries with the outlets that their names were merged into."""
    query = select(outlets.c.name, outlets.c.merged_into).where(outlets.c.merged_into.is_not(None))
    merged = {row.name: row.merged_into for row in connection.execute(query)}
    return [replace(entry, outlet=merged.get(entry.outlet, entry.outlet)) for entry in entries]


def _outlet_row(entry: SourceEntry) -> dict[str, object]:
    return {
        "name": entry.outlet,
        "host": host_of(entry.homepage or entry.url),
        "owner": entry.owner,
        "homepage": entry.homepage,
        "country": entry.country,
        "language": entry.language,
        "ours": bool(entry.ours),
    }


def _complete(connection: Connection, rows: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Give outlets that were known by their articles only what their first source says; the hosts that they got."""
    query = select(outlets.c.name, outlets.c.owner).where(outlets.c.host.is_(None))
    found = [(name, owner) for name, owner in rows_in(connection, query, outlets.c.name, rows)]
    for name, owner in found:
        told = {column: rows[name][column] for column in ("host", "homepage", "country", "language")}
        changed = update(outlets).where(outlets.c.name == name)
        connection.execute(changed.values(**told, owner=owner or rows[name]["owner"]))
    return [str(rows[name]["host"]) for name, _ in found]


def _say_ours(connection: Connection, entries: Sequence[SourceEntry]) -> None:
    said = {entry.outlet: entry.ours for entry in entries if entry.ours is not None}
    for name, ours in sorted(said.items()):
        changed = update(outlets).where(outlets.c.name == name, outlets.c.ours != ours)
        connection.execute(changed.values(ours=ours))


def _source_rows(entries: Sequence[SourceEntry], *, now: datetime) -> list[dict[str, object]]:
    return [
        {
            "url": entry.url,
            "outlet": entry.outlet,
            "kind": entry.kind,
            "host": authority_of(entry.url),
            "language": entry.language,
            "interval_seconds": entry.interval_seconds,
            "min_seconds": _lowest(entry),
            "max_seconds": entry.max_seconds,
            "cron": entry.cron,
            "timezone": entry.timezone,
            "daily_pages": entry.daily_pages,
            "wire": entry.wire,
            "next_poll": now,
            "status_since": now,
        }
        for entry in sorted({entry.url: entry for entry in entries}.values(), key=lambda entry: entry.url)
    ]


def _lowest(entry: SourceEntry) -> int | None:
    """The lower bound to store: an initial interval below the default becomes the bound, unless one is given."""
    if entry.min_seconds is None and entry.interval_seconds < DEFAULT_MIN_SECONDS:
        return entry.interval_seconds
    return entry.min_seconds


def list_source_entries(connection: Connection) -> list[SourceEntry]:
    """The current list, by URL, without the search feeds of watches."""
    query = (
        select(sources, outlets.c.homepage, outlets.c.owner, outlets.c.country, outlets.c.ours)
        .select_from(sources.outerjoin(outlets, outlets.c.name == sources.c.outlet))
        .where(sources.c.kind != "search")
        .order_by(sources.c.url)
    )
    return [
        SourceEntry(
            url=row.url,
            kind=row.kind,
            outlet=row.outlet,
            homepage=row.homepage,
            owner=row.owner,
            country=row.country,
            language=row.language,
            interval_seconds=row.interval_seconds,
            min_seconds=row.min_seconds,
            max_seconds=row.max_seconds,
            cron=row.cron,
            timezone=row.timezone,
            daily_pages=row.daily_pages,
            ours=row.ours,
        )
        for row in connection.execute(query)
    ]


def remove_source(connection: Connection, source_id: int) -> None:
    """Remove a source, with its yield and its gaps. Its pages and articles stay. Raises NotFound.

    A source that ONESTORY_SOURCES lists comes back with the next start.
    """
    if connection.execute(delete(sources).where(sources.c.id == source_id)).rowcount == 0:
        raise NotFound(f"there is no source {source_id}")


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """The settings of a source. `daily_pages` of None is the default of its kind; `next_poll` is when it is due."""

    schedule: PollSchedule
    daily_pages: int | None
    enabled: bool
    next_poll: datetime


def get_source_settings(connection: Connection, source_id: int) -> SourceSettings:
    """Read the settings of a source. Raises NotFound."""
    return _read(connection, select(sources).where(sources.c.id == source_id), source_id)


def source_settings_for_update(connection: Connection, source_id: int) -> SourceSettings:
    """Read the settings and lock the row, so that concurrent changes are not overwritten."""
    return _read(connection, select(sources).where(sources.c.id == source_id).with_for_update(), source_id)


def _read(connection: Connection, query: Select[Any], source_id: int) -> SourceSettings:
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no source {source_id}: `onestory sources list` lists them")
    schedule = PollSchedule(row.interval_seconds, row.min_seconds, row.max_seconds, row.cron, row.timezone)
    return SourceSettings(schedule, row.daily_pages, row.enabled, row.next_poll)


def save_source_settings(connection: Connection, source_id: int, settings: SourceSettings) -> None:
    schedule = settings.schedule
    connection.execute(
        update(sources)
        .where(sources.c.id == source_id)
        .values(
            interval_seconds=schedule.interval_seconds,
            min_seconds=schedule.min_seconds,
            max_seconds=schedule.max_seconds,
            cron=schedule.cron,
            timezone=schedule.timezone,
            daily_pages=settings.daily_pages,
            enabled=settings.enabled,
            next_poll=settings.next_poll,
        )
    )
