"""Sources: what is polled, when, and how the last poll went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.errors import BadInput
from store.hosts import add_hosts, authority_of
from store.identity import host_of
from store.schema import outlets, sources
from store.scope import Scope, due_sources_where

__all__ = [
    "PollResult",
    "SourceDue",
    "SourceEntry",
    "due_sources",
    "enabled_sources",
    "find_sources",
    "keep_sources",
    "move_source",
    "outlet_of",
    "settle_poll",
]

DEFAULT_INTERVAL_SECONDS = 900


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source as the shipped list or an operator names it. `kind`: feed, sitemap.

    `agencies` are those whose copy the outlet is known to carry; they are said, not stored.
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


@dataclass(frozen=True, slots=True)
class SourceDue:
    """A source to be polled. `at` is where: its URL, or where that redirects to."""

    id: int
    url: str
    at: str
    outlet: str
    kind: str
    interval_seconds: int
    status: str
    failures: int
    hops: int
    etag: str | None
    last_modified: str | None
    body_digest: str | None
    last_success: datetime | None


@dataclass(frozen=True, slots=True)
class PollResult:
    """How a poll went, in one word and in plain words. Fields left None keep what is stored."""

    status: str
    why: str | None
    next_poll: datetime
    failures: int
    entries: int | None = None
    pages_found: int = 0
    etag: str | None = None
    last_modified: str | None = None
    body_digest: str | None = None
    is_success: bool = False
    at: str | None = None


def keep_sources(connection: Connection, entries: Sequence[SourceEntry], *, now: datetime) -> int:
    """Adds the sources and outlets that are not known yet; how many sources. What is known is left as it is."""
    if not entries:
        return 0
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    rows = {entry.outlet: _outlet_row(entry) for entry in reversed(entries)}
    connection.execute(
        kind.insert(outlets).on_conflict_do_nothing(), sorted(rows.values(), key=lambda row: str(row["name"]))
    )
    added = kind.insert(sources).values(_source_rows(entries, now=now)).on_conflict_do_nothing()
    found = connection.execute(added.returning(sources.c.host)).scalars().all()
    add_hosts(connection, found, now=now)
    return len(found)


def _outlet_row(entry: SourceEntry) -> dict[str, object]:
    return {
        "name": entry.outlet,
        "host": host_of(entry.homepage or entry.url),
        "owner": entry.owner,
        "homepage": entry.homepage,
        "country": entry.country,
        "language": entry.language,
    }


def _source_rows(entries: Sequence[SourceEntry], *, now: datetime) -> list[dict[str, object]]:
    return [
        {
            "url": entry.url,
            "outlet": entry.outlet,
            "kind": entry.kind,
            "host": authority_of(entry.url),
            "language": entry.language,
            "interval_seconds": entry.interval_seconds,
            "next_poll": now,
            "status_since": now,
        }
        for entry in sorted({entry.url: entry for entry in entries}.values(), key=lambda entry: entry.url)
    ]


def find_sources(connection: Connection, names: Sequence[str]) -> tuple[int, ...]:
    """The ids of the sources that are named by id, URL, host or outlet. Raises BadInput for a name that is none."""
    found: set[int] = set()
    for name in names:
        is_named = or_(sources.c.url == name, sources.c.host == name.lower(), sources.c.outlet == name)
        if name.isascii() and name.isdigit() and len(name) < 10:
            is_named = or_(is_named, sources.c.id == int(name))
        ids = connection.execute(select(sources.c.id).where(is_named)).scalars().all()
        if not ids:
            raise BadInput(
                f"{name!r} is no source: `onestory sources list` names them, `onestory sources add` adds one"
            )
        found.update(ids)
    return tuple(sorted(found))


def enabled_sources(connection: Connection) -> tuple[int, ...]:
    return tuple(connection.execute(select(sources.c.id).where(sources.c.enabled)).scalars().all())


def outlet_of(connection: Connection, url: str) -> str | None:
    """The outlet whose homepage is on the host of this URL."""
    query = select(outlets.c.name).where(outlets.c.host == host_of(url)).order_by(outlets.c.name).limit(1)
    return connection.execute(query).scalar_one_or_none()


def due_sources(connection: Connection, host: str, scope: Scope, *, now: datetime, limit: int) -> list[SourceDue]:
    """The sources of a host that are to be polled now."""
    query = (
        select(
            sources.c.id,
            sources.c.url,
            func.coalesce(sources.c.location, sources.c.url),
            sources.c.outlet,
            sources.c.kind,
            sources.c.interval_seconds,
            sources.c.status,
            sources.c.failures,
            sources.c.hops,
            sources.c.etag,
            sources.c.last_modified,
            sources.c.body_digest,
            sources.c.last_success,
        )
        .where(sources.c.host == host, due_sources_where(scope, now=now))
        .order_by(sources.c.next_poll, sources.c.id)
        .limit(limit)
    )
    return [SourceDue(*tuple(row)) for row in connection.execute(query)]


def settle_poll(connection: Connection, source: SourceDue, result: PollResult, *, now: datetime) -> None:
    """Records how a poll went. The caller has checked the lease in the same transaction."""
    values: dict[str, object] = {
        "status": result.status,
        "why": result.why,
        "last_poll": now,
        "next_poll": result.next_poll,
        "failures": result.failures,
        "hops": 0,
    }
    if result.status != source.status:
        values["status_since"] = now
    if result.is_success:
        values |= {"last_success": now, "etag": result.etag, "last_modified": result.last_modified}
        values["body_digest"] = result.body_digest
        if result.entries is not None:
            values["entries"] = result.entries
        values["pages_found"] = sources.c.pages_found + result.pages_found
    if result.at:
        values |= {"location": None if result.at == source.url else result.at, "host": authority_of(result.at)}
    connection.execute(update(sources).where(sources.c.id == source.id).values(**values))


def move_source(connection: Connection, source: SourceDue, *, at: str, now: datetime) -> None:
    """The source redirects: it is polled where it leads to, by whoever holds that host."""
    add_hosts(connection, [authority_of(at)], now=now)
    changed = {"location": at, "host": authority_of(at), "hops": source.hops + 1}
    connection.execute(update(sources).where(sources.c.id == source.id).values(**changed))
