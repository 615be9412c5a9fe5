"""Hosts: leases, request times and robots.txt.

A host is leased to one crawler at a time. Each lease raises the host's fence, and every write names the fence of its
lease, so a crawler that unknowingly lost its lease changes nothing. Times are the database's own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, or_, select, text, update

from onestory.store.queries import insert_new
from onestory.store.schema import hosts

__all__ = [
    "LONGEST_LEASE",
    "Lease",
    "LeasedHost",
    "add_hosts",
    "authority_of",
    "claim_host",
    "claim_hosts",
    "database_time",
    "delay_host",
    "holds_lease",
    "is_claimable",
    "record_request",
    "release_host",
    "renew_leases",
    "save_robots",
    "save_tdmrep",
]

SQLITE_NOW = text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")
POSTGRES_NOW = text("SELECT clock_timestamp()")
# Every request of a crawl is recorded under its lease, and compiling such a statement costs more than executing it.
LEASE_CONDITION = and_(
    hosts.c.name == bindparam("our_host"),
    hosts.c.fence == bindparam("our_fence"),
    hosts.c.lease_holder == bindparam("our_holder"),
)
LEASE_QUERY = select(hosts.c.name).where(LEASE_CONDITION).with_for_update()


LONGEST_LEASE = timedelta(hours=6)  # crawlers lease for a minute at a time, with a simulated clock for two hours


@dataclass(frozen=True, slots=True)
class Lease:
    host: str
    holder: str
    fence: int


@dataclass(frozen=True, slots=True)
class LeasedHost:
    """A host as it was when it was leased. `robots` is the text of its robots.txt, if any."""

    lease: Lease
    next_fetch: datetime
    delay_seconds: float | None
    crawl_delay: float | None
    failures: int
    robots: str | None
    robots_verdict: str | None
    robots_due: datetime | None
    tdmrep: str | None
    tdmrep_due: datetime | None
    day: str | None
    day_fetches: int


def database_time(connection: Connection) -> datetime:
    """The database clock, in aware UTC. All crawlers measure leases by it."""
    if connection.dialect.name == "postgresql":
        return connection.execute(POSTGRES_NOW).scalar_one().astimezone(UTC)  # type: ignore[no-any-return]
    return datetime.fromisoformat(connection.execute(SQLITE_NOW).scalar_one()).replace(tzinfo=UTC)


def authority_of(url: str) -> str:
    """The host of a normal URL, with a non-default port: the scope of one robots.txt."""
    return urlsplit(url).netloc


def add_hosts(connection: Connection, names: Collection[str], *, now: datetime) -> None:
    """Add unknown hosts, in order, so that two crawlers never wait for each other."""
    insert_new(connection, hosts, [{"name": name, "next_fetch": now} for name in sorted(set(names))])


def is_claimable(now: datetime) -> ColumnElement[bool]:
    """Whether a host is due and not leased. A lease longer than any that is given dates from a clock that was ahead."""
    until = hosts.c.lease_until
    return and_(hosts.c.next_fetch <= now, or_(until.is_(None), until <= now, until > now + LONGEST_LEASE))


def claim_hosts(
    connection: Connection, names: Collection[str], *, holder: str, now: datetime, lease_seconds: float
) -> list[LeasedHost]:
    """Lease those of these hosts that are still free and due."""
    query = select(hosts.c.name).where(hosts.c.name.in_(names), is_claimable(now)).order_by(hosts.c.name)
    free = connection.execute(query.with_for_update(skip_locked=True)).scalars().all()
    return _lease(connection, free, holder=holder, now=now, lease_seconds=lease_seconds)


def claim_host(
    connection: Connection, name: str, *, holder: str, now: datetime, lease_seconds: float
) -> LeasedHost | None:
    """Lease one host, if it is free and due."""
    add_hosts(connection, [name], now=now)
    query = select(hosts.c.name).where(hosts.c.name == name, is_claimable(now))
    names = connection.execute(query.with_for_update(skip_locked=True)).scalars().all()
    leased = _lease(connection, names, holder=holder, now=now, lease_seconds=lease_seconds)
    return leased[0] if leased else None


def _lease(
    connection: Connection, names: Sequence[str], *, holder: str, now: datetime, lease_seconds: float
) -> list[LeasedHost]:
    if not names:
        return []
    until = now + timedelta(seconds=lease_seconds)
    statement = update(hosts).where(hosts.c.name.in_(names))
    leased = statement.values(lease_holder=holder, lease_until=until, fence=hosts.c.fence + 1)
    rows = connection.execute(leased.returning(hosts)).all()
    return [
        LeasedHost(
            Lease(row.name, holder, row.fence),
            *(getattr(row, field.name) for field in fields(LeasedHost) if field.name != "lease"),
        )
        for row in rows
    ]


def _change(connection: Connection, lease: Lease, **values: object) -> bool:
    """Write under a lease. Returns False, with nothing written, if the lease was lost."""
    return connection.execute(_changing(tuple(values)), {**_ours(lease), **values}).rowcount == 1


@cache
def _changing(columns: tuple[str, ...]) -> Update:
    return update(hosts).where(LEASE_CONDITION).values({name: bindparam(name) for name in columns})


def _ours(lease: Lease) -> dict[str, object]:
    return {"our_host": lease.host, "our_fence": lease.fence, "our_holder": lease.holder}


def holds_lease(connection: Connection, lease: Lease) -> bool:
    """Whether the lease is still held. Locks the row until the transaction ends."""
    return connection.execute(LEASE_QUERY, _ours(lease)).first() is not None


def renew_leases(
    connection: Connection, leases: Collection[Lease], *, now: datetime, lease_seconds: float
) -> set[Lease]:
    """Renew leases, and return those that were lost."""
    until = now + timedelta(seconds=lease_seconds)
    held = sorted(leases, key=lambda lease: lease.host)
    return {lease for lease in held if not _change(connection, lease, lease_until=until)}


def release_host(connection: Connection, lease: Lease, *, next_fetch: datetime) -> bool:
    return _change(connection, lease, lease_holder=None, lease_until=None, next_fetch=next_fetch)


def record_request(connection: Connection, lease: Lease, *, next_fetch: datetime, day: str, day_fetches: int) -> bool:
    """Record a request before it is sent, so that rate limit and budget hold even if the crawler dies."""
    return _change(connection, lease, next_fetch=next_fetch, day=day, day_fetches=day_fetches, why=None)


def delay_host(connection: Connection, lease: Lease, *, until: datetime, failures: int, why: str | None) -> bool:
    return _change(connection, lease, next_fetch=until, failures=failures, why=why)


def save_tdmrep(connection: Connection, lease: Lease, *, text: str | None, due: datetime) -> bool:
    """Store the host's tdmrep.json; `text` is None if it has no such file."""
    return _change(connection, lease, tdmrep=text, tdmrep_due=due)


def save_robots(
    connection: Connection,
    lease: Lease,
    *,
    text: str | None,
    verdict: str,
    crawl_delay: float | None,
    fetched: datetime,
    due: datetime,
) -> bool:
    return _change(
        connection,
        lease,
        robots=text,
        robots_verdict=verdict,
        crawl_delay=crawl_delay,
        robots_fetched=fetched,
        robots_due=due,
    )
