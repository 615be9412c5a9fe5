"""The log of events: numbers that only rise, kept with the change they tell of, forgotten in the open."""

import threading
from datetime import UTC, datetime, timedelta

from onestory.store.database import Store
from onestory.store.events.event_log import add_event, delete_events, event_log_bounds, events_after, flush_events
from tests.store.locks import lock_waiters
from tests.waiting import wait_until

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def tell(store: Store, *, story_id: str = "a", at: datetime = NOON) -> None:
    with store.write() as connection:
        add_event(connection, "story.grew", now=at, story_id=story_id)


def numbers(store: Store, after: int = 0) -> list[int]:
    with store.read() as connection:
        return [event.id for event in events_after(connection, after, limit=1000)]


def test_an_event_that_is_committed_later_has_a_higher_number(store: Store) -> None:
    """Also where the one transaction drew its number first, and is slow to commit."""
    late = threading.Thread(target=tell, args=(store,))
    with store.write() as connection:
        add_event(connection, "story.created", now=NOON, story_id="a")
        flush_events(connection)
        late.start()
        if store.dialect == "postgresql":
            wait_until(lambda: lock_waiters(connection) == 1)
        assert numbers(store) == []
    late.join()
    with store.read() as connection:
        assert [event.kind for event in events_after(connection, 0, limit=9)] == ["story.created", "story.grew"]


def test_a_reader_beside_many_writers_misses_none_and_gets_none_twice(store: Store) -> None:
    writers = [threading.Thread(target=lambda: [tell(store) for _ in range(10)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    read: list[int] = []
    while any(writer.is_alive() for writer in writers):
        read += numbers(store, after=read[-1] if read else 0)
    read += numbers(store, after=read[-1] if read else 0)
    assert read == numbers(store)
    assert len(read) == 40


def test_what_is_undone_is_not_told(store: Store) -> None:
    try:
        with store.write() as connection:
            add_event(connection, "story.grew", now=NOON)
            raise KeyError
    except KeyError:
        pass
    tell(store)
    assert len(numbers(store)) == 1


def test_who_comes_too_late_is_told_so(store: Store) -> None:
    for days in range(4):
        tell(store, at=NOON + timedelta(days=days))
    first, second, third, fourth = numbers(store)
    with store.write() as connection:
        assert delete_events(connection, before=NOON + timedelta(days=2)) == 2
    with store.read() as connection:
        known = event_log_bounds(connection)
    assert (known.deleted_up_to, known.last) == (second, fourth)
    assert known.is_cursor_expired(first)
    assert not known.is_cursor_expired(second)
    assert not known.is_cursor_expired(third)
    assert not known.is_cursor_expired(fourth)
    assert known.is_cursor_expired(fourth + 1)


def test_a_log_that_was_forgotten_whole_goes_on_with_its_numbers(store: Store) -> None:
    tell(store)
    [first] = numbers(store)
    with store.write() as connection:
        delete_events(connection, before=NOON + timedelta(days=1))
    with store.read() as connection:
        assert event_log_bounds(connection).last == first
    tell(store)
    assert numbers(store) == [first + 1]


def test_a_store_wakes_others_only_when_there_is_something_to_read(store: Store) -> None:
    woken: list[int] = []
    store.on_events = lambda: woken.append(len(numbers(store)))
    with store.write():
        pass
    tell(store)
    assert woken == [1]
