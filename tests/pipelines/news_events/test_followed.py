"""A watch follows a news event: what joins it is a hit, once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from onestory.errors import BadInput, NotFound
from onestory.pipelines.news_events.decisions import merge_events
from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.pipelines.stories.decisions import DecisionNote
from onestory.pipelines.takedown import take_down
from onestory.pipelines.watches.creation import WatchRequest, create_watch
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.database import Store
from onestory.store.events.event_log import events_after
from onestory.store.news_events.records import resolve_news_event
from onestory.store.watches.hits import stories_of_watch
from onestory.store.watches.watches import end_watch
from onestory.urls import article_id_of_url
from tests.news_events.reports import report
from tests.readings import NOON, fresh_registry, reading, take


def of_report(happening: int, writer: int) -> ProcessedCapture:
    title, text = report(happening, writer)
    return reading(url(happening, writer), text, title=title)


def url(happening: int, writer: int) -> str:
    return f"https://writer{writer}.example/{happening}"


def follow(store: Store, happening: int) -> int:
    event = article_id_of_url(url(happening, 0))
    return create_watch(store, WatchRequest(news_event=event), clock=lambda _: NOON).watch.id


def group(store: Store) -> None:
    grouper = NewsEventGrouper(store)
    while grouper.step(now=NOON):
        pass


def told(store: Store) -> list[tuple[str, str]]:
    """The kind of hit and the article of each alert, in order."""
    with store.read() as connection:
        entries = [one for one in events_after(connection, after=0, limit=100) if one.kind == "watch.matched"]
    return [(str(one.data["how"]), str(one.data["article"])) for one in entries]


def held(connection: Connection, watch: int) -> int:
    return len(stories_of_watch(connection, watch, limit=100))


@pytest.fixture
def grouped(store: Store, redis_url: str, prefix: str) -> Store:
    take(store, fresh_registry(store, redis_url, prefix), [of_report(at, by) for at in range(2) for by in range(2)])
    group(store)
    return store


@pytest.fixture
def small(sqlite_store_url: str) -> Iterator[Store]:
    store = Store.open(sqlite_store_url)
    yield store
    store.close()


def test_newcomers_of_the_event_are_told_once_and_others_not(grouped: Store, redis_url: str, prefix: str) -> None:
    watch = follow(grouped, 0)
    with grouped.read() as connection:
        assert held(connection, watch) == 2
    assert told(grouped) == []
    index_client = fresh_registry(grouped, redis_url, prefix)
    for newcomer in (of_report(0, 2), of_report(1, 2), of_report(0, 3)):
        take(grouped, index_client, [newcomer])
        group(grouped)
    expected = [("event", article_id_of_url(url(0, writer))) for writer in (2, 3)]
    assert told(grouped) == expected
    with grouped.write() as connection:
        end_watch(connection, watch, now=NOON)
    take(grouped, index_client, [of_report(0, 4)])
    group(grouped)
    assert told(grouped) == expected


def test_it_follows_through_a_merge_and_a_takedown_of_the_first_story(
    small: Store, redis_url: str, prefix: str
) -> None:
    index_client = fresh_registry(small, redis_url, prefix)
    take(small, index_client, [of_report(at, by) for at in range(2) for by in range(2)])
    group(small)
    follow(small, 1)
    with small.read() as connection:
        events = [resolve_news_event(connection, article_id_of_url(url(at, 0))) for at in range(2)]
    merge_events(small, events, DecisionNote("ada", "one affair", NOON))
    assert {article for _, article in told(small)} == {article_id_of_url(url(0, writer)) for writer in range(2)}
    take_down(small, index_client, url(1, 0), reason="a court", archived=[], now=NOON)
    take(small, index_client, [of_report(1, 3)], now=NOON + timedelta(minutes=1))
    group(small)
    assert told(small)[-1] == ("event", article_id_of_url(url(1, 3)))


def test_the_watch_is_named_after_the_event_which_must_exist(small: Store, redis_url: str, prefix: str) -> None:
    take(small, fresh_registry(small, redis_url, prefix), [of_report(0, 0)])
    group(small)
    event = article_id_of_url(url(0, 0))
    made = create_watch(small, WatchRequest(news_event=event), clock=lambda _: NOON)
    assert (made.watch.name, made.watch.news_event, made.gathered) == (report(0, 0)[0], event, 1)
    with pytest.raises(NotFound):
        create_watch(small, WatchRequest(news_event="0" * 24), clock=lambda _: NOON)
    with pytest.raises(BadInput, match="--news-event"):
        create_watch(small, WatchRequest(), clock=lambda _: NOON)
