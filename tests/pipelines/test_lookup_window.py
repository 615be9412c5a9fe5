"""A lookup says what it cannot see."""

from dedupe.index import BandIndex
from pipelines.engine import redis_client
from pipelines.lookup import look_up
from pipelines.registry import Registry
from store.database import Store
from tests.readings import reading, take
from tests.wire import wire_article


def test_a_lookup_says_when_the_oldest_articles_have_left_the_index(store: Store, redis_url: str, prefix: str) -> None:
    index = BandIndex(redis_client(redis_url), prefix=prefix.strip("{}:"), epoch_articles=2, epochs=2)
    registry = Registry(store, index, ensure_server=lambda: None)
    take(store, registry, [reading(f"https://a.example/{seed}", wire_article(seed)) for seed in range(3)])
    assert not look_up(store, registry, wire_article(0)).window_is_full
    for seed in range(3, 9):
        take(store, registry, [reading(f"https://a.example/{seed}", wire_article(seed))])
    asked = look_up(store, registry, wire_article(0))
    assert asked.window_is_full
    assert [found.share for found in asked.found] == [1.0]
    assert registry.stats().ids < 9
    index.redis.close()
