"""Changes of stories are reported once: one event for each story and batch."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from onestory.pipelines.stories.decisions import DecisionNote, merge_stories, split_story, undo_decision
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.takedown import take_down
from onestory.store.articles.save import SaveResult
from onestory.store.articles.versions import reopen_after_sequence
from onestory.store.database import Store
from onestory.store.events.event_log import EventRecord, events_after
from onestory.store.schema import events, webhook_messages
from onestory.store.webhooks.outbox import add_message
from onestory.store.webhooks.webhooks import WebhookEntry, add_webhook
from tests.news_texts import excerpt, wire_article
from tests.readings import NOON, fresh_registry, reading, take

WORD = DecisionNote("eva", "they told us", NOON)


@pytest.fixture
def index_client(store: Store, redis_url: str, prefix: str) -> IndexClient:
    return fresh_registry(store, redis_url, prefix)


def url(name: str) -> str:
    return f"https://{name}.example/story"


def put(store: Store, index_client: IndexClient, *told: tuple[str, str], hours: float = 0) -> list[SaveResult]:
    seen = NOON + timedelta(hours=hours)
    return take(
        store, index_client, [reading(url(name), text, observed=seen, title=name) for name, text in told], now=seen
    )


def told(store: Store, after: int = 0) -> list[EventRecord]:
    with store.read() as connection:
        return events_after(connection, after, limit=100)


def kinds(store: Store) -> list[tuple[str, str | None]]:
    return [(event.kind.removeprefix("story."), event.story_id) for event in told(store)]


def test_a_batch_of_copies_makes_one_event(store: Store, index_client: IndexClient) -> None:
    first, *_ = put(store, index_client, *[(f"paper{n}", wire_article(1)) for n in range(5)])
    assert kinds(store) == [("created", first.article_id)]
    assert told(store)[0].data == {"copies": 5, "outlets": 5, "owners": 5}
    put(store, index_client, *[(f"later{n}", wire_article(1)) for n in range(3)], hours=1)
    assert kinds(store) == [("created", first.article_id), ("grew", first.article_id)]
    assert told(store)[1].data == {"copies": 8, "outlets": 8, "owners": 8, "added": 3}


def test_the_long_way_into_a_story_tells_the_same(store: Store, index_client: IndexClient) -> None:
    """A fuller text after its excerpt changes the whole story, and is one more copy."""
    [first] = put(store, index_client, ("short", excerpt(wire_article(1), paragraphs=4)))
    put(store, index_client, ("full", wire_article(1)), ("fuller", f"{wire_article(1)} And then it rained."), hours=1)
    assert kinds(store) == [("created", first.article_id), ("grew", first.article_id)]
    assert told(store)[1].data["added"] == 2


def test_what_is_attached_again_is_not_told_again(store: Store, index_client: IndexClient) -> None:
    put(store, index_client, ("herald", wire_article(1)), ("mirror", wire_article(2)))
    before = kinds(store)
    index_client.index.redis.delete(*index_client.index.redis.keys(f"*{index_client.index.prefix}*"))
    with store.write() as connection:
        reopen_after_sequence(connection, after_sequence=-1)
    index_client.rebuild()
    put(store, index_client)
    assert kinds(store) == before


def test_a_new_text_is_told_as_that_of_the_original_or_of_a_copy(store: Store, index_client: IndexClient) -> None:
    [first] = put(store, index_client, ("herald", wire_article(1)))
    put(store, index_client, ("mirror", wire_article(1)), hours=1)
    put(store, index_client, ("mirror", f"{wire_article(1)} Our own line."), hours=2)
    assert kinds(store)[2:] == [("corrected", first.article_id)]
    assert told(store)[2].data["is_original"] is False
    [changed] = put(store, index_client, ("herald", f"{wire_article(1)} Corrected: it was Tuesday."), hours=3)
    assert kinds(store)[3:] == [("corrected", first.article_id)]
    last = told(store)[3].data
    assert (last["is_original"], last["article"], last["version"]) == (True, first.article_id, changed.number)


def test_an_archive_makes_stories_and_no_events(store: Store, index_client: IndexClient) -> None:
    old = [reading(url(f"old{n}"), wire_article(n), observed=NOON - timedelta(days=8)) for n in range(3)]
    take(store, index_client, old, now=NOON)
    assert kinds(store) == []
    put(store, index_client, ("herald", wire_article(1)))
    assert [kind for kind, _ in kinds(store)] == ["grew"]


def test_a_decision_is_told_as_merge_and_split(store: Store, index_client: IndexClient) -> None:
    [a, b] = (
        saved.article_id for saved in put(store, index_client, ("herald", wire_article(1)), ("mirror", wire_article(2)))
    )
    merged = merge_stories(store, [a, b], WORD)
    survivor, absorbed = merged.stories[0], ({a, b} - {merged.stories[0]}).pop()
    assert kinds(store)[2:] == [("merged", survivor)]
    assert told(store)[2].data == {"copies": 2, "outlets": 2, "owners": 2, "absorbed": [absorbed]}
    undo_decision(store, merged.number, WORD)
    assert kinds(store)[3:] == [("split", survivor)]
    assert told(store)[3].data == {"copies": 1, "outlets": 1, "owners": 1, "parts": [absorbed]}


def test_a_split_names_its_parts(store: Store, index_client: IndexClient) -> None:
    saved = put(store, index_client, *[(f"paper{n}", wire_article(1)) for n in range(3)])
    split_story(store, [url("paper2")], WORD)
    assert kinds(store)[1:] == [("split", saved[0].article_id)]
    assert told(store)[1].data["parts"] == [saved[2].article_id]


def test_a_takedown_leaves_one_event_and_no_message(store: Store, index_client: IndexClient) -> None:
    [gone, stays] = put(store, index_client, ("herald", wire_article(1)), ("mirror", wire_article(2)))
    with store.write() as connection:
        hook = add_webhook(connection, WebhookEntry("https://hooks.example/"), secret="whsec_AAAA", now=NOON)
        for saved in (gone, stays):
            add_message(connection, hook.id, [], story_id=saved.article_id, due=NOON, now=NOON)
    take_down(store, index_client, url("herald"), reason="order 7", archived=(), now=NOON)
    assert kinds(store) == [("created", stays.article_id), ("withdrawn", gone.article_id)]
    with store.read() as connection:
        assert connection.execute(select(webhook_messages.c.story_id)).scalars().all() == [stays.article_id]


def test_a_story_that_loses_its_first_article_is_absorbed_by_the_next(store: Store, index_client: IndexClient) -> None:
    [gone, stays] = put(store, index_client, ("herald", wire_article(1)), ("mirror", wire_article(1)))
    take_down(store, index_client, url("herald"), reason="order 7", archived=(), now=NOON)
    assert kinds(store) == [("merged", stays.article_id)]
    assert told(store)[0].data["absorbed"] == [gone.article_id]
    with store.read() as connection:
        assert gone.article_id not in connection.execute(select(events.c.story_id)).scalars().all()
