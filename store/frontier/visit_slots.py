"""Which hosts a crawl visits next: those that have waited longest, while no site and no newcomer takes all its slots.

A visit of a host that does not answer takes a slot for as long as its time limits. One listing may name hundreds of
such hosts, so the subdomains of a site share a few slots, and hosts that have not answered yet share most of them.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, not_, or_, select

from onestory.store.frontier.hosts import is_claimable
from onestory.store.frontier.scope import CrawlScope, has_due_work
from onestory.store.schema import hosts
from onestory.urls import host_of, site_of

__all__ = ["VisitSlots", "hosts_to_visit"]

PAGE_ROWS = 200
MAX_SKIPPED_SITES = 50
SITE_SHARE = 8
UNPROVEN_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class VisitSlots:
    """The slots of a crawl. `visited` are the hosts under visit, `unproven` those of them that did not answer yet."""

    total: int
    visited: Collection[str] = ()
    unproven: int = 0

    @property
    def per_site(self) -> int:
        return max(1, self.total // SITE_SHARE)

    @property
    def free(self) -> int:
        return self.total - len(self.visited)

    @property
    def free_for_unproven(self) -> int:
        return max(1, int(self.total * UNPROVEN_SHARE)) - self.unproven


def hosts_to_visit(connection: Connection, scope: CrawlScope, slots: VisitSlots, *, now: datetime) -> list[str]:
    """The hosts with due work to claim next. Takes no locks."""
    choice = _Choice(slots)
    wanted = and_(is_claimable(now), has_due_work(scope, now=now))
    while not choice.is_full:
        query = select(hosts.c.name, _is_proven()).where(wanted, *choice.conditions())
        rows = connection.execute(query.order_by(hosts.c.next_fetch, hosts.c.name).limit(PAGE_ROWS)).all()
        choice.take((name, bool(is_proven)) for name, is_proven in rows)
        if len(rows) < PAGE_ROWS or len(choice.full_sites) > MAX_SKIPPED_SITES:
            break
    return choice.names


def _is_proven() -> ColumnElement[bool]:
    """Whether the host answered when it was last asked."""
    return and_(hosts.c.failures == 0, hosts.c.robots_fetched.is_not(None))


class _Choice:
    """The hosts chosen so far, and the sites that have no slot left."""

    def __init__(self, slots: VisitSlots) -> None:
        self._slots = slots
        self._taken = Counter(_site(name) for name in slots.visited)
        self._unproven = slots.free_for_unproven
        self.names: list[str] = []
        self.full_sites = {site for site, taken in self._taken.items() if taken >= slots.per_site}

    @property
    def is_full(self) -> bool:
        return len(self.names) >= self._slots.free

    def conditions(self) -> list[ColumnElement[bool]]:
        """What the next page of hosts leaves out."""
        proven_only = [_is_proven()] if self._unproven <= 0 else []
        return [*(not_(_is_of_site(site)) for site in sorted(self.full_sites)), *proven_only]

    def take(self, found: Iterable[tuple[str, bool]]) -> None:
        for name, is_proven in found:
            site = _site(name)
            if self.is_full or name in self.names or site in self.full_sites or not (is_proven or self._unproven > 0):
                continue
            self.names.append(name)
            self._unproven -= not is_proven
            self._taken[site] += 1
            if self._taken[site] >= self._slots.per_site:
                self.full_sites.add(site)


def _site(name: str) -> str:
    return site_of(host_of(f"http://{name}"))


def _is_of_site(site: str) -> ColumnElement[bool]:
    """Whether a host, with or without a port, belongs to a site."""
    name = hosts.c.name
    return or_(
        name == site,
        name.startswith(f"{site}:", autoescape=True),
        name.endswith(f".{site}", autoescape=True),
        name.contains(f".{site}:", autoescape=True),
    )
