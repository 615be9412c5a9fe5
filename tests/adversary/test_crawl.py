"""What a source lists costs its own turn: hundreds of hosts that never answer do not keep the others waiting."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from onestory.store.database import Store
from onestory.store.frontier.hosts import claim_hosts
from onestory.store.frontier.pages import PageEntry, add_pages
from onestory.store.frontier.scope import CrawlScope
from onestory.store.frontier.visit_slots import VisitSlots, hosts_to_visit
from onestory.store.schema import hosts
from onestory.urls import host_of, site_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOTAL = 32


def listed(store: Store, names: Sequence[str], *, age: timedelta, **state: object) -> None:
    """Hosts with a page each, that have waited for this long."""
    with store.write() as connection:
        connection.execute(insert(hosts), [{"name": name, "next_fetch": NOW - age, **state} for name in names])
        add_pages(connection, [PageEntry(f"http://{name}/1") for name in names], source_id=None, now=NOW - age)
        connection.execute(update(hosts).where(hosts.c.name.in_(names)).values(next_fetch=NOW - age))


def chosen(store: Store, *visited: str, unproven: int = 0) -> list[str]:
    with store.read() as connection:
        slots = VisitSlots(TOTAL, visited=visited, unproven=unproven)
        return hosts_to_visit(connection, CrawlScope(), slots, now=NOW)


def by_site(names: Sequence[str]) -> dict[str, int]:
    sites = [site_of(host_of(f"http://{name}")) for name in names]
    return {site: sites.count(site) for site in sites}


@pytest.mark.parametrize("name", ["s{}.evil.example.com", "s{}.evil.example.com:8080", "198.51.100.7:{}"])
def test_four_hundred_hosts_of_one_site_take_an_eighth_of_the_slots(store: Store, name: str) -> None:
    listed(store, [name.format(9000 + number) for number in range(400)], age=timedelta(hours=9))
    listed(store, ["honest.example"], age=timedelta(minutes=1))
    found = by_site(chosen(store))
    assert sorted(found.values()) == [1, TOTAL // 8]
    assert found["honest.example"] == 1


def test_hosts_of_a_site_that_are_visited_count(store: Store) -> None:
    listed(store, [f"s{number}.example.com" for number in range(40)], age=timedelta(hours=9))
    assert chosen(store, "x.example.com", "y.example.com", "z.example.com:81") == ["s0.example.com"]
    assert chosen(store, *(f"{letter}.example.com" for letter in "abcd")) == []


def test_a_name_that_only_looks_like_the_site_is_another(store: Store) -> None:
    listed(store, [f"s{number}.a_b.com" for number in range(300)], age=timedelta(hours=9))
    listed(store, ["nota_b.com", "s1.axb.com"], age=timedelta(minutes=1))
    assert set(chosen(store)) >= {"nota_b.com", "s1.axb.com"}


def test_neighbours_on_a_shared_host_are_sites_of_their_own(store: Store) -> None:
    listed(store, [f"blog{number}.github.io" for number in range(10)], age=timedelta(hours=1))
    assert len(chosen(store)) == 10


def test_hosts_that_have_not_answered_leave_slots_to_those_that_have(store: Store) -> None:
    """Each on a domain of its own."""
    listed(store, [f"silent{number}.example" for number in range(400)], age=timedelta(hours=9))
    listed(store, [f"failing{number}.example" for number in range(400)], age=timedelta(hours=8), failures=3)
    proven = [f"honest{number}.example" for number in range(20)]
    listed(store, proven, age=timedelta(minutes=1), robots_fetched=NOW - timedelta(days=1))
    found = chosen(store)
    assert (len(found), len(set(found) & set(proven))) == (TOTAL, TOTAL // 4)
    assert set(chosen(store, *(f"silent{n}.example" for n in range(24)), unproven=24)) <= set(proven)


def test_two_crawlers_that_choose_the_same_hosts_share_them(store: Store) -> None:
    listed(store, [f"h{number}.example" for number in range(4)], age=timedelta(hours=1))
    names = chosen(store)
    with store.write() as connection:
        first = claim_hosts(connection, names[:3], holder="one", now=NOW, lease_seconds=60)
    with store.write() as connection:
        second = claim_hosts(connection, names, holder="two", now=NOW, lease_seconds=60)
    assert [len(first), len(second)] == [3, 1]
