"""An index that is lost while only the pages are served comes back by itself."""

from itertools import chain, repeat
from pathlib import Path

import pytest
from redis import Redis

from onestory.config import Config
from onestory.errors import IndexUnavailable
from onestory.newsroom.maintenance.background import IndexMonitor
from onestory.pipelines.runtime.engine import open_engine
from onestory.pipelines.stories import index_client
from tests.news_texts import wire_article
from tests.readings import reading, take
from tests.servers import redis_server
from tests.waiting import wait_until


def test_a_flushed_index_is_rebuilt_without_a_crawl(home: Path) -> None:
    with redis_server() as url:
        config = Config.read({"ONESTORY_REDIS_URL": url}, home=home)
        with open_engine(config) as engine:
            take(engine.store, engine.index_client, [reading("https://herald.example/1", wire_article(1))])
            with Redis.from_url(url) as client:
                client.flushall()
            assert not engine.index_client.is_whole()
            with IndexMonitor(config):
                wait_until(engine.index_client.is_whole)


def test_a_server_that_stops_does_not_wait_for_the_whole_index(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_client, "BATCH", 1)
    with redis_server() as url:
        config = Config.read({"ONESTORY_REDIS_URL": url}, home=home)
        with open_engine(config) as engine:
            pages = [reading(f"https://herald{number}.example/1", wire_article(number)) for number in range(3)]
            take(engine.store, engine.index_client, pages)
            with Redis.from_url(url) as client:
                client.flushall()
            monitor = IndexMonitor(config)
            answers = chain([False], repeat(True))  # asked to stop when the first batch is made
            monkeypatch.setattr(monitor.stopping, "is_set", lambda: next(answers))
            with pytest.raises(IndexUnavailable, match="stopped while the index was being made"):
                monitor.work()
            assert not engine.index_client.is_whole()
            engine.index_client.recover()
            assert engine.index_client.is_whole()
