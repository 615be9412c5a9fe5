"""Looks at known articles, on SQLite and on PostgreSQL: which are due, what they found, where articles went."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, select, text

from onestory.store.articles.history import withdrawals_of
from onestory.store.articles.moves import article_moved_to, confirm_move, moved_articles, moves_of, record_move
from onestory.store.database import Store
from onestory.store.editorial.takedown import erase_targets, takedown_targets
from onestory.store.frontier.pages import PageEntry, PageFetchResult, add_pages, due_pages, record_page_fetch
from onestory.store.frontier.revisits import (
    DueRevisit,
    RevisitResult,
    due_revisits,
    postpone_revisits,
    revisit_state,
    save_revisit_result,
)
from onestory.store.frontier.scope import CrawlScope
from onestory.store.schema import events, moves, pages, withdrawals
from onestory.store.stories.records import find_article_id, load_article, load_story
from onestory.urls import article_id_of_url
from tests.readings import reading, save_all

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
URL, OTHER, THERE = "https://a.example/1", "https://a.example/2", "https://a.example/there"
GONE = RevisitResult("absent", NOW + HOUR, 410, reason="gone", is_confirmed=True)
SEEN = RevisitResult("unchanged", None, 200)


def stored(store: Store, *urls: str, revisit: datetime = NOW, at: str | None = None) -> None:
    """Articles, each with its page; with `at` they are all the article of that URL."""
    save_all(store, [reading(at or url, f"A piece of news about {at or url}.") for url in urls], now=NOW)
    with store.write() as connection:
        add_pages(connection, [PageEntry(url) for url in urls], source_id=None, now=NOW)
        for page in due_pages(connection, "a.example", CrawlScope(), now=NOW, limit=100):
            identity = article_id_of_url(at or page.url)
            done = PageFetchResult("done", 1, http_status=200, article_id=identity, changed=NOW, revisit=revisit)
            record_page_fetch(connection, page.id, done, now=NOW)


def looks(connection: Connection, *, now: datetime = NOW, scope: CrawlScope | None = None) -> list[DueRevisit]:
    return due_revisits(connection, "a.example", scope or CrawlScope(), now=now, limit=10)


def look(store: Store, sight: RevisitResult, *, url: str = URL, now: datetime = NOW) -> bool:
    with store.write() as connection:
        [page] = [one for one in looks(connection, now=NOW + 1000 * HOUR) if one.url == url]
        return save_revisit_result(connection, page, sight, now=now)


def test_a_page_is_due_for_a_look_and_never_for_a_first_fetch(store: Store) -> None:
    stored(store, URL, OTHER, revisit=NOW + HOUR)
    with store.read() as connection:
        assert looks(connection) == []
        assert [page.url for page in looks(connection, now=NOW + HOUR)] == [URL, OTHER]
        assert looks(connection, now=NOW + HOUR, scope=CrawlScope(once_since=NOW)) == []
        assert looks(connection, now=NOW + HOUR, scope=CrawlScope(with_pages=False)) == []
        assert due_pages(connection, "a.example", CrawlScope(), now=NOW + HOUR, limit=10) == []


def test_looks_can_be_put_off(store: Store) -> None:
    stored(store, URL)
    with store.write() as connection:
        assert postpone_revisits(connection, "a.example", until=NOW + HOUR) == 1
        assert looks(connection) == []


def test_an_article_is_withdrawn_with_time_reason_and_status(store: Store) -> None:
    stored(store, URL)
    assert not look(store, replace(GONE, http_status=404, reason="missing", is_confirmed=False))
    assert look(store, replace(GONE, http_status=404, reason="missing"), now=NOW + 7 * HOUR)
    with store.read() as connection:
        found = load_article(connection, article_id_of_url(URL)).copy
        [told] = withdrawals_of(connection, article_id_of_url(URL))
        [event] = connection.execute(select(events.c.story_id, events.c.data).where(events.c.kind == "story.withdrawn"))
    assert (found.withdrawn, found.withdrawn_reason) == (NOW, "missing")
    assert (told.withdrawn, told.confirmed, told.reason, told.http_status) == (NOW, NOW + 7 * HOUR, "missing", 404)
    assert (event.story_id, event.data["http_status"]) == (found.story_id, 404)


def test_it_is_withdrawn_once_and_its_return_is_recorded(store: Store) -> None:
    stored(store, URL)
    assert look(store, GONE)
    assert not look(store, GONE, now=NOW + 24 * HOUR)
    look(store, SEEN, now=NOW + 48 * HOUR)
    with store.read() as connection:
        assert load_article(connection, article_id_of_url(URL)).copy.withdrawn is None
        assert [one.returned for one in withdrawals_of(connection, article_id_of_url(URL))] == [NOW + 48 * HOUR]
        told = connection.execute(select(events.c.kind, events.c.data).order_by(events.c.id)).all()
    assert [row.kind for row in told] == ["story.withdrawn", "story.corrected"]
    assert [(row.data["is_original"], row.data.get("returned"), row.data["copies"]) for row in told] == [
        (True, None, 1),
        (True, True, 1),
    ]


def test_a_withdrawal_and_a_return_change_the_record_of_the_story(store: Store) -> None:
    stored(store, URL)
    for sight, hours in ((GONE, 1), (SEEN, 2)):
        look(store, sight, now=NOW + hours * HOUR)
        with store.read() as connection:
            home = load_article(connection, article_id_of_url(URL)).copy.story_id
            assert load_story(connection, home).updated == NOW + hours * HOUR


def test_an_article_that_another_page_shows_is_not_withdrawn(store: Store) -> None:
    stored(store, URL, OTHER, at=URL)
    assert not look(store, GONE, url=OTHER)
    assert look(store, GONE, url=URL)


def moved(store: Store, *, to: str = THERE) -> str:
    with store.write() as connection:
        [page] = [one for one in looks(connection) if one.url == URL]
        return record_move(connection, page, to, http_status=301, now=NOW)


def test_an_article_that_was_found_at_its_new_address_is_found_by_both(store: Store) -> None:
    stored(store, URL)
    assert moved(store) == "article"
    assert moved(store) == "article"
    with store.write() as connection:
        assert [page.url for page in looks(connection)] == [URL, THERE]
        assert article_moved_to(connection, THERE) is None
        assert moved_articles(connection, [article_id_of_url(THERE)])[article_id_of_url(THERE)].url == URL
        confirm_move(connection, THERE, article_id_of_url(URL), now=NOW + HOUR)
        assert find_article_id(connection, THERE) == find_article_id(connection, URL) == article_id_of_url(URL)
        assert [move.confirmed for move in moves_of(connection, article_id_of_url(URL))] == [NOW + HOUR]


def test_a_move_to_what_is_another_article_is_none(store: Store) -> None:
    stored(store, URL, OTHER)
    assert moved(store, to=OTHER) == "other"
    assert moved(store) == "article"
    with store.write() as connection:
        confirm_move(connection, THERE, article_id_of_url(THERE), now=NOW)
        assert moves_of(connection, article_id_of_url(URL)) == []


def test_a_takedown_leaves_nothing_of_moves_and_withdrawals(store: Store) -> None:
    stored(store, URL)
    moved(store)
    look(store, GONE)
    with store.write() as connection:
        gone = takedown_targets(connection, [article_id_of_url(URL)])
        assert THERE in gone.urls
        erase_targets(connection, gone)
        for table in (moves, withdrawals, pages):
            assert connection.execute(select(table)).all() == []


LOOKUPS = {
    "SELECT * FROM pages WHERE host = 'a.example' AND revisit <= '2026' ORDER BY revisit": "ix_pages_host_revisit",
    "SELECT id FROM pages WHERE article_id = 'a'": "ix_pages_article_id",
    "SELECT * FROM withdrawals WHERE article_id = 'a'": "ix_withdrawals_article_id",
    "SELECT * FROM moves WHERE article_id = 'a'": "ix_moves_article_id",
    "SELECT * FROM moves WHERE id IN ('a', 'b')": "moves",
}


def test_lookups_have_their_index(store: Store) -> None:
    explain = "EXPLAIN QUERY PLAN" if store.dialect == "sqlite" else "EXPLAIN"
    with store.write() as connection:
        if store.dialect == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        for query, index in LOOKUPS.items():
            plan = " ".join(str(row) for row in connection.execute(text(f"{explain} {query}")))
            assert index in plan
            assert "SCAN " not in plan
            assert "Seq Scan" not in plan


def test_a_released_store_has_its_recent_articles_looked_at(database_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(str(resources.files("onestory.store"))) / "migrations"))
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    recent, old = (datetime.now(UTC) - age for age in (timedelta(days=1), timedelta(days=20)))
    page = text(
        "INSERT INTO pages (id, url, host, state, discovered, fetched, article_id, attempts, hops) "
        "VALUES (:id, :url, 'a.example', 'done', :at, :at, :article, 1, 0)"
    )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for number, at, of in ((1, recent, "a" * 24), (2, old, "b" * 24), (3, recent, None)):
            row = {"id": number, "url": f"https://a.example/{number}", "article": of}
            connection.execute(page, {**row, "at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")})
    engine.dispose()
    opened = Store.open(database_url)
    with opened.read() as connection:
        rows = connection.execute(
            select(pages.c.id, pages.c.revisit, pages.c.validators_lie).order_by(pages.c.id)
        ).all()
    opened.close()
    assert [(row.id, row.revisit is not None, row.validators_lie) for row in rows] == [
        (1, True, False),
        (2, False, False),
        (3, False, False),
    ]


def test_what_was_taken_down_while_it_was_looked_at_ends_nobody_s_crawl(store: Store) -> None:
    stored(store, URL)
    with store.write() as connection:
        [page] = looks(connection)
        erase_targets(connection, takedown_targets(connection, [article_id_of_url(URL)]))
    with store.write() as connection:
        assert revisit_state(connection, page.id, article_id_of_url(URL)) is None
        record_page_fetch(connection, page.id, PageFetchResult("done", 1, changed=NOW, revisit=NOW + HOUR), now=NOW)
        assert not save_revisit_result(connection, page, GONE, now=NOW)
        assert not connection.execute(select(withdrawals)).all()
