"""An index that is lost while only the pages are served comes back by itself."""

from pathlib import Path

from redis import Redis

from newsroom.keeper import Keeper
from pipelines.engine import open_engine
from store.config import Config
from tests.readings import reading, take
from tests.servers import redis_server
from tests.waiting import wait_until
from tests.wire import wire_article


def test_a_flushed_index_is_rebuilt_without_a_crawl(home: Path) -> None:
    with redis_server() as url:
        config = Config.read({"ONESTORY_REDIS_URL": url}, home=home)
        with open_engine(config) as engine:
            take(engine.store, engine.registry, [reading("https://herald.example/1", wire_article(1))])
            with Redis.from_url(url) as client:
                client.flushall()
            assert not engine.registry.is_whole()
            with Keeper(config):
                wait_until(engine.registry.is_whole)
