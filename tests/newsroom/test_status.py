"""`onestory status`: sizes, growth, the day the disk is full, queues, and what to do first."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import update

from onestory.config import Config
from onestory.newsroom.maintenance import status
from onestory.newsroom.maintenance.status import Status, Task, disk_forecasts, status_of
from onestory.pipelines.runtime.engine import Engine
from onestory.store.database import Store
from onestory.store.schema import articles
from onestory.store.settings import LAST_BACKUP, write_setting
from onestory.times import iso_utc, utc_now
from tests.cli import onestory, write_rows
from tests.news_texts import wire_article
from tests.newsroom.locked import locked_desk
from tests.readings import fresh_registry, reading, take

URLS = [f"https://outlet{number}.example/ferry" for number in range(4)]
GB = 1_000_000_000
TODAY = date(2026, 11, 23)


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def engine(store: Store, redis_url: str, prefix: str) -> Iterator[Engine]:
    client = fresh_registry(store, redis_url, prefix)
    client.rebuild()
    take(store, client, [reading(url, wire_article(at % 2)) for at, url in enumerate(URLS)])
    yield Engine(store, client)
    client.index.redis.close()


@pytest.fixture
def config(store_url: str, home: Path) -> Config:
    home.mkdir()
    return Config.read({"ONESTORY_HOME": str(home), "ONESTORY_DATABASE_URL": store_url})


def status_now(config: Config, engine: Engine) -> Status:
    return status_of(config, engine, now=utc_now())


def test_status_counts_what_is_stored_and_what_waits(config: Config, engine: Engine) -> None:
    found = status_now(config, engine)
    assert (found.rows["articles"], found.rows["versions"], found.rows["stories"]) == (4, 4, 4)
    assert found.size["database"] > 10_000
    assert (found.size["warc"], found.index, found.waiting["articles"], found.waiting["pages"]) == (0, "ready", 0, 0)
    assert found.size["index"] > 0


def test_growth_is_that_of_fetched_articles_of_the_last_week(config: Config, engine: Engine) -> None:
    now = datetime.now(UTC)
    ages = {URLS[0]: 30, URLS[1]: 3, URLS[2]: 1}
    with engine.store.write() as connection:
        connection.execute(update(articles).values(is_observed=False, first_seen=now))
        for url, days in ages.items():
            values = {"is_observed": True, "first_seen": now - timedelta(days=days)}
            connection.execute(update(articles).where(articles.c.url == url).values(**values))
    found = status_now(config, engine)
    assert found.articles_a_day == pytest.approx(2 / 7)
    if engine.store.dialect == "sqlite":
        assert found.disks[0].growth == pytest.approx(found.size["database"] / 4 * 2 / 7)


def test_archives_count_with_what_they_grew_by_in_a_week(config: Config, engine: Engine) -> None:
    for name, days, size in (("a", 40, 500), ("b", 2, 700)):
        path = config.home / f"{name}.warc.gz"
        path.write_bytes(b"x" * size)
        changed = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        os.utime(path, (changed, changed))
    before = status_now(config, engine)
    assert before.size["warc"] == 1200
    (config.home / "b.warc.gz").unlink()
    assert before.disks[0].growth - status_now(config, engine).disks[0].growth == pytest.approx(100)


def test_a_backup_that_is_missing_or_late_is_the_first_thing_to_do(config: Config, engine: Engine) -> None:
    assert status_now(config, engine).todo == (Task("backup", "run `onestory backup DIR`: there is no backup yet"),)
    for days, todo in ((1, 0), (3, 1)):
        with engine.store.write() as connection:
            write_setting(connection, LAST_BACKUP, iso_utc(utc_now() - timedelta(days=days)))
        found = status_now(config, engine)
        assert len(found.todo) == todo
        assert all("the last backup is 3 days old" in task.what for task in found.todo)


def test_an_index_that_is_lost_is_said_before_the_backup(config: Config, engine: Engine) -> None:
    engine.index_client.index.create("another")
    found = status_now(config, engine)
    assert (found.index, len(found.todo)) == ("rebuilding", 2)
    assert "onestory reindex" in found.todo[0].what


@pytest.mark.parametrize(
    ("free", "growth", "full", "is_full"),
    [
        (100 * GB, GB, date(2026, 11, 23) + timedelta(days=50), False),
        (100 * GB, 0.0, None, False),
        (100 * GB, 1.0, None, False),
        (49 * GB, GB, TODAY, True),
    ],
)
def test_the_disk_is_full_when_five_percent_are_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, growth: float, full: date | None, is_full: bool
) -> None:
    monkeypatch.setattr(status.shutil, "disk_usage", lambda folder: Usage(1000 * GB, 1000 * GB - free, free))
    [found] = disk_forecasts([(tmp_path / "not yet", growth / 2), (tmp_path, growth / 2)], today=TODAY)
    assert (found.full, found.is_full, found.free, found.growth) == (full, is_full, free, growth)


def test_a_full_disk_comes_first(monkeypatch: pytest.MonkeyPatch, config: Config, engine: Engine) -> None:
    monkeypatch.setattr(status.shutil, "disk_usage", lambda folder: Usage(1000 * GB, 960 * GB, 40 * GB))
    assert status_now(config, engine).todo[0].what.endswith("less than 5% is free, and the crawl has stopped")


def test_the_command_exits_with_1_while_there_is_something_to_do(home: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "r.jsonl", {"url": "https://a.example/1", "title": "Ferry", "text": wire_article(1)})
    assert onestory("import", rows, home=home).returncode == 0
    done = onestory("status", home=home)
    assert (done.returncode, done.stderr) == (1, "")
    assert "last backup  none" in done.stdout
    assert "to do 1      run `onestory backup DIR`: there is no backup yet" in done.stdout
    assert onestory("backup", tmp_path / "backups", home=home).returncode == 0
    done = onestory("status", "--json", home=home)
    told = json.loads(done.stdout)
    assert (done.returncode, told["todo"], told["index"]) == (0, [], "ready")
    assert told["last_backup"].endswith("Z")


def test_administrators_see_it_by_api_and_page(
    config: Config, sqlite_store_url: str, redis_url: str, prefix: str
) -> None:
    store = Store.open(sqlite_store_url)
    client = fresh_registry(store, redis_url, f"{prefix}2")
    told = status_of(config, Engine(store, client), now=utc_now())
    with locked_desk(store, redis_url, prefix, status=lambda: told) as desk:
        found = desk.client.get("/v1/status", headers=desk.bearer("admin")).json()
        assert desk.client.get("/v1/status", headers=desk.bearer("edit")).status_code == 403
        with desk.signed_in("admin") as admin:
            page = admin.get("/settings/status").text
            assert "/settings/status" in admin.get("/settings").text
    assert (found["rows"], found["db_schema"], found["index"]) == (told.rows, told.schema, "rebuilding")
    assert "Nothing is to be done." in page
    assert "not full within ten years" in page
    client.index.redis.close()
    store.close()
