"""What the front page shows beside its stories: right on both databases, and by an index however much there is."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert

from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.database import Store
from onestory.store.events.event_log import add_event
from onestory.store.schema import outlets, sources
from onestory.store.stories.copies import (
    comparable_versions,
    current_texts,
    recent_titles_and_texts,
    version_choices,
    version_counts,
)
from onestory.store.stories.front_page import activity_since, changed_stories, resolve_stories
from onestory.store.stories.listing import StoryFilter, list_stories
from onestory.store.stories.records import copies_of_story, load_story
from onestory.store.stories.summaries import summaries_of
from tests.newsroom.news import BRIDGE, FERRY, NOON, Piece, put, story_of
from tests.readings import fresh_registry, stories_of

HOUR_LATER = NOON + timedelta(hours=1)


@pytest.fixture
def index_client(store: Store, redis_url: str, prefix: str) -> Iterator[IndexClient]:
    made = fresh_registry(store, redis_url, prefix)
    made.rebuild()
    yield made
    made.index.redis.close()


def test_wide_stories_changes_and_missed_sources_are_counted_since_a_time(
    store: Store, index_client: IndexClient
) -> None:
    put(store, index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge"))
    put(store, index_client, story_of(FERRY, copies=2, name="ferry", title="Ferry"))
    bridge, ferry = sorted(stories_of(store), key=lambda one: -one.copies)
    with store.write() as connection:
        for kind, home in (("corrected", bridge), ("corrected", bridge), ("withdrawn", ferry)):
            add_event(
                connection, f"story.{kind}", now=HOUR_LATER, story_id=home.id, data={"is_original": home == ferry}
            )
        row = {"outlet": "A", "kind": "feed", "host": "a.example", "interval_seconds": 900, "next_poll": NOON}
        for number, status in enumerate(("ok", "silent", "silent", "blocked")):
            connection.execute(insert(sources).values(url=f"https://a.example/{number}", status=status, **row))
    with store.read() as connection:
        happened = activity_since(connection, NOON)
        later = activity_since(connection, HOUR_LATER + timedelta(seconds=1))
        changed = changed_stories(connection, since=NOON, limit=10)
    assert (happened.widespread, happened.corrected, happened.withdrawn) == (1, 1, 1)
    assert (later.widespread, later.corrected, later.withdrawn) == (0, 0, 0)
    assert dict(happened.sources.by_status) == {"silent": 2, "blocked": 1}
    assert {(one.story_id, one.is_original) for one in changed} == {(bridge.id, False), (ferry.id, True)}


def test_a_summary_has_the_lead_the_outlets_ours_first_and_the_growth(store: Store, index_client: IndexClient) -> None:
    pieces = story_of(BRIDGE, copies=3, name="bridge", title="Bridge")
    late = Piece("https://www.late.example/x", BRIDGE, "Bridge", "Late", minutes=95)
    put(store, index_client, [*pieces, late])
    with store.write() as connection:
        connection.execute(insert(outlets), [{"name": "Bridge 1", "ours": True}, {"name": "Late", "ours": False}])
    [home] = stories_of(store)
    with store.read() as connection:
        summary = summaries_of(connection, [home], now=NOON + timedelta(hours=2))[home.id]
    assert summary.lead == BRIDGE.split("\n")[0]
    assert (summary.outlets, summary.ours) == (("Bridge 1", "Bridge 0", "Bridge 2", "Late"), {"Bridge 1"})
    assert (summary.last_hour, summary.is_corrected) == (1, False)


def test_an_absorbed_id_is_shown_as_the_story_that_it_leads_to(store: Store, index_client: IndexClient) -> None:
    put(store, index_client, story_of(BRIDGE, copies=2, name="bridge", title="Bridge"))
    [home] = stories_of(store)
    with store.read() as connection:
        ids = [copy.id for copy in copies_of_story(connection, home.id)]
        assert {record.id for record in resolve_stories(connection, [*ids, "0" * 24]).values()} == {home.id}


@contextmanager
def asked(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """The queries that are sent meanwhile, with their values."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        found.append((statement, values))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


QUERIES: dict[str, Callable[[Connection, str], object]] = {
    "happened": lambda connection, _: activity_since(connection, NOON),
    "changed": lambda connection, _: changed_stories(connection, since=NOON, limit=50),
    "live": lambda connection, home: resolve_stories(connection, [home]),
    "summaries": lambda connection, home: summaries_of(connection, [load_story(connection, home)], now=NOON),
    "texts": lambda connection, home: current_texts(connection, [home]),
    "counts": lambda connection, home: version_counts(connection, [home]),
    "versions": lambda connection, home: recent_titles_and_texts(connection, home, limit=5),
    "by number": lambda connection, _: comparable_versions(connection, [1]),
    "choices": lambda connection, home: version_choices(connection, [home], limit=100),
    "story": load_story,
    "copies": copies_of_story,
    "list": lambda connection, _: list_stories(connection, StoryFilter(), limit=25),
    "wide": lambda connection, _: list_stories(connection, StoryFilter(since=NOON, min_outlets=3), limit=25),
    "of an outlet": lambda connection, _: list_stories(connection, StoryFilter(outlet="Bridge 1"), limit=25),
    "of an agency": lambda connection, _: list_stories(connection, StoryFilter(credit="AFP"), limit=25),
    "ours": lambda connection, _: list_stories(connection, StoryFilter(ours=True), limit=25),
    "of a watch": lambda connection, _: list_stories(connection, StoryFilter(watch=1), limit=25),
}
SCANNED = re.compile(r"SCAN (articles|versions|events|stories)(?! USING)")


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_of_the_pages_scans_a_table_that_grows(
    sqlite_store_url: str, redis_url: str, prefix: str, name: str
) -> None:
    store = Store.open(sqlite_store_url)
    index_client = fresh_registry(store, redis_url, prefix)
    index_client.rebuild()
    put(store, index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge"))
    with store.read() as connection, asked(store) as queries:
        QUERIES[name](connection, stories_of(store)[0].id)
    assert queries
    with store.read() as connection:
        for statement, values in [one for one in queries if one[0].startswith("SELECT")]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            told = "\n".join(row[3] for row in plan)
            assert not SCANNED.search(told), told
            assert "SCAN articles" not in told, told
    index_client.index.redis.close()
    store.close()
