"""Settings of sources and outlets: from an older store, and as an operator changes them."""

from datetime import UTC, datetime
from importlib import resources

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, insert, select, text

from onestory.crawler.sources.source_changes import ScheduleChange, change_sources
from onestory.errors import BadInput, NotFound
from onestory.store.database import Store
from onestory.store.schema import articles, stories
from onestory.store.sources.source_list import PollSchedule, SourceEntry, add_sources, get_source_settings
from onestory.store.sources.source_records import source_records
from onestory.store.stories.outlets import outlet_records, update_outlet

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OLD_SOURCE = text(
    "INSERT INTO sources (id, url, outlet, kind, host, enabled, interval_seconds, next_poll, status, failures, entries,"
    " pages_found, hops) VALUES (:id, :url, 'A', 'feed', 'a.example', true, :seconds, '2026-11-23T12:00:00.000000Z',"
    " 'ok', 0, 5, 7, 0)"
)


def test_a_store_of_the_first_schema_keeps_its_sources_and_their_intervals(database_url: str):
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(resources.files("onestory.store") / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for number, seconds in ((1, 60), (2, 900)):
            connection.execute(OLD_SOURCE, {"id": number, "url": f"https://a.example/{number}", "seconds": seconds})
    engine.dispose()
    store = Store.open(database_url)
    with store.read() as connection:
        schedules = [get_source_settings(connection, number).schedule for number in (1, 2)]
        assert [(one.shortest, one.interval_seconds, one.longest) for one in schedules] == [
            (60, 60, 86_400),
            (300, 900, 86_400),
        ]
        assert {(record.pages_found, record.left_out, record.location) for record in source_records(connection)} == {
            (7, 0, None)
        }
    store.close()


def kept(store: Store, *outlets: str) -> None:
    entries = [SourceEntry(f"https://{name.lower()}.example/feed", "feed", name, owner="Group") for name in outlets]
    with store.write() as connection:
        add_sources(connection, entries, now=NOW)


def test_what_is_set_is_set_for_all_that_are_named_or_for_none(store: Store):
    kept(store, "A", "B")
    records = change_sources(store, ["A", "b.example"], ScheduleChange(max_seconds=1_800, enabled=False))
    assert {(record.max_seconds, record.enabled) for record in records} == {(1_800, False)}
    change_sources(store, ["B"], ScheduleChange(min_seconds=1_200))
    with pytest.raises(BadInput, match="above the longest"):
        change_sources(store, ["A", "B"], ScheduleChange(max_seconds=600))
    with store.read() as connection:
        assert get_source_settings(connection, 1).schedule == PollSchedule(900, None, 1_800)
    with pytest.raises(BadInput, match="no source"):
        change_sources(store, ["C"], ScheduleChange(enabled=True))


def test_a_change_of_owner_changes_how_many_owners_run_a_story(store: Store):
    kept(store, "A", "B")
    with store.write() as connection:
        times = {"first_seen": NOW, "last_seen": NOW, "updated": NOW}
        connection.execute(insert(stories).values(id="s" * 24, owners=1, copies=2, outlets=2, **times))
        for number, name in enumerate(("A", "B"), 1):
            connection.execute(insert(articles).values(**article(name, number)))
    for owner, owners in (("Somebody else", 2), ("Group", 1), ("", 2)):
        with store.write() as connection:
            update_outlet(connection, "B", owner=owner)
        with store.read() as connection:
            assert connection.execute(select(stories.c.owners)).scalar_one() == owners
            assert {record.name: record.owner for record in outlet_records(connection)}["B"] == (owner or None)


def article(outlet: str, number: int) -> dict[str, object]:
    host = f"{outlet.lower()}.example"
    named = {"id": outlet * 24, "url": f"https://{host}/1", "host": host, "outlet": outlet, "source": "crawl"}
    counted = {"arrival": number, "version": number, "words": 100, "language": "en"}
    return {**named, **counted, "story_id": "s" * 24, "first_seen": NOW, "updated": NOW}


def test_an_outlet_that_is_none_is_named(store: Store):
    kept(store, "A")
    with store.write() as connection, pytest.raises(NotFound, match="there is no outlet 'Z'"):
        update_outlet(connection, "Z", ours=True)
    with store.write() as connection:
        update_outlet(connection, "A", ours=True)
    with store.read() as connection:
        assert [(record.name, record.ours, record.owner) for record in outlet_records(connection)] == [
            ("A", True, "Group")
        ]
