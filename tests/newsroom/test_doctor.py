"""`onestory doctor`: every fault is found by its own check, with a remedy, and nothing is changed."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import insert, text, update

from onestory.config import Config
from onestory.crawler import disk_space
from onestory.newsroom.maintenance.doctor import Finding, examine
from onestory.store.database import Store
from onestory.store.frontier.hosts import LONGEST_LEASE, add_hosts, claim_host
from onestory.store.schema import hosts, metadata, sources
from onestory.store.sources.source_list import SourceEntry, add_sources
from tests.cli import onestory, write_rows
from tests.news_texts import wire_article
from tests.servers import redis_server, short_folder

CHECKS = ["database", "schema", "permissions", "disk", "redis", "index", "clock", "locks", "semantic"]
CHECKS += ["names", "certificates", "contact", "sources"]
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def stored() -> Iterator[Path]:
    with short_folder() as folder:
        rows = write_rows(folder / "r.jsonl", {"url": "https://a.example/1", "title": "Ferry", "text": wire_article(1)})
        assert onestory("import", rows, home=folder / "home").returncode == 0
        yield folder / "home"


@pytest.fixture
def copy(stored: Path, home: Path) -> Path:
    shutil.copytree(stored, home)
    return home


def faults(home: Path, **environ: str) -> dict[str, Finding]:
    found = list(examine(Config.read(environ, home=home)))
    assert [one.check for one in found] == CHECKS
    assert all(one.fault and one.remedy for one in found if not one.ok)
    return {one.check: one for one in found if not one.ok}


def change(home: Path, statement: object, *values: object) -> None:
    store = Store.open(f"sqlite:///{home / 'onestory.db'}")
    with store.write() as connection:
        connection.execute(statement, *values)  # type: ignore[call-overload]
    store.close()


def test_all_is_well_in_a_sound_home(copy: Path) -> None:
    done = onestory("doctor", home=copy)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines()] == [[name, "OK"] for name in CHECKS]


def test_a_fault_ends_it_with_1_and_is_one_line(copy: Path) -> None:
    (copy / "onestory.db").write_bytes(b"news " * 2000)
    done = onestory("doctor", "--json", home=copy)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [one["check"] for one in found]) == (1, CHECKS)
    assert found[0]["remedy"] == "restore it from a backup"
    assert "not checked" in found[5]["fault"]


def test_nothing_is_made_where_there_is_no_store(home: Path) -> None:
    assert "there is no store yet" in str(faults(home)["database"].fault)
    assert not home.exists()


def test_a_broken_reference_and_an_unreadable_value_are_damage(copy: Path) -> None:
    change(copy, text("UPDATE versions SET observed = 'yesterday'"))
    assert faults(copy)["database"].fault == "values cannot be read in versions"
    with sqlite3.connect(copy / "onestory.db") as connection:
        connection.execute("DELETE FROM articles")
    connection.close()
    assert "SQLite finds damage (versions row 1 refers to" in str(faults(copy)["database"].fault)


def test_an_older_schema_is_not_upgraded(copy: Path) -> None:
    change(copy, text("UPDATE alembic_version SET version_num = '0011'"))
    assert "onestory migrate" in str(faults(copy)["schema"].remedy)
    assert "schema" in faults(copy)


def test_files_that_others_may_read_are_named(copy: Path) -> None:
    copy.chmod(0o755)
    (copy / "onestory.db").chmod(0o644)
    [fault] = faults(copy).values()
    assert fault.remedy == f"chmod go= '{copy}' '{copy / 'onestory.db'}'"


def test_a_full_disk_is_found(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_space, "FREE_SHARE", 1.0)
    assert list(faults(copy)) == ["disk"]


def test_an_index_that_is_behind_or_of_another_store_is_found(copy: Path) -> None:
    change(copy, text("UPDATE versions SET attached = 1000000"))
    assert faults(copy)["index"].fault == "the index lost 1 article"
    change(copy, text("UPDATE settings SET value = 'other' WHERE key = 'index_generation'"))
    assert "another store" in str(faults(copy)["index"].fault)


def test_a_redis_that_may_evict_or_is_away_is_found(copy: Path) -> None:
    with redis_server() as url:
        with Redis.from_url(url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
        assert faults(copy, ONESTORY_REDIS_URL=url)["redis"].remedy == "set it to noeviction"
    found = faults(copy, ONESTORY_REDIS_URL="redis://127.0.0.1:1/0")
    assert "does not answer" in str(found["redis"].fault)
    assert "not checked" in str(found["index"].fault)


def test_entries_from_the_future_and_leases_without_end_are_found(copy: Path) -> None:
    far = NOW + timedelta(days=400)
    change(copy, insert(hosts).values(name="a.example", next_fetch=NOW, lease_holder="x", lease_until=far, fence=1))
    assert list(faults(copy)) == ["locks"]
    change(copy, update(metadata.tables["events"]).values(at=far))
    assert f"{far:%Y-%m-%d}" in str(faults(copy)["clock"].fault)


def test_a_clock_that_differs_is_found(copy: Path) -> None:
    found = list(examine(Config.read({}, home=copy), clock=lambda: NOW + timedelta(days=1)))
    assert [one.check for one in found if not one.ok] == ["clock"]


def test_a_lease_longer_than_any_does_not_keep_a_host(store: Store) -> None:
    """The clock was a year ahead when it was given."""
    with store.write() as connection:
        add_hosts(connection, ["a.example"], now=NOW)
        assert claim_host(connection, "a.example", holder="old", now=NOW, lease_seconds=400 * 86_400)
        assert claim_host(connection, "a.example", holder="new", now=NOW, lease_seconds=60)
        assert not claim_host(connection, "a.example", holder="other", now=NOW, lease_seconds=60)
        assert timedelta(seconds=60) < LONGEST_LEASE


def test_sources_that_fail_are_counted(copy: Path) -> None:
    store = Store.open(f"sqlite:///{copy / 'onestory.db'}")
    with store.write() as connection:
        add_sources(connection, [SourceEntry("https://localhost/feed", "feed", "A Paper")], now=NOW)
    assert faults(copy) == {}
    with store.write() as connection:
        connection.execute(update(sources).values(next_poll=NOW - timedelta(hours=3)))
    assert "overdue" in str(faults(copy)["sources"].fault)
    with store.write() as connection:
        connection.execute(update(sources).values(status="silent"))
    assert faults(copy)["sources"].fault == "1 source is silent or failing (A Paper silent)"
    store.close()
