"""The weekly audit of a crawl, and where its result is shown."""

from datetime import timedelta
from pathlib import Path

from redis import Redis

from onestory.config import Config
from onestory.newsroom.batch.weekly_audit import WeeklyAudit
from onestory.newsroom.maintenance.status import status_lines, status_of
from onestory.pipelines.runtime.engine import Engine
from onestory.store.audits import AuditRecord, read_last_audit, write_last_audit
from onestory.store.database import Store
from onestory.times import utc_now
from tests.batch_rows import mixed_rows
from tests.batches import imported, write_jsonl
from tests.readings import fresh_registry


def last_audit(store: Store) -> AuditRecord | None:
    with store.read() as connection:
        return read_last_audit(connection)


def test_a_crawl_audits_its_stories_once_a_week(
    sqlite_store_url: str, redis_client: Redis, prefix: str, tmp_path: Path
) -> None:
    store = Store.open(sqlite_store_url)
    imported(write_jsonl(tmp_path / "rows.jsonl", mixed_rows()[:20]), store, redis_client, prefix)
    weekly = WeeklyAudit(Config.read({"ONESTORY_DATABASE_URL": sqlite_store_url}, home=tmp_path / "home"))
    assert weekly.check()
    first = last_audit(store)
    assert first is not None
    assert (first.articles > 10, first.differences) == (True, 0)
    assert not weekly.check()
    with store.write() as connection:
        write_last_audit(connection, AuditRecord(first.time - timedelta(days=7), 1, 1, 0))
    assert weekly.check()
    again = last_audit(store)
    assert again is not None
    assert again.time > first.time
    store.close()


def test_the_status_has_the_last_audit_and_asks_for_one_that_found_differences(
    sqlite_store_url: str, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    store = Store.open(sqlite_store_url)
    engine = Engine(store, fresh_registry(store, redis_url, prefix))
    config = Config.read({"ONESTORY_DATABASE_URL": sqlite_store_url}, home=tmp_path)
    found = status_of(config, engine, now=utc_now())
    assert dict(status_lines(found))["last audit"] == "none"
    with store.write() as connection:
        write_last_audit(connection, AuditRecord(utc_now(), 1_480, 1_000, 2))
    found = status_of(config, engine, now=utc_now())
    assert dict(status_lines(found))["last audit"].endswith("1,480 articles, 1,000 stories, 2 differences")
    assert [(task.cause, "2 groups of stories" in task.what) for task in found.todo if task.cause == "audit"] == [
        ("audit", True)
    ]
    engine.index_client.index.redis.close()
    store.close()
