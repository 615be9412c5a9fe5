"""What watches gather, on SQLite and on PostgreSQL: told once, shared, ended wholly, and gone with a takedown."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from onestory.crawler.watches import follow_links
from onestory.errors import TakenDown
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.takedown import take_down
from onestory.pipelines.watches.creation import CreatedWatch, SearchTemplate, WatchRequest, create_watch
from onestory.pipelines.watches.matching import StoredVersion, record_watch_matches
from onestory.store.database import Store
from onestory.store.frontier.hosts import claim_host
from onestory.store.frontier.pages import PageEntry, add_pages
from onestory.store.frontier.scope import CrawlScope
from onestory.store.schema import (
    events,
    pages,
    sources,
    watch_articles,
    watch_pages,
    watch_sources,
    watch_stories,
    watches,
)
from onestory.store.sources.polls import due_sources
from onestory.store.watches.hits import emit_watch_events, stories_of_watch
from onestory.store.watches.watches import (
    active_watches,
    delete_unused_searches,
    end_expired_watches,
    end_watch,
    lock_watches,
    remove_watch,
)
from tests.newsroom.news import BRIDGE, FERRY, NOON, Piece, put
from tests.readings import fresh_registry
from tests.store.locks import lock_waiters
from tests.waiting import wait_until

LATER = NOON + timedelta(days=3)
SEARCH = SearchTemplate("Search", "https://search.example/?q={query}")


@pytest.fixture
def index_client(store: Store, redis_url: str, prefix: str) -> Iterator[IndexClient]:
    made = fresh_registry(store, redis_url, prefix)
    yield made
    made.index.redis.close()


def watching(store: Store, *phrases: str, until: datetime | None = None, **wish: object) -> CreatedWatch:
    return create_watch(store, WatchRequest(phrases, until=until, **wish), clock=lambda _: NOON)  # type: ignore[arg-type]


def arrive(store: Store, index_client: IndexClient, *pieces: Piece) -> None:
    """As the intake does: noted when they are stored, told when they are attached."""
    for piece, article in zip(pieces, put(store, index_client, pieces), strict=True):
        with store.write() as connection:
            record_watch_matches(connection, [StoredVersion(article, piece.title, piece.text)], now=NOON)
    tell(store)


def tell(store: Store) -> int:
    with store.write() as connection:
        return emit_watch_events(connection, now=NOON)


def told(store: Store) -> list[tuple[int, str]]:
    with store.read() as connection:
        rows = connection.execute(select(events).where(events.c.kind == "watch.matched").order_by(events.c.id))
        return [(row.watch_id, row.story_id) for row in rows]


def counted(store: Store, *tables: object) -> list[int]:
    with store.read() as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def ferry(number: int) -> Piece:
    return Piece(f"https://p{number}.example/ferry", FERRY, title="Crews to stop", minutes=number)


def test_a_story_is_told_once_a_watch_however_many_copies_say_it(store: Store, index_client: IndexClient):
    first, second = watching(store, "island ferries").watch, watching(store, "rest between crossings").watch
    arrive(store, index_client, ferry(0))
    arrive(store, index_client, ferry(1), ferry(2))
    assert sorted(watch for watch, _ in told(store)) == [first.id, second.id]
    assert len({story for _, story in told(store)}) == 1
    assert tell(store) == 0


def test_a_copy_that_does_not_say_it_is_gathered_through_its_story(store: Store, index_client: IndexClient):
    begun = watching(store, "a headline of their own")
    arrive(
        store, index_client, ferry(0), Piece("https://p9.example/f", FERRY, title="A headline of their own", minutes=9)
    )
    with store.read() as connection:
        [story] = stories_of_watch(connection, begun.watch.id, limit=10)
    assert [one.how for one in story.copies] == ["story", "text"]


def test_what_was_stored_before_is_gathered_and_not_told(store: Store, index_client: IndexClient):
    arrive(store, index_client, ferry(0))
    assert watching(store, "island ferries").gathered == 1
    arrive(store, index_client, ferry(1))
    assert told(store) == []


def test_what_was_noted_before_a_crash_is_told_after_it(store: Store, index_client: IndexClient):
    watching(store, "island ferries")
    [article] = put(store, index_client, [ferry(0)])
    with store.write() as connection:
        record_watch_matches(connection, [StoredVersion(article, None, FERRY)], now=NOON)
    assert tell(store) == 1
    assert tell(store) == 0


def test_nothing_is_told_before_its_story_is_known(store: Store, index_client: IndexClient):
    from tests.readings import reading, save_all

    watching(store, "island ferries")
    [saved] = save_all(store, [reading("https://p.example/1", FERRY)])
    with store.write() as connection:
        record_watch_matches(connection, [StoredVersion(saved.article_id, None, FERRY)], now=NOON)
    assert tell(store) == 0


def test_a_watch_that_is_over_gathers_nothing(store: Store, index_client: IndexClient):
    begun = watching(store, "island ferries", until=LATER)
    with store.write() as connection:
        assert active_watches(connection, now=LATER) == []
        end_watch(connection, begun.watch.id, now=NOON)
    arrive(store, index_client, ferry(0))
    assert counted(store, watch_articles) == [0]


def test_two_tellers_at_once_tell_a_story_once(store: Store, index_client: IndexClient):
    watching(store, "island ferries")
    pieces = [ferry(number) for number in range(6)]
    for article in put(store, index_client, pieces):
        with store.write() as connection:
            record_watch_matches(connection, [StoredVersion(article, None, FERRY)], now=NOON)
    threads = [threading.Thread(target=tell, args=(store,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told(store)) == 1


def test_a_takedown_leaves_nothing_in_a_watch(store: Store, index_client: IndexClient):
    begun = watching(store, "island ferries", urls=["https://p0.example/ferry"])
    arrive(store, index_client, ferry(0))
    take_down(store, index_client, "https://p0.example/ferry", reason="asked", archived=(), now=NOON)
    assert counted(store, watch_articles, watch_stories, watch_pages) == [0, 0, 0]
    with store.read() as connection:
        assert stories_of_watch(connection, begun.watch.id, limit=10) == []
    with pytest.raises(TakenDown):
        watching(store, urls=["https://p0.example/ferry"])
    assert counted(store, watches) == [1]


def due_searches(store: Store, now: datetime) -> list[str]:
    with store.read() as connection:
        found = due_sources(connection, "search.example", CrawlScope(), now=now, limit=10)
        return [source.url for source in found]


def test_a_search_that_two_watches_share_ends_with_the_last(store: Store):
    one, two = (watching(store, "island ferries", templates=[SEARCH]).watch for _ in range(2))
    assert len(due_searches(store, LATER)) == 1
    with store.write() as connection:
        end_watch(connection, one.id, now=NOON)
    assert len(due_searches(store, LATER)) == 1
    with store.write() as connection:
        end_watch(connection, two.id, now=NOON)
    assert due_searches(store, LATER) == []
    watching(store, "island ferries", templates=[SEARCH])
    assert len(due_searches(store, LATER)) == 1


def test_a_search_is_not_polled_past_the_end_of_its_watch(store: Store):
    watching(store, "island ferries", until=LATER, templates=[SEARCH])
    assert len(due_searches(store, LATER - timedelta(seconds=1))) == 1
    assert due_searches(store, LATER) == []
    with store.write() as connection:
        end_expired_watches(connection, now=LATER)
        assert connection.execute(select(sources.c.enabled)).scalars().all() == [False]


def test_a_removed_watch_leaves_nothing_but_articles(store: Store, index_client: IndexClient):
    begun = watching(store, "island ferries", urls=["https://s.example/1"], templates=[SEARCH])
    arrive(store, index_client, ferry(0))
    with store.write() as connection:
        remove_watch(connection, begun.watch.id, now=NOON)
    assert counted(store, watches, watch_articles, watch_stories, watch_pages, watch_sources) == [0] * 5
    assert due_searches(store, LATER) == []
    with store.write() as connection:
        # Not before every poll of it that was under way has ended.
        delete_unused_searches(connection, now=NOON + timedelta(hours=23))
        assert connection.execute(select(sources.c.enabled)).scalars().all() == [False]
        delete_unused_searches(connection, now=NOON + timedelta(hours=24))
    assert counted(store, sources) == [0]


def test_an_ended_watch_lets_its_pages_go(store: Store):
    with store.write() as connection:
        add_pages(connection, [PageEntry("https://a.example/1", "Island ferries")], source_id=None, now=NOON)
        add_pages(connection, [PageEntry("https://a.example/2", "Island ferries")], source_id=None, now=NOON)
    one, two = watching(store, "island ferries"), watching(store, "ferries", urls=["https://a.example/2"])
    assert (one.first, two.first) == (2, 1)
    with store.write() as connection:
        end_watch(connection, two.watch.id, now=NOON)
        # The other watch wants both of them still.
        assert sorted(connection.execute(select(pages.c.priority)).scalars()) == [1, 2]
        end_watch(connection, one.watch.id, now=NOON)
        assert connection.execute(select(pages.c.priority)).scalars().all() == [5, 5]


def test_what_only_a_watch_had_found_is_forgotten_unless_it_is_being_fetched(store: Store):
    begun = watching(store, "island ferries")
    links = [f"https://{host}.example/1" for host in ("free", "busy")]
    with store.write() as connection:
        follow_links(connection, links, watches=[begun.watch.id], found_in="a" * 24, attempts=3, now=NOON)
        assert claim_host(connection, "busy.example", holder="one", now=NOON, lease_seconds=60)
        end_watch(connection, begun.watch.id, now=NOON)
        assert connection.execute(select(pages.c.url, pages.c.priority)).all() == [("https://busy.example/1", 5)]


def test_links_are_bounded_a_copy_and_a_watch(store: Store):
    begun = watching(store, "island ferries")

    def followed(copy: int, *, again: int = 0) -> int:
        links = [f"https://l{copy}.example/{number}" for number in range(again, again + 12)]
        with store.write() as connection:
            found_in = f"{copy:024}"
            return follow_links(connection, links, watches=[begun.watch.id], found_in=found_in, attempts=3, now=NOON)

    assert followed(0) == 10
    assert followed(0, again=20) == 0
    assert sum(followed(copy) for copy in range(1, 40)) == 290


def test_a_store_and_a_new_watch_do_not_miss_each_other(postgres_store_url: str):
    """Who stores holds the watches as they are: one that is added meanwhile waits, and then looks back."""
    store = Store.open(postgres_store_url)
    is_storing, may_commit = threading.Event(), threading.Event()

    def store_slowly() -> None:
        with store.write() as connection:
            lock_watches(connection, alone=False)
            is_storing.set()
            may_commit.wait()

    storing = threading.Thread(target=store_slowly)
    storing.start()
    is_storing.wait()
    adding = threading.Thread(target=watching, args=(store, "island ferries"))
    adding.start()
    with store.read() as connection:
        wait_until(lambda: lock_waiters(connection) == 1)
    may_commit.set()
    storing.join()
    adding.join()
    assert counted(store, watches) == [1]
    store.close()


@pytest.mark.parametrize("phrase", ["100% of", "'); DROP TABLE watches; --", "a_b", "(a+)+b", "NULL", "%s {query}"])
def test_hostile_words_are_words(store: Store, index_client: IndexClient, phrase: str):
    begun = watching(store, phrase, name=phrase)
    arrive(store, index_client, ferry(0), Piece("https://p.example/1", f"They wrote {phrase} on the wall. " + BRIDGE))
    with store.read() as connection:
        [story] = stories_of_watch(connection, begun.watch.id, limit=10)
    assert [one.copy.url for one in story.copies] == ["https://p.example/1"]


def test_a_waiting_page_is_found_by_index(store: Store):
    if store.dialect != "sqlite":
        pytest.skip("the plan of SQLite is read")
    query = "SELECT id FROM pages WHERE host = 'a' AND state = 'due' AND due <= 'x' ORDER BY priority, due, id LIMIT 16"
    with store.read() as connection:
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
    assert "ix_pages_host_first" in plan
