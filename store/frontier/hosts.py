"""Hosts: who may fetch from a name, when, and under which robots.txt.

A host is leased to one crawler. Each lease raises the host's fence; every write names the fence it was leased under,
so that a crawler that lost its lease without noticing changes nothing. Times are the database's own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

from sqlalchemy import Connection, Update, and_, bindparam, or_, select, text, update

from onestory.store.frontier.scope import CrawlScope, has_due_work
from onestory.store.queries import insert_new
from onestory.store.schema import hosts

__all__ = [
    "Lease",
    "LeasedHost",
    "add_hosts",
    "authority_of",
    "claim_host",
    "claim_hosts",
    "database_time",
    "delay_host",
    "has_claimable_host",
    "holds_lease",
    "record_request",
    "release_host",
    "renew_leases",
    "save_robots",
    "save_tdmrep",
]

SQLITE_NOW = text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")
POSTGRES_NOW = text("SELECT clock_timestamp()")
# Each request of a crawl is written under its lease, and to make such a statement costs more than to run it.
LEASE_CONDITION = and_(
    hosts.c.name == bindparam("our_host"),
    hosts.c.fence == bindparam("our_fence"),
    hosts.c.lease_holder == bindparam("our_holder"),
)
LEASE_QUERY = select(hosts.c.name).where(LEASE_CONDITION).with_for_update()


@dataclass(frozen=True, slots=True)
class Lease:
    host: str
    holder: str
    fence: int


@dataclass(frozen=True, slots=True)
class LeasedHost:
    """A leased host as it was when it was claimed. `robots` is the text of its robots.txt where there is one."""

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
    """The database's own clock, in aware UTC: leases of several crawlers are counted on one clock."""
    if connection.dialect.name == "postgresql":
        return connection.execute(POSTGRES_NOW).scalar_one().astimezone(UTC)  # type: ignore[no-any-return]
    return datetime.fromisoformat(connection.execute(SQLITE_NOW).scalar_one()).replace(tzinfo=UTC)


def authority_of(url: str) -> str:
    """The host of a normal URL, with its port where that is not the scheme's own: robots.txt speaks for that much."""
    return urlsplit(url).netloc


def add_hosts(connection: Connection, names: Collection[str], *, now: datetime) -> None:
    """Makes the rows of hosts that are not known yet; sorted, so that two crawlers never wait for each other."""
    insert_new(connection, hosts, [{"name": name, "next_fetch": now} for name in sorted(set(names))])


def claim_hosts(
    connection: Connection, scope: CrawlScope, *, holder: str, now: datetime, lease_seconds: float, limit: int
) -> list[LeasedHost]:
    """Leases up to `limit` free hosts that have work and may be fetched from now; the longest waiting first."""
    free = or_(hosts.c.lease_until.is_(None), hosts.c.lease_until <= now)
    wanted = and_(free, hosts.c.next_fetch <= now, has_due_work(scope, now=now))
    query = select(hosts.c.name).where(wanted).order_by(hosts.c.next_fetch, hosts.c.name).limit(limit)
    names = connection.execute(query.with_for_update(skip_locked=True, of=hosts)).scalars().all()
    return _lease(connection, names, holder=holder, now=now, lease_seconds=lease_seconds)


def has_claimable_host(connection: Connection, scope: CrawlScope, *, now: datetime) -> bool:
    """Whether a claim would find a host: a look that no writer has to wait for."""
    free = or_(hosts.c.lease_until.is_(None), hosts.c.lease_until <= now)
    query = select(hosts.c.name).where(free, hosts.c.next_fetch <= now, has_due_work(scope, now=now)).limit(1)
    return connection.execute(query).first() is not None


def claim_host(
    connection: Connection, name: str, *, holder: str, now: datetime, lease_seconds: float
) -> LeasedHost | None:
    """Leases one host, if it is free and may be fetched from now."""
    add_hosts(connection, [name], now=now)
    free = or_(hosts.c.lease_until.is_(None), hosts.c.lease_until <= now)
    query = select(hosts.c.name).where(hosts.c.name == name, free, hosts.c.next_fetch <= now)
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
    """One write under a lease; False, and nothing written, when the lease is no longer ours."""
    return connection.execute(_changing(tuple(values)), {**_ours(lease), **values}).rowcount == 1


@cache
def _changing(columns: tuple[str, ...]) -> Update:
    return update(hosts).where(LEASE_CONDITION).values({name: bindparam(name) for name in columns})


def _ours(lease: Lease) -> dict[str, object]:
    return {"our_host": lease.host, "our_fence": lease.fence, "our_holder": lease.holder}


def holds_lease(connection: Connection, lease: Lease) -> bool:
    """Whether the lease is still ours; the row stays locked to the end of the transaction."""
    return connection.execute(LEASE_QUERY, _ours(lease)).first() is not None


def renew_leases(
    connection: Connection, leases: Collection[Lease], *, now: datetime, lease_seconds: float
) -> set[Lease]:
    """Prolongs what is still ours; the leases that were lost."""
    until = now + timedelta(seconds=lease_seconds)
    held = sorted(leases, key=lambda lease: lease.host)
    return {lease for lease in held if not _change(connection, lease, lease_until=until)}


def release_host(connection: Connection, lease: Lease, *, next_fetch: datetime) -> bool:
    return _change(connection, lease, lease_holder=None, lease_until=None, next_fetch=next_fetch)


def record_request(connection: Connection, lease: Lease, *, next_fetch: datetime, day: str, day_fetches: int) -> bool:
    """Books a request before it is made: pace and budget hold even if its crawler dies on the way."""
    return _change(connection, lease, next_fetch=next_fetch, day=day, day_fetches=day_fetches, why=None)


def delay_host(connection: Connection, lease: Lease, *, until: datetime, failures: int, why: str | None) -> bool:
    return _change(connection, lease, next_fetch=until, failures=failures, why=why)


def save_tdmrep(connection: Connection, lease: Lease, *, text: str | None, due: datetime) -> bool:
    """`text` is that of its tdmrep.json, None where there is none."""
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
