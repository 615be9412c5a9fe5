"""Polls of sources: which are due, and what they found."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from onestory.errors import BadInput
from onestory.store.frontier.hosts import add_hosts, authority_of
from onestory.store.frontier.scope import CrawlScope, due_sources_where
from onestory.store.schema import outlets, sources
from onestory.store.sources.health import PollResult, record_poll_health
from onestory.store.sources.source_list import PollSchedule, SourceEntry, add_sources
from onestory.urls import host_of

__all__ = [
    "DueSource",
    "SourceEntry",
    "add_sources",
    "due_sources",
    "enabled_sources",
    "find_sources",
    "outlet_of_url",
    "polled_urls",
    "record_poll",
    "redirect_source",
    "replace_feed",
    "start_feed_rediscovery",
]


@dataclass(frozen=True, slots=True)
class DueSource:
    """A source to poll. `at` is the address to fetch: its URL, a redirect target, or a replacement.

    While it `is_seeking`, `at` is the homepage of its outlet, which may name a feed to replace the dead one. `wire` is
    the provider whose dispatches it holds; None if it lists pages.
    """

    id: int
    url: str
    polled_url: str
    outlet: str
    kind: str
    schedule: PollSchedule
    status: str
    status_since: datetime | None
    failures: int
    hops: int
    etag: str | None
    last_modified: str | None
    body_digest: str | None
    last_success: datetime | None
    asks: Mapping[str, Any] | None
    daily_pages: int | None
    day: str | None
    day_pages: int
    homepage: str | None
    is_rediscovering: bool
    last_rediscovery: datetime | None
    location_why: str | None
    wire: str | None = None


def find_sources(connection: Connection, names: Sequence[str]) -> tuple[int, ...]:
    """The ids of sources given by id, URL, host or outlet. Raises BadInput for an unknown name."""
    found: set[int] = set()
    for name in names:
        is_named = or_(sources.c.url == name, sources.c.host == name.lower(), sources.c.outlet == name)
        if name.isascii() and name.isdigit() and len(name) < 10:
            is_named = or_(is_named, sources.c.id == int(name))
        ids = connection.execute(select(sources.c.id).where(is_named)).scalars().all()
        if not ids:
            raise BadInput(
                f"there is no source {name!r}: `onestory sources list` lists them, `onestory sources add` adds one"
            )
        found.update(ids)
    return tuple(sorted(found))


def enabled_sources(connection: Connection) -> tuple[int, ...]:
    return tuple(connection.execute(select(sources.c.id).where(sources.c.enabled)).scalars().all())


def outlet_of_url(connection: Connection, url: str) -> str | None:
    """The outlet with its homepage on the host of this URL."""
    name = func.coalesce(outlets.c.merged_into, outlets.c.name)
    query = select(name).where(outlets.c.host == host_of(url)).order_by(outlets.c.name).limit(1)
    return connection.execute(query).scalar_one_or_none()


def due_sources(connection: Connection, host: str, scope: CrawlScope, *, now: datetime, limit: int) -> list[DueSource]:
    """The sources of a host that are due."""
    query = (
        select(sources, outlets.c.homepage)
        .select_from(sources.outerjoin(outlets, outlets.c.name == sources.c.outlet))
        .where(sources.c.host == host, due_sources_where(scope, now=now))
        .order_by(sources.c.next_poll, sources.c.id)
        .limit(limit)
    )
    return [_due(row) for row in connection.execute(query)]


def _due(row: Any) -> DueSource:
    return DueSource(
        id=row.id,
        url=row.url,
        polled_url=row.location or row.url,
        outlet=row.outlet,
        kind=row.kind,
        schedule=PollSchedule(row.interval_seconds, row.min_seconds, row.max_seconds, row.cron, row.timezone),
        status=row.status,
        status_since=row.status_since,
        failures=row.failures,
        hops=row.hops,
        etag=row.etag,
        last_modified=row.last_modified,
        body_digest=row.body_digest,
        last_success=row.last_success,
        asks=row.asks,
        daily_pages=row.daily_pages,
        day=row.day,
        day_pages=row.day_pages,
        homepage=row.homepage,
        is_rediscovering=row.seeking,
        last_rediscovery=row.sought,
        location_why=row.location_why,
        wire=row.wire,
    )


# Schedule columns that a successful poll may change.
ADAPTED_COLUMNS = ("interval_seconds", "asks", "asks_seconds", "day", "day_pages")


def record_poll(connection: Connection, source: DueSource, result: PollResult, *, now: datetime) -> None:
    """Record a poll. The caller has checked the lease in the same transaction."""
    values: dict[str, object] = record_poll_health(connection, source.id, result, now=now) | {
        "last_poll": now,
        "next_poll": result.next_poll,
        "failures": result.failures,
        "hops": 0,
        "seeking": False,
    }
    if result.is_success:
        values |= {"last_success": now, "etag": result.etag, "last_modified": result.last_modified}
        values["body_digest"] = result.body_digest
        if result.entries is not None:
            values["entries"] = result.entries
        values["pages_found"] = sources.c.pages_found + result.pages_found
        values |= {name: value for name in ADAPTED_COLUMNS if (value := getattr(result, name)) is not None}
    if result.left_out is not None:
        values |= {"left_out": result.left_out, "left_out_why": result.left_out_why}
    if result.at:
        values |= {"location": None if result.at == source.url else result.at, "host": authority_of(result.at)}
        if result.at == source.url:
            values["location_why"] = None
    connection.execute(update(sources).where(sources.c.id == source.id).values(**values))


def redirect_source(connection: Connection, source: DueSource, *, at: str, now: datetime) -> None:
    """Record the redirect of a source. It is polled at the target, under that host's lease."""
    add_hosts(connection, [authority_of(at)], now=now)
    changed = {"location": at, "host": authority_of(at), "hops": source.hops + 1}
    connection.execute(update(sources).where(sources.c.id == source.id).values(**changed))


def start_feed_rediscovery(connection: Connection, source: DueSource, *, homepage: str, now: datetime) -> None:
    """Search the homepage for a replacement feed until a poll ends."""
    add_hosts(connection, [authority_of(homepage)], now=now)
    changed = {"location": homepage, "host": authority_of(homepage), "hops": 0, "seeking": True, "sought": now}
    connection.execute(update(sources).where(sources.c.id == source.id).values(next_poll=now, **changed))


def polled_urls(connection: Connection, urls: Collection[str]) -> set[str]:
    """Those of these URLs that are polled, as sources or in their place."""
    where = func.coalesce(sources.c.location, sources.c.url)
    query = select(sources.c.url, where).where(or_(sources.c.url.in_(urls), where.in_(urls)))
    return {url for row in connection.execute(query) for url in row}


def replace_feed(connection: Connection, source: DueSource, *, at: str, why: str, now: datetime) -> None:
    """Poll a source at another URL from now on. Lists still know it by its own URL."""
    add_hosts(connection, [authority_of(at)], now=now)
    changed = {"location": at, "host": authority_of(at), "hops": 0, "seeking": False, "location_why": why}
    changed |= {"etag": None, "last_modified": None, "body_digest": None}
    connection.execute(update(sources).where(sources.c.id == source.id).values(next_poll=now, **changed))
