"""Stored stories become news events, whatever the order in which they arrive."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from onestory.errors import BadInput, NotFound
from onestory.pipelines.news_events.decisions import (
    merge_events,
    move_story,
    pin_event_label,
    split_event,
    undo_event_decision,
)
from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.pipelines.stories.decisions import DecisionNote
from onestory.pipelines.takedown import take_down
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.database import Store
from onestory.store.events.event_log import events_after
from onestory.store.news_events.records import (
    NewsEventFilter,
    NewsEventRecord,
    list_news_events,
    resolve_news_event,
    stories_of_events,
)
from onestory.store.schema import articles, news_event_links, news_event_stories
from tests.news_events.reports import report
from tests.readings import NOON, fresh_registry, reading, take


def of_report(happening: int, writer: int, *, observed: datetime = NOON) -> ProcessedCapture:
    title, text = report(happening, writer)
    return reading(f"https://writer{writer}.example/{happening}", text, title=title, observed=observed)


def group(store: Store, *, now: datetime = NOON) -> None:
    grouper = NewsEventGrouper(store)
    while grouper.step(now=now):
        pass


def events_by_url(store: Store) -> set[frozenset[str]]:
    query = select(articles.c.url, news_event_stories.c.event_id)
    query = query.join(news_event_stories, news_event_stories.c.story_id == articles.c.story_id)
    homes: dict[str, set[str]] = {}
    with store.read() as connection:
        for url, event in connection.execute(query):
            homes.setdefault(event, set()).add(url)
    return {frozenset(urls) for urls in homes.values()}


def listed(store: Store) -> list[NewsEventRecord]:
    with store.read() as connection:
        return list_news_events(connection, NewsEventFilter(), limit=100)[0]


THREE_HAPPENINGS = [of_report(happening, writer) for happening in range(3) for writer in range(4)]
AS_WRITTEN = {frozenset(f"https://writer{writer}.example/{happening}" for writer in range(4)) for happening in range(3)}


@pytest.fixture
def taken(store: Store, redis_url: str, prefix: str) -> Store:
    take(store, fresh_registry(store, redis_url, prefix), THREE_HAPPENINGS)
    return store


@pytest.fixture
def small(sqlite_store_url: str) -> Iterator[Store]:
    """An empty store on SQLite alone, for what no database has a part in."""
    store = Store.open(sqlite_store_url)
    yield store
    store.close()


def test_reports_of_one_happening_are_one_event(taken: Store) -> None:
    assert NewsEventGrouper(taken).waiting() == len(THREE_HAPPENINGS)
    group(taken)
    assert NewsEventGrouper(taken).waiting() == 0
    assert events_by_url(taken) == AS_WRITTEN
    assert [(one.stories, one.outlets, one.languages) for one in listed(taken)] == [(4, 4, ("en",))] * 3


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_arrival_changes_no_event(store: Store, redis_url: str, prefix: str, seed: int) -> None:
    shuffled = random.Random(seed).sample(THREE_HAPPENINGS, len(THREE_HAPPENINGS))
    index_client = fresh_registry(store, redis_url, prefix)
    for part in (shuffled[:5], shuffled[5:6], shuffled[6:]):
        take(store, index_client, part)
        group(store)
    assert events_by_url(store) == AS_WRITTEN


def test_copies_are_folded_into_their_story_first(taken: Store, redis_url: str, prefix: str) -> None:
    _, text = report(0, 0)
    copy = reading("https://copier.example/a", text, title="A copy")
    take(taken, fresh_registry(taken, redis_url, prefix), [copy])
    group(taken)
    largest = max(listed(taken), key=lambda one: one.copies)
    assert (largest.stories, largest.copies, largest.outlets) == (4, 5, 5)


def test_a_week_apart_is_another_event(small: Store, redis_url: str, prefix: str) -> None:
    far = [of_report(0, writer, observed=NOON - timedelta(days=8 * writer)) for writer in range(2)]
    take(small, fresh_registry(small, redis_url, prefix), far)
    group(small)
    assert len(events_by_url(small)) == 2


def test_the_daily_piece_of_one_outlet_makes_no_event(small: Store, redis_url: str, prefix: str) -> None:
    daily = [
        reading(
            f"https://a.example/weather-{day}",
            report(0, day)[1],
            title=f"Weather for {day + 1} March",
            observed=NOON + timedelta(days=day),
        )
        for day in range(3)
    ]
    take(small, fresh_registry(small, redis_url, prefix), daily)
    group(small, now=NOON + timedelta(days=3))
    assert len(events_by_url(small)) == 3


NOTE = DecisionNote("Ada", "one summit", NOON)


def test_a_merge_holds_when_stories_arrive_later_and_ends_when_undone(
    taken: Store, redis_url: str, prefix: str
) -> None:
    group(taken)
    before = {event.id for event in listed(taken)}
    one, two, _ = sorted(before)
    merged = merge_events(taken, [one, two], NOTE)
    assert sorted(event.stories for event in listed(taken)) == [4, 8]
    take(taken, fresh_registry(taken, redis_url, prefix), [of_report(happening, 9) for happening in range(3)])
    group(taken)
    assert sorted(event.stories for event in listed(taken)) == [5, 10]
    undo_event_decision(taken, merged.number, NOTE)
    assert {event.id for event in listed(taken)} == before


def members_of(store: Store, event: NewsEventRecord) -> list[str]:
    with store.read() as connection:
        return stories_of_events(connection, [event.id])[event.id]


def test_a_split_takes_out_what_was_named_and_nothing_else(taken: Store) -> None:
    group(taken)
    split_event(taken, members_of(taken, listed(taken)[0])[:2], NOTE)
    assert sorted(one.stories for one in listed(taken)) == [2, 2, 4, 4]


def test_a_story_moves_to_another_event(taken: Store) -> None:
    group(taken)
    one, two, _ = listed(taken)
    moved = members_of(taken, one)[0]
    move_story(taken, moved, two.id, NOTE)
    assert sorted(event.stories for event in listed(taken)) == [3, 4, 5]
    with taken.read() as connection:
        assert resolve_news_event(connection, moved) == resolve_news_event(connection, two.id)


def test_decisions_that_change_nothing_are_refused(taken: Store) -> None:
    group(taken)
    event = listed(taken)[0]
    with pytest.raises(BadInput, match="one news event already"):
        merge_events(taken, [event.id, members_of(taken, event)[0]], NOTE)
    with pytest.raises(BadInput, match="all the stories"):
        split_event(taken, members_of(taken, event), NOTE)
    with pytest.raises(NotFound, match="no news event"):
        merge_events(taken, ["0" * 24, event.id], NOTE)


def test_a_pinned_label_names_the_event(taken: Store) -> None:
    group(taken)
    event = listed(taken)[0]
    other = next(story for story in members_of(taken, event) if story != event.label_story)
    pin_event_label(taken, other, NOTE)
    after = {one.id: one for one in listed(taken)}[event.id]
    assert (after.label_story, after.is_label_pinned) == (other, True)


def test_what_is_taken_down_leaves_its_event(taken: Store, redis_url: str, prefix: str) -> None:
    group(taken)
    index_client = fresh_registry(taken, redis_url, prefix)
    take_down(taken, index_client, "https://writer0.example/0", reason="a court", archived=[], now=NOON)
    group(taken)
    assert sorted(map(len, events_by_url(taken))) == [3, 4, 4]
    with taken.read() as connection:
        known = set(connection.execute(select(news_event_stories.c.story_id)).scalars())
        ends = connection.execute(select(news_event_links.c.a, news_event_links.c.b)).all()
    assert {end for pair in ends for end in pair} <= known


def test_a_takedown_while_stories_are_grouped_leaves_nothing_behind(taken: Store, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(taken, redis_url, prefix)

    class Overtaken(NewsEventGrouper):
        """Between what it reads and what it writes, a story is taken down."""

        def _read(self, limit: int) -> Any:
            batch = super()._read(limit)
            if url := urls.pop() if urls else None:
                take_down(taken, index_client, url, reason="a court", archived=[], now=NOON)
            return batch

    urls = ["https://writer0.example/0"]
    grouper = Overtaken(taken)
    while grouper.step(now=NOON):
        pass
    assert sorted(map(len, events_by_url(taken))) == [3, 4, 4]
    assert sorted(event.stories for event in listed(taken)) == [3, 4, 4]


def kinds_since(store: Store, after: int) -> Sequence[str]:
    with store.read() as connection:
        found = events_after(connection, after, limit=1000)
    return [one.kind for one in found if one.kind.startswith("coverage.")]


def test_the_log_says_that_coverage_started_and_grew(small: Store, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(small, redis_url, prefix)
    take(small, index_client, [of_report(0, 0)])
    group(small)
    assert kinds_since(small, 0) == []
    take(small, index_client, [of_report(0, 1)])
    group(small)
    take(small, index_client, [of_report(0, 2)])
    group(small)
    assert kinds_since(small, 0) == ["coverage.started", "coverage.grew"]


def test_two_groupers_agree(store: Store, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    groupers = [NewsEventGrouper(store) for _ in range(2)]
    for at, one in enumerate(THREE_HAPPENINGS):
        take(store, index_client, [one])
        while groupers[at % 2].step(now=NOON):
            pass
    assert events_by_url(store) == AS_WRITTEN
