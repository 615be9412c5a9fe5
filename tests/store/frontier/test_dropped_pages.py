"""Which pages are dropped after a time, on SQLite and on PostgreSQL, and what a crawl still knows afterwards."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from onestory.store.database import Store
from onestory.store.frontier.dropped_pages import drop_unvisited_pages
from onestory.store.frontier.pages import (
    PageEntry,
    PageFetchResult,
    add_pages,
    admit_pages,
    due_pages,
    record_page_fetch,
)
from onestory.store.frontier.scope import CrawlScope
from onestory.store.schema import articles, pages, sources, watch_pages, watches
from onestory.store.sources.polls import SourceEntry, add_sources
from onestory.urls import article_id_of_url
from tests.readings import reading, save_all

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
URL, OTHER = "https://a.example/1", "https://a.example/2"
FEED = "https://a.example/feed"


@pytest.fixture
def source(store: Store) -> int:
    with store.write() as connection:
        add_sources(connection, [SourceEntry(FEED, outlet="A", kind="feed")], now=NOW)
        return connection.execute(select(sources.c.id)).scalar_one()


def listed(store: Store, source: int, *urls: str, day: int) -> int:
    """A poll whose listing differs from the one before; the pages that it made."""
    now = NOW + day * DAY
    with store.write() as connection:
        entries = [PageEntry(url) for url in urls]
        admitted = admit_pages(connection, entries, source_id=source, room=10, now=now)
        connection.execute(update(sources).values(last_new=now))
    return admitted.found


def fetched(store: Store, *, day: int, revisit: datetime | None = None, article: str | None = None) -> None:
    """All due pages are read, as articles or as none."""
    now = NOW + day * DAY
    with store.write() as connection:
        for page in due_pages(connection, "a.example", CrawlScope(), now=now, limit=10):
            result = PageFetchResult("done", 1, http_status=200, article_id=article, changed=now, revisit=revisit)
            record_page_fetch(connection, page.id, result, now=now)


def left(store: Store, *, day: int = 100) -> list[str]:
    """The pages after those found, fetched and listed before that day were dropped."""
    with store.write() as connection:
        drop_unvisited_pages(connection, before=NOW + day * DAY)
        return list(connection.execute(select(pages.c.url).order_by(pages.c.url)).scalars())


def test_a_page_that_is_listed_no_more_is_dropped_and_its_article_stays(store: Store, source: int) -> None:
    save_all(store, [reading(URL, "A piece of news about the ferry.")], now=NOW)
    listed(store, source, URL, day=0)
    fetched(store, day=0, article=article_id_of_url(URL))
    listed(store, source, OTHER, day=10)
    assert left(store) == [OTHER]
    with store.read() as connection:
        assert connection.execute(select(articles.c.url)).scalars().all() == [URL]


def test_a_page_stays_while_its_source_lists_it(store: Store, source: int) -> None:
    listed(store, source, URL, day=0)
    fetched(store, day=0)
    for day in range(0, 30, 2):
        assert listed(store, source, URL, f"https://a.example/{day + 10}", day=day) == 1
    assert URL in left(store)
    listed(store, source, OTHER, day=31)
    assert URL in left(store, day=28)
    assert URL not in left(store)
    assert listed(store, source, URL, day=32) == 1


def test_a_page_stays_while_the_listing_does_not_change(store: Store, source: int) -> None:
    listed(store, source, URL, day=0)
    fetched(store, day=0)
    with store.write() as connection:
        connection.execute(update(sources).values(last_new=None))
    assert left(store) == [URL]


def test_what_was_fetched_or_listed_lately_stays(store: Store, source: int) -> None:
    listed(store, source, URL, day=0)
    fetched(store, day=8)
    listed(store, source, OTHER, day=5)
    assert left(store, day=8) == [URL, OTHER]
    assert left(store, day=9) == [OTHER]


@pytest.mark.parametrize("how", ["due", "revisited"])
def test_what_will_be_visited_stays(store: Store, how: str) -> None:
    with store.write() as connection:
        add_pages(connection, [PageEntry(URL)], source_id=None, now=NOW)
    if how == "revisited":
        fetched(store, day=0, revisit=NOW + 500 * DAY)
    assert left(store) == [URL]


def test_a_page_stays_with_another_page_of_its_article(store: Store) -> None:
    save_all(store, [reading(URL, "A piece of news about the ferry.")], now=NOW)
    for url, revisit in ((OTHER, None), (URL, NOW + 500 * DAY)):
        with store.write() as connection:
            add_pages(connection, [PageEntry(url)], source_id=None, now=NOW)
        fetched(store, day=0, revisit=revisit, article=article_id_of_url(URL))
    assert left(store) == [URL, OTHER]
    with store.write() as connection:
        connection.execute(update(pages).values(revisit=None))
    assert left(store) == []


@pytest.mark.parametrize(("how", "stays"), [("seed", True), ("link", True), ("search", False), ("entry", False)])
def test_seeds_and_links_of_watches_stay(store: Store, how: str, *, stays: bool) -> None:
    with store.write() as connection:
        add_pages(connection, [PageEntry(URL)], source_id=None, now=NOW)
        page = connection.execute(select(pages.c.id)).scalar_one()
        connection.execute(insert(watches).values(id=1, name="Ferries", phrases=["ferry"], created=NOW))
        connection.execute(insert(watch_pages).values(watch_id=1, page_id=page, how=how, at=NOW))
    fetched(store, day=0)
    assert left(store) == ([URL] if stays else [])
