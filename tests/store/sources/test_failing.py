"""Sources that fail: counted whatever the reason, and one alarm when most do at once; on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from onestory.store.database import Store
from onestory.store.frontier.scope import CrawlScope
from onestory.store.schema import events, sources
from onestory.store.sources.failing import failing_sources
from onestory.store.sources.health import PollResult
from onestory.store.sources.polls import due_sources, record_poll
from onestory.store.sources.source_list import SourceEntry, add_sources
from tests.readings import NOON

QUARTER = timedelta(minutes=15)


class Sources:
    """Some sources, each on a host of its own, that are polled in turn."""

    def __init__(self, store: Store, count: int) -> None:
        self.store = store
        self.now = NOON
        self.hosts = [f"s{number}.example" for number in range(count)]
        with store.write() as connection:
            entries = [SourceEntry(f"https://{host}/feed", "feed", host) for host in self.hosts]
            add_sources(connection, entries, now=NOON)

    def poll(self, *statuses: str) -> None:
        """One poll of each of the first sources."""
        self.now += QUARTER
        for host, status in zip(self.hosts, statuses, strict=False):
            with self.store.write() as connection:
                connection.execute(update(sources).where(sources.c.host == host).values(next_poll=self.now))
                (source,) = due_sources(connection, host, CrawlScope(), now=self.now, limit=1)
                is_success = status in ("ok", "slow")
                result = PollResult(status, f"it is {status}", self.now + QUARTER, 0, is_success=is_success)
                record_poll(connection, source, result, now=self.now)

    @property
    def told(self) -> list[str]:
        with self.store.read() as connection:
            return list(connection.execute(select(events.c.kind).order_by(events.c.id)).scalars())


def test_every_source_that_brings_nothing_counts_and_one_not_polled_yet_does_not(store: Store) -> None:
    Sources(store, 8).poll("ok", "slow", "error", "gone", "robots", "empty", "blocked")
    with store.read() as connection:
        found = failing_sources(connection)
    assert (found.polled, found.total, found.is_general) == (7, 5, True)
    assert found.sentence() == "5 of 7 sources fail (1 blocked, 1 empty, 1 error, 1 gone, 1 robots)"


def test_most_sources_failing_at_once_are_one_alarm_that_says_so(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    some = Sources(store, 6)
    some.poll(*["ok"] * 6)
    for _ in range(4):
        some.poll(*["error"] * 6)
    assert some.told == ["sources.failing"]
    [said] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert said.getMessage().startswith("4 of 6 sources fail (4 error)")
    with store.read() as connection:
        data = connection.execute(select(events.c.data)).scalar_one()
        assert failing_sources(connection).sentence() == "6 of 6 sources fail (6 error)"
    assert (data["failing"], data["sources"], data["why"]) == (4, 6, "it is error")


def test_what_still_fails_when_most_work_again_has_its_own_alarm_and_the_next_time_is_told_again(store: Store) -> None:
    some = Sources(store, 6)
    for _ in range(4):
        some.poll(*["error"] * 6)
    some.poll("ok", "ok", "ok", "ok", "ok", "gone")
    assert some.told == ["sources.failing", "source.failed"]
    some.poll(*["error"] * 6)
    assert some.told == ["sources.failing", "source.failed", "sources.failing"]


def test_of_one_or_two_sources_each_has_its_own_alarm(store: Store) -> None:
    some = Sources(store, 2)
    some.poll("error", "error")
    with store.read() as connection:
        assert not failing_sources(connection).is_alarm
    for _ in range(2):
        some.poll("error", "error")
    assert some.told == ["source.failed", "source.failed"]
    with store.read() as connection:
        assert failing_sources(connection).is_alarm


def test_a_disabled_source_does_not_count(store: Store) -> None:
    Sources(store, 3).poll("ok", "error", "error")
    with store.write() as connection:
        connection.execute(update(sources).where(sources.c.status == "error").values(enabled=False))
    with store.read() as connection:
        assert failing_sources(connection).sentence() == "0 of 1 sources fail"
