"""A lookup says what it cannot see."""

from onestory.dedupe.index import BandIndex
from onestory.pipelines.runtime.engine import redis_client
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.stories.lookup import look_up
from onestory.store.database import Store
from tests.news_texts import wire_article
from tests.readings import reading, take


def test_a_lookup_says_when_the_oldest_articles_have_left_the_index(store: Store, redis_url: str, prefix: str) -> None:
    index = BandIndex(redis_client(redis_url), prefix=prefix.strip("{}:"), epoch_articles=2, epochs=2)
    index_client = IndexClient(store, index, ensure_server=lambda: None)
    take(store, index_client, [reading(f"https://a.example/{seed}", wire_article(seed)) for seed in range(3)])
    assert not look_up(store, index_client, wire_article(0)).window_is_full
    for seed in range(3, 9):
        take(store, index_client, [reading(f"https://a.example/{seed}", wire_article(seed))])
    asked = look_up(store, index_client, wire_article(0))
    assert asked.window_is_full
    assert [found.share for found in asked.found] == [1.0]
    assert index_client.stats().ids < 9
    index.redis.close()
