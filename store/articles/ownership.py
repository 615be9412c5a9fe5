"""Whose article a page is: the outlet of its host when that host is known."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, or_, select, update

from onestory.store.queries import chunks, lock_stories, rows_in
from onestory.store.schema import articles, outlets, stories
from onestory.urls import bare_host, site_of

__all__ = ["HostOwners", "claim_articles", "host_owners", "recount_outlets"]


@dataclass(frozen=True, slots=True)
class HostOwners:
    """The outlets by the host of their homepage or source, and by its registrable domain where that has one outlet.

    `merged` has the outlets by the names that were merged into them.
    """

    by_host: Mapping[str, str]
    by_site: Mapping[str, Collection[str]]
    merged: Mapping[str, str] = field(default_factory=dict)

    def outlet_of(self, host: str, said: str) -> str:
        """The outlet of a page on this host; `said` is what its source or row says, or empty.

        Who lists a page of a known host does not own it. On an unknown host, what is said counts, and else its
        registrable domain: `us.` and `edition.` are one outlet. The page itself is not asked: any page can call itself
        Reuters.
        """
        found = self._outlet_of(host, self.merged.get(said, said))
        return self.merged.get(found, found)

    def _outlet_of(self, host: str, said: str) -> str:
        site = _domain(host)
        owners = self.by_site.get(site, ())
        if said in owners:
            return said
        if bare_host(host) in self.by_host:
            return self.by_host[bare_host(host)]
        if len(owners) == 1:
            return next(iter(owners))
        return said if said and _domain(said.lower()) != site else site


def _domain(host: str) -> str:
    return site_of(bare_host(host))


def host_owners(connection: Connection, hosts: Iterable[str]) -> HostOwners:
    """The outlets that own any of these hosts, or their domains."""
    sites = sorted({_domain(host) for host in hosts})
    by_host: dict[str, str] = {}
    by_site: dict[str, set[str]] = {}
    for part in chunks(sites):
        below = (outlets.c.host.like(f"%.{_escaped(one)}", escape="!") for one in part)
        is_there = or_(outlets.c.host.in_(part), *below)
        name = func.coalesce(outlets.c.merged_into, outlets.c.name)
        query = select(name, outlets.c.host).where(is_there).order_by(outlets.c.name.desc())
        for name, host in connection.execute(query):
            by_host[bare_host(host)] = name
            by_site.setdefault(_domain(host), set()).add(name)
    query = select(outlets.c.name, outlets.c.merged_into).where(outlets.c.merged_into.is_not(None))
    return HostOwners(by_host, by_site, {row.name: row.merged_into for row in connection.execute(query)})


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def claim_articles(connection: Connection, hosts: Collection[str]) -> int:
    """Give stored articles on these hosts to the outlets that own them now, and return how many changed."""
    owners = host_owners(connection, hosts)
    sites = {_domain(host) for host in hosts}
    changed: dict[str, str] = {}
    touched: set[str] = set()
    on_sites = [host for (host,) in connection.execute(select(articles.c.host).distinct()) if _domain(host) in sites]
    query = select(articles.c.id, articles.c.host, articles.c.outlet, articles.c.story_id)
    for row in rows_in(connection, query, articles.c.host, sorted(on_sites)):
        outlet = owners.outlet_of(row.host, row.outlet)
        if outlet != row.outlet:
            changed[row.id] = outlet
            touched.add(row.story_id)
    lock_stories(connection, sorted(touched))
    for article, outlet in sorted(changed.items()):
        connection.execute(update(articles).where(articles.c.id == article).values(outlet=outlet))
    recount_outlets(connection, touched)
    return len(changed)


def recount_outlets(connection: Connection, story_ids: Collection[str]) -> None:
    """Count the outlets and owners of stories again, and name the outlet that was first."""
    there = articles.c.story_id == stories.c.id
    owner = func.coalesce(outlets.c.owner, articles.c.outlet)
    owned = articles.outerjoin(outlets, outlets.c.name == articles.c.outlet)
    first = select(articles.c.outlet).where(there).order_by(articles.c.first_seen, articles.c.arrival).limit(1)
    values = {
        "outlets": select(func.count(articles.c.outlet.distinct())).where(there).scalar_subquery(),
        "owners": select(func.count(owner.distinct())).select_from(owned).where(there).scalar_subquery(),
        "first_outlet": first.scalar_subquery(),
    }
    for part in chunks(story_ids):
        connection.execute(update(stories).where(stories.c.id.in_(part)).values(**values))
