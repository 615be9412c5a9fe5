"""The frontier's SQL, on SQLite and on PostgreSQL: leases, fences, what is due, and that nothing is made twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import delete, insert, select, update

from onestory.errors import BadInput
from onestory.store.database import Store
from onestory.store.frontier.hosts import (
    LeasedHost,
    authority_of,
    claim_host,
    claim_hosts,
    database_time,
    delay_host,
    holds_lease,
    record_request,
    release_host,
    renew_leases,
)
from onestory.store.frontier.pages import (
    PageEntry,
    PageFetchResult,
    abandon_due_pages,
    add_pages,
    count_pages_by_state,
    due_pages,
    has_pending_work,
    record_page_fetch,
)
from onestory.store.frontier.scope import CrawlScope
from onestory.store.frontier.visit_slots import VisitSlots, hosts_to_visit
from onestory.store.schema import hosts, outlets, pages, sources
from onestory.store.sources.health import PollResult
from onestory.store.sources.polls import (
    SourceEntry,
    add_sources,
    due_sources,
    find_sources,
    record_poll,
    redirect_source,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ALL = CrawlScope()


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def found(store: Store, *urls: str, due: datetime | None = None) -> int:
    with store.write() as connection:
        return add_pages(connection, [PageEntry(url) for url in urls], source_id=None, now=NOW, due=due)


def claimed(store: Store, holder: str, *, now: datetime = NOW, limit: int = 10) -> list[LeasedHost]:
    with store.write() as connection:
        free = hosts_to_visit(connection, ALL, VisitSlots(8 * limit), now=now)[:limit]
        return claim_hosts(connection, free, holder=holder, now=now, lease_seconds=60)


def names(states: list[LeasedHost]) -> set[str]:
    return {state.lease.host for state in states}


def test_the_databases_clock_is_aware_and_about_now(store: Store):
    before = datetime.now(UTC)
    with store.read() as connection:
        moment = database_time(connection)
    # SQLite's clock has milliseconds.
    assert before - timedelta(milliseconds=1) <= moment <= datetime.now(UTC) + timedelta(milliseconds=1)


def test_a_url_is_a_page_once(store: Store):
    assert found(store, "https://a.example/1", "https://a.example/2", "https://a.example/1") == 2
    assert found(store, "https://a.example/2", "https://a.example/3") == 1
    with store.read() as connection:
        assert len(due_pages(connection, "a.example", ALL, now=NOW, limit=10)) == 3


def test_pages_are_due_in_the_order_in_which_they_were_listed(store: Store):
    urls = [f"https://a.example/{name}" for name in ("c", "a", "d", "b")]
    found(store, *urls)
    with store.read() as connection:
        assert [page.url for page in due_pages(connection, "a.example", ALL, now=NOW, limit=10)] == urls


def test_a_host_with_a_port_of_its_own_is_a_host_of_its_own():
    assert authority_of("https://a.example/1") == "a.example"
    assert authority_of("http://a.example:8080/1") == "a.example:8080"


def test_two_claims_share_no_host(store: Store):
    found(store, *[f"https://h{number}.example/" for number in range(8)])
    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(lambda number: claimed(store, f"crawler-{number}", limit=3), range(4)))
    taken = [state.lease.host for states in claims for state in states]
    assert len(taken) == len(set(taken))
    assert len(taken) + len(claimed(store, "last")) == 8


def test_a_lease_ends_by_release_or_by_time(store: Store):
    found(store, "https://a.example/1")
    (state,) = claimed(store, "one")
    assert claimed(store, "two", now=NOW + timedelta(seconds=59)) == []
    (later,) = claimed(store, "two", now=NOW + timedelta(seconds=60))
    assert later.lease.fence == state.lease.fence + 1
    with store.write() as connection:
        assert release_host(connection, later.lease, next_fetch=NOW + minutes(5))
    assert claimed(store, "three", now=NOW + minutes(4)) == []
    assert names(claimed(store, "three", now=NOW + minutes(5))) == {"a.example"}


def test_who_lost_a_lease_writes_nothing(store: Store):
    found(store, "https://a.example/1")
    (old,) = claimed(store, "one")
    (new,) = claimed(store, "two", now=NOW + minutes(2))
    with store.write() as connection:
        assert not holds_lease(connection, old.lease)
        assert not record_request(connection, old.lease, next_fetch=NOW + minutes(9), day="2026-11-23", day_fetches=9)
        assert not delay_host(connection, old.lease, until=NOW + minutes(9), failures=9, why="no")
        assert not release_host(connection, old.lease, next_fetch=NOW)
        assert renew_leases(connection, [old.lease, new.lease], now=NOW + minutes(2), lease_seconds=60) == {old.lease}
        assert holds_lease(connection, new.lease)


def test_even_the_same_crawler_cannot_hold_a_host_twice(store: Store):
    found(store, "https://a.example/1")
    (state,) = claimed(store, "one")
    with store.write() as connection:
        assert claim_host(connection, "a.example", holder="one", now=NOW, lease_seconds=60) is None
        release_host(connection, state.lease, next_fetch=NOW)
        assert claim_host(connection, "a.example", holder="one", now=NOW, lease_seconds=60) is not None
        assert claim_host(connection, "new.example", holder="one", now=NOW, lease_seconds=60) is not None


def test_a_host_without_work_or_before_its_time_is_not_claimed(store: Store):
    found(store, "https://a.example/1", due=NOW + minutes(10))
    found(store, "https://b.example/1")
    with store.write() as connection:
        connection.execute(update(hosts).where(hosts.c.name == "b.example").values(next_fetch=NOW + minutes(3)))
        assert not hosts_to_visit(connection, ALL, VisitSlots(8), now=NOW)
    assert claimed(store, "one") == []
    assert names(claimed(store, "one", now=NOW + minutes(3))) == {"b.example"}
    assert names(claimed(store, "one", now=NOW + minutes(10))) == {"a.example", "b.example"}


def test_a_crash_leaves_the_page_due_and_its_end_settles_it(store: Store):
    found(store, "https://a.example/1", "https://a.example/2")
    with store.write() as connection:
        first, second = due_pages(connection, "a.example", ALL, now=NOW, limit=10)
        record_page_fetch(
            connection, first.id, PageFetchResult("done", 1, http_status=200, article_id="a" * 24), now=NOW
        )
        again = PageFetchResult("due", 1, due=NOW + minutes(5), reason="http_500")
        record_page_fetch(connection, second.id, again, now=NOW)
        assert due_pages(connection, "a.example", ALL, now=NOW, limit=10) == []
        assert [page.attempts for page in due_pages(connection, "a.example", ALL, now=NOW + minutes(5), limit=10)] == [
            1
        ]
        assert count_pages_by_state(connection) == {"done": 1, "due": 1}


def test_pages_under_way_are_not_given_out_again(store: Store):
    found(store, "https://a.example/1", "https://a.example/2")
    with store.read() as connection:
        first, second = due_pages(connection, "a.example", ALL, now=NOW, limit=10)
        assert due_pages(connection, "a.example", ALL, now=NOW, limit=10, but=[first.id]) == [second]


def test_a_host_can_be_given_up(store: Store):
    found(store, "https://a.example/1", "https://b.example/1")
    with store.write() as connection:
        assert abandon_due_pages(connection, "a.example", state="refused", reason="private") == 1
        assert count_pages_by_state(connection) == {"due": 1, "refused": 1}


def test_a_crawl_that_ends_is_pending_while_something_is_due_soon(store: Store):
    found(store, "https://a.example/1", due=NOW + minutes(10))
    with store.read() as connection:
        assert not has_pending_work(connection, ALL, until=NOW + minutes(9))
        assert has_pending_work(connection, ALL, until=NOW + minutes(10))


FEED = SourceEntry("https://a.example/feed", "feed", "A Paper", homepage="https://www.a.example/", owner="Owner")
OTHER = SourceEntry("https://b.example/feed", "feed", "B Paper")


def kept(store: Store, *entries: SourceEntry) -> int:
    with store.write() as connection:
        return add_sources(connection, entries, now=NOW)


def test_what_the_operator_changed_is_kept(store: Store):
    assert kept(store, FEED, OTHER) == 2
    with store.write() as connection:
        connection.execute(update(sources).where(sources.c.url == FEED.url).values(enabled=False, interval_seconds=60))
        connection.execute(update(outlets).where(outlets.c.name == "A Paper").values(owner="Another", ours=True))
    assert kept(store, FEED, OTHER, SourceEntry("https://c.example/feed", "feed", "C Paper")) == 1
    with store.read() as connection:
        row = connection.execute(select(sources).where(sources.c.url == FEED.url)).one()
        assert (row.enabled, row.interval_seconds) == (False, 60)
        paper = select(outlets.c.owner, outlets.c.ours, outlets.c.host).where(outlets.c.name == "A Paper")
        owner = connection.execute(paper).one()
        assert owner == ("Another", True, "www.a.example")


@pytest.mark.parametrize("name", ["https://a.example/feed", "A Paper", "a.example", "A.Example"])
def test_a_source_is_named_by_url_outlet_or_host(store: Store, name: str):
    kept(store, FEED, OTHER)
    with store.read() as connection:
        (number,) = find_sources(connection, [name])
        assert find_sources(connection, [str(number)]) == (number,)


@pytest.mark.parametrize("name", ["", "nobody", "0", "99999999999999999999", "%", "a.example/feed"])
def test_a_name_that_is_no_source_is_refused(store: Store, name: str):
    kept(store, FEED)
    with store.read() as connection, pytest.raises(BadInput, match="there is no source"):
        find_sources(connection, [name])


def due(store: Store, scope: CrawlScope, *, now: datetime, host: str = "a.example") -> list[str]:
    with store.read() as connection:
        return [source.url for source in due_sources(connection, host, scope, now=now, limit=10)]


def test_a_poll_sets_the_next_one(store: Store):
    kept(store, FEED)
    with store.write() as connection:
        (source,) = due_sources(connection, "a.example", ALL, now=NOW, limit=10)
        result = PollResult("ok", None, NOW + minutes(15), 0, entries=5, pages_found=2, etag='"1"', is_success=True)
        record_poll(connection, source, result, now=NOW)
    assert due(store, ALL, now=NOW + minutes(14)) == []
    assert due(store, ALL, now=NOW + minutes(15)) == [FEED.url]


def test_a_crawl_that_ends_polls_a_named_source_once_whether_it_is_due_or_not(store: Store):
    kept(store, FEED)
    with store.write() as connection:
        connection.execute(update(sources).values(next_poll=NOW + minutes(60), last_poll=NOW - minutes(1)))
        number = find_sources(connection, [FEED.url])
    once, all_due = CrawlScope(number, once_since=NOW), CrawlScope(once_since=NOW)
    assert due(store, all_due, now=NOW) == []
    assert due(store, once, now=NOW) == [FEED.url]
    with store.write() as connection:
        connection.execute(update(sources).values(last_poll=NOW + minutes(1)))
    assert due(store, once, now=NOW + minutes(90)) == []


def test_a_source_that_redirects_is_due_at_the_other_host(store: Store):
    kept(store, FEED)
    with store.write() as connection:
        (source,) = due_sources(connection, "a.example", ALL, now=NOW, limit=10)
        redirect_source(connection, source, at="https://feeds.example/a", now=NOW)
        (moved,) = due_sources(connection, "feeds.example", ALL, now=NOW, limit=10)
        assert (moved.polled_url, moved.hops, moved.url) == ("https://feeds.example/a", 1, FEED.url)
        record_poll(connection, moved, PollResult("error", "no", NOW, 1, at=FEED.url), now=NOW)
    assert due(store, ALL, now=NOW) == [FEED.url]


def test_a_scope_of_sources_fetches_their_pages_alone(store: Store):
    kept(store, FEED, OTHER)
    with store.write() as connection:
        (number,) = find_sources(connection, [FEED.url])
        add_pages(connection, [PageEntry("https://a.example/1")], source_id=number, now=NOW)
        add_pages(connection, [PageEntry("https://a.example/2")], source_id=None, now=NOW)
        pages = due_pages(connection, "a.example", CrawlScope((number,)), now=NOW, limit=10)
        assert [(page.url, page.source, page.outlet) for page in pages] == [
            ("https://a.example/1", FEED.url, "A Paper")
        ]
        assert due_pages(connection, "a.example", CrawlScope((number,), with_pages=False), now=NOW, limit=10) == []


def test_a_claim_in_a_larger_frontier_takes_work_in_proportion(store: Store):
    if store.dialect != "sqlite":
        pytest.skip("the steps of SQLite are counted")
    few = claim_steps(store, 500)
    many = claim_steps(store, 5_000)
    assert many < 20 * few


def claim_steps(store: Store, number_of_hosts: int) -> int:
    """Hundreds of steps of SQLite's virtual machine that a claim takes, with one page due at the last of the hosts."""
    with store.write() as connection:
        connection.execute(delete(pages))
        connection.execute(delete(hosts))
        rows = [{"name": f"h{number}.example", "next_fetch": NOW} for number in range(number_of_hosts)]
        connection.execute(insert(hosts), rows)
    last = f"h{number_of_hosts - 1}.example"
    found(store, f"https://{last}/1")
    steps = count()
    with store.write() as connection:
        driver = connection.connection.driver_connection
        driver.set_progress_handler(lambda: next(steps) and 0, 100)
        free = hosts_to_visit(connection, ALL, VisitSlots(10), now=NOW)
        leased = claim_hosts(connection, free, holder="one", now=NOW, lease_seconds=60)
        driver.set_progress_handler(None, 0)
    assert names(leased) == {last}
    return next(steps)
