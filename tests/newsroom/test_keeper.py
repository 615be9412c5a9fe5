"""An index that is lost while only the pages are served comes back by itself."""

from pathlib import Path

from redis import Redis

from onestory.config import Config
from onestory.newsroom.maintenance.background import IndexMonitor
from onestory.pipelines.runtime.engine import open_engine
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
