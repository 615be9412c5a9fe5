"""What the freshness of many stories costs."""

from sqlalchemy import event

from onestory.pipelines.versions.freshness import FreshnessCache
from onestory.store.database import Store
from tests.news_texts import wire_article
from tests.readings import fresh_registry, reading, stories_of, take


def test_your_own_outlets_are_read_once_for_all_stories(sqlite_store_url: str, redis_url: str, prefix: str) -> None:
    store = Store.open(sqlite_store_url)
    client = fresh_registry(store, redis_url, prefix)
    client.rebuild()
    take(store, client, [reading(f"https://outlet{at}.example/a", wire_article(at)) for at in range(4)])
    records, asked = stories_of(store), []
    event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    with store.read() as connection:
        found = FreshnessCache().of_all(connection, records)
    assert (len(records), set(found)) == (4, {record.id for record in records})
    assert len([statement for statement in asked if "FROM outlets" in statement]) == 1
    client.index.redis.close()
    store.close()
