"""The process beside a server that groups changed stories into news events."""

import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from onestory.config import Config
from onestory.newsroom.news_events import follow
from onestory.newsroom.news_events.follow import (
    LEAST_AT_ONCE,
    MOST_AT_ONCE,
    NewsEventFollower,
    follow_stories,
    next_limit,
    only_one,
)
from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.store.database import Store
from onestory.store.news_events.records import NewsEventFilter, list_news_events
from onestory.times import utc_now
from tests.cli import onestory
from tests.news_events.reports import report
from tests.newsroom.test_news_events import reports
from tests.newsroom.test_run_command import get, is_gone, running
from tests.readings import fresh_registry, take
from tests.waiting import wait_until


def events_of(store: Store) -> int:
    with store.read() as connection:
        return len(list_news_events(connection, NewsEventFilter(min_stories=2), limit=10)[0])


def test_one_process_groups_at_a_time_and_the_next_takes_over(
    store: Store, store_url: str, redis_url: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "RETRY_SECONDS", 0.1)
    config = Config.read({"ONESTORY_DATABASE_URL": store_url}, home=tmp_path / "home")
    index_client = fresh_registry(store, redis_url, prefix)
    index_client.rebuild()
    take(store, index_client, reports(happenings=2))
    with NewsEventFollower(config):
        wait_until(lambda: events_of(store) == 2)
        with only_one(store, config) as is_ours:
            assert not is_ours()
        second = NewsEventFollower(config)
        second.__enter__()
    try:
        take(store, index_client, reports(happenings=3), now=utc_now())
        wait_until(lambda: events_of(store) == 3)
    finally:
        second.__exit__(None, None, None)
        index_client.index.redis.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unexpected_error_ends_the_process(
    sqlite_store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> int:
        raise RuntimeError("unexpected")

    monkeypatch.setattr(NewsEventGrouper, "step", fail)
    monkeypatch.setattr(follow, "NICENESS", 0)
    with pytest.raises(SystemExit):
        follow_stories(Config.read({"ONESTORY_DATABASE_URL": sqlite_store_url}, home=tmp_path / "home"))


def test_long_steps_take_more_stories_and_short_ones_less() -> None:
    limit = LEAST_AT_ONCE
    for _ in range(20):
        limit = next_limit(limit, 10.0)
    assert limit == MOST_AT_ONCE
    for _ in range(20):
        limit = next_limit(limit, 0.1)
    assert limit == LEAST_AT_ONCE


def test_a_server_groups_beside_itself_until_it_is_killed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources.toml").write_text('[[source]]\nurl = "http://127.0.0.1:9/feed"\nkind = "feed"\noutlet = "X"\n')
    monkeypatch.setenv("ONESTORY_SOURCES", str(tmp_path / "sources.toml"))
    with running(home=home) as (process, address):
        imported = tmp_path / "reports.jsonl"
        imported.write_text("".join(json.dumps(row) + "\n" for row in rows()))
        assert onestory("import", str(imported), home=home).returncode == 0
        wait_until(lambda: get(f"{address}/v1/news-events?min_stories=2")["news_events"])
        [beside] = [one for one in psutil.Process(process.pid).children() if "follow" in one.cmdline()]
        process.kill()
        process.wait()
        wait_until(lambda: is_gone(beside))


def rows() -> Iterator[dict[str, str]]:
    """Two reports of one happening."""
    for writer in range(2):
        title, text = report(0, writer)
        url = f"https://writer{writer}.example/0"
        yield {"url": url, "title": title, "text": text, "outlet": f"Writer {writer}"}
