"""What polls do to a source's health: words, alarms, the yield by day and the ledger of gaps; on both databases."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from onestory.errors import BadInput, NotFound
from onestory.store.database import Store
from onestory.store.frontier.hosts import add_hosts
from onestory.store.frontier.scope import CrawlScope
from onestory.store.schema import events, hosts, source_days, sources
from onestory.store.sources import coverage
from onestory.store.sources.coverage import (
    YIELD_RETENTION_DAYS,
    Gap,
    add_closed_gap,
    count_open_gaps,
    daily_yields,
    gaps_of,
    iter_gaps,
    weekly_yields,
)
from onestory.store.sources.health import PollResult, disable_sources_of_host, schedule_poll_now
from onestory.store.sources.polls import due_sources, record_poll
from onestory.store.sources.source_list import SourceEntry, add_sources
from onestory.store.sources.source_records import SourceRecord, load_source, source_records

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FEED = SourceEntry("https://a.example/feed", "feed", "A Paper")
QUARTER = timedelta(minutes=15)


class Polls:
    """One source and its polls, a quarter of an hour apart unless told otherwise."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        with store.write() as connection:
            add_sources(connection, [FEED], now=NOW)
            self.id = connection.execute(select(sources.c.id)).scalar_one()

    def poll(
        self, status: str, *, found: int = 0, listing: str | None = None, later: timedelta = QUARTER
    ) -> SourceRecord:
        with self.store.write() as connection:
            self._poll(connection, status, found=found, listing=listing, later=later)
        return self.record

    def _poll(self, connection: Connection, status: str, *, found: int, listing: str | None, later: timedelta) -> None:
        self.now += later
        is_success = status in ("ok", "slow")
        connection.execute(update(sources).values(next_poll=self.now))
        (source,) = due_sources(connection, "a.example", CrawlScope(), now=self.now, limit=1)
        result = PollResult(
            status,
            None if is_success else f"it is {status}",
            self.now + QUARTER,
            0 if is_success else source.failures + 1,
            pages_found=found,
            listing_digest=listing,
            is_success=is_success,
        )
        record_poll(connection, source, result, now=self.now)

    @property
    def record(self) -> SourceRecord:
        with self.store.read() as connection:
            return load_source(connection, self.id)

    @property
    def gaps(self) -> list[Gap]:
        with self.store.read() as connection:
            return gaps_of(connection, self.id, most=100)

    @property
    def told(self) -> list[tuple[str, int]]:
        with self.store.read() as connection:
            return [tuple(row) for row in connection.execute(select(events.c.kind, events.c.source_id))]

    def live(self, days: int, *, found: int = 3, listings: bool = False) -> None:
        """So many days with something new every six hours."""
        with self.store.write() as connection:
            for number in range(1, days * 4 + 1):
                listing = str(number) if listings else None
                self._poll(connection, "ok", found=found, listing=listing, later=timedelta(hours=6))


@pytest.fixture
def both(store: Store) -> Polls:
    """Once on SQLite and once on PostgreSQL."""
    return Polls(store)


@pytest.fixture
def polls(sqlite_store_url: str) -> Iterator[Polls]:
    """For what is the same on every database, as no SQL of its own is in it."""
    opened = Store.open(sqlite_store_url)
    yield Polls(opened)
    opened.close()


def test_the_third_poll_that_is_blocked_is_told_once(both: Polls):
    both.poll("ok", found=5)
    both.poll("blocked")
    assert (both.poll("blocked").alarmed, both.told) == (None, [])
    first = both.poll("blocked")
    assert (first.alarmed, first.status, both.told) == (both.now, "blocked", [("source.blocked", both.id)])
    for _ in range(5):
        both.poll("blocked")
    assert both.record.alarmed == first.alarmed
    assert both.told == [("source.blocked", both.id)]


def test_an_outage_that_came_again_is_told_again(polls: Polls):
    for _ in range(2):
        for status in ("blocked", "blocked", "blocked", "ok"):
            polls.poll(status)
        assert polls.record.alarmed is None
    assert [kind for kind, _ in polls.told] == ["source.blocked", "source.blocked"]


def test_an_outage_is_one_whatever_its_polls_meet(polls: Polls):
    for status in ("blocked", "error", "blocked", "error", "gone"):
        polls.poll(status)
    assert [kind for kind, _ in polls.told] == ["source.blocked"]
    assert polls.record.alarmed is not None


@pytest.mark.parametrize("status", ["error", "gone", "robots", "empty"])
def test_a_source_that_fails_for_any_reason_raises_an_alarm_at_its_third_poll(
    polls: Polls, status: str, caplog: pytest.LogCaptureFixture
):
    polls.poll("ok")
    for _ in range(2):
        polls.poll(status)
    assert (polls.record.alarmed, polls.told) == (None, [])
    for _ in range(3):
        polls.poll(status)
    assert polls.told == [("source.failed", polls.id)]
    assert polls.record.alarmed is not None
    assert [record.getMessage() for record in caplog.records] == [f"https://a.example/feed is {status}: it is {status}"]


def test_a_source_that_falls_silent_says_so_and_is_told_at_its_third_poll(both: Polls):
    both.live(10)
    assert both.poll("ok", later=timedelta(hours=20)).status == "ok"
    silent = both.poll("ok", later=timedelta(hours=5))
    assert (silent.status, silent.alarmed, silent.status_since) == ("silent", None, both.now)
    assert silent.why == "it responds but has listed nothing new for 25 hours; its usual pause is at most 6 hours"
    both.poll("ok")
    assert both.poll("ok").alarmed == both.now
    both.poll("ok")
    assert both.told == [("source.silent", both.id)]
    assert both.gaps == []
    again = both.poll("ok", found=1)
    assert (again.status, again.why, again.alarmed, again.last_new) == ("ok", None, None, both.now)


def test_a_young_source_is_never_silent(polls: Polls):
    polls.live(2)
    for _ in range(4):
        assert polls.poll("ok", later=timedelta(days=1)).status == "ok"


def test_a_source_that_lists_other_entries_is_not_silent_though_another_had_them_first(polls: Polls):
    polls.poll("ok", found=1, listing="0")
    polls.live(10, found=0, listings=True)
    assert polls.record.status == "ok"
    assert polls.poll("ok", listing="40", later=timedelta(hours=20)).status == "ok"
    assert polls.poll("ok", listing="40", later=timedelta(hours=5)).status == "silent"


def test_time_in_which_nobody_asked_is_no_silence(polls: Polls):
    polls.live(10)
    polls.poll("error", later=timedelta(hours=6))
    assert polls.poll("ok", later=timedelta(days=9)).status == "ok"
    assert polls.poll("ok", later=timedelta(hours=3)).status == "ok"


def test_silence_goes_on_behind_an_error_and_is_told_once(polls: Polls):
    polls.live(10)
    for _ in range(30):
        polls.poll("ok", later=timedelta(hours=1))
    for status in ("error", "ok", "error", "ok"):
        polls.poll(status)
    assert polls.record.status == "silent"
    assert [kind for kind, _ in polls.told] == ["source.silent"]


def test_the_ledger_says_from_when_to_when_and_why(both: Polls):
    both.poll("ok")
    seen = both.now
    both.poll("error")
    both.poll("blocked")
    assert [asdict(gap) for gap in both.gaps] == [
        {
            "source": FEED.url,
            "outlet": "A Paper",
            "began": seen,
            "ended": None,
            "status": "blocked",
            "why": "it is blocked",
            "polls": 2,
        }
    ]
    with both.store.read() as connection:
        assert count_open_gaps(connection) == 1
    both.poll("ok")
    assert [(gap.began, gap.ended) for gap in both.gaps] == [(seen, both.now)]
    seen = both.now
    both.poll("gone")
    assert (both.gaps[0].began, both.gaps[0].ended, both.gaps[0].status) == (seen, None, "gone")
    with both.store.read() as connection:
        assert [gap.began for gap in iter_gaps(connection)] == [gap.began for gap in reversed(both.gaps)]


def test_a_source_that_was_never_seen_is_missed_since_it_is_known(polls: Polls):
    polls.poll("robots", later=timedelta(hours=2))
    polls.poll("robots", later=timedelta(hours=2))
    assert [(gap.began, gap.ended) for gap in polls.gaps] == [(NOW, None)]


def test_time_in_which_nobody_asked_is_a_gap(both: Polls):
    both.poll("ok")
    seen, late = both.now, both.now + timedelta(days=2)
    with both.store.write() as connection:
        (source,) = due_sources(connection, "a.example", CrawlScope(), now=late, limit=1)
        record_poll(connection, source, PollResult("ok", None, late, 0, is_success=True), now=late)
    (gap,) = both.gaps
    assert (gap.began, gap.ended, gap.status, gap.polls) == (seen, late, "unpolled", 0)
    assert "no crawler ran" in str(gap.why)


def test_of_each_source_the_newest_gaps_are_kept(both: Polls, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(coverage, "GAPS_KEPT", 2)
    with both.store.write() as connection:
        add_sources(connection, [replace(FEED, url="https://b.example/feed")], now=NOW)
        other = connection.scalar(select(sources.c.id).where(sources.c.id != both.id)) or 0
        for source in (other, *[both.id] * 4):
            both.now += QUARTER
            add_closed_gap(connection, source, began=both.now, ended=both.now + QUARTER, why="no crawler ran")
        assert len(gaps_of(connection, other, most=100)) == 1
    assert [gap.began for gap in both.gaps] == [both.now, both.now - QUARTER]


def test_a_poll_that_comes_a_little_late_is_no_gap(polls: Polls):
    polls.poll("ok")
    late = polls.now + timedelta(minutes=70)
    with polls.store.write() as connection:
        (source,) = due_sources(connection, "a.example", CrawlScope(), now=late, limit=1)
        record_poll(connection, source, PollResult("ok", None, late, 0, is_success=True), now=late)
    assert polls.gaps == []


def test_the_yield_is_counted_by_day_and_kept_for_ninety(both: Polls):
    both.poll("ok", found=5)
    both.poll("error")
    both.poll("ok", found=2, later=timedelta(days=1))
    with both.store.write() as connection:
        days = [asdict(day) for day in daily_yields(connection, both.id)]
        assert days == [
            {"day": "2026-11-24", "polls": 1, "failed": 0, "pages_found": 2},
            {"day": "2026-11-23", "polls": 2, "failed": 1, "pages_found": 5},
        ]
        assert weekly_yields(connection, now=both.now) == {both.id: 7}
        assert weekly_yields(connection, now=both.now + timedelta(days=6)) == {both.id: 2}
        old = (both.now - timedelta(days=YIELD_RETENTION_DAYS + 1)).date().isoformat()
        connection.execute(insert(source_days).values(source_id=both.id, day=old, polls=1))
    both.poll("ok", later=timedelta(days=1))
    with both.store.read() as connection:
        assert [day.day for day in daily_yields(connection, both.id)] == ["2026-11-25", "2026-11-24", "2026-11-23"]


def test_what_was_told_comes_first_in_the_list(polls: Polls):
    other = SourceEntry("https://b.example/feed", "feed", "B Paper")
    with polls.store.write() as connection:
        add_sources(connection, [other], now=NOW)
        connection.execute(update(sources).where(sources.c.url == other.url).values(status="gone", failures=9))
    for _ in range(3):
        polls.poll("blocked")
    with polls.store.write() as connection:
        connection.execute(update(sources).where(sources.c.id == polls.id).values(status="silent"))
        assert [record.outlet for record in source_records(connection)] == ["A Paper", "B Paper"]


def test_try_now_makes_it_due_and_keeps_what_its_host_asked_for(both: Polls):
    both.poll("ok")
    rest = both.now + timedelta(hours=1)
    with both.store.write() as connection:
        assert due_sources(connection, "a.example", CrawlScope(), now=both.now, limit=1) == []
        assert schedule_poll_now(connection, both.id, now=both.now) == both.now
        assert len(due_sources(connection, "a.example", CrawlScope(), now=both.now, limit=1)) == 1
        connection.execute(update(hosts).values(next_fetch=rest))
        assert schedule_poll_now(connection, both.id, now=both.now) == rest
        assert connection.execute(select(hosts.c.next_fetch)).scalar_one() == rest
        connection.execute(update(sources).values(enabled=False))
        with pytest.raises(BadInput, match="is disabled: enable it"):
            schedule_poll_now(connection, both.id, now=both.now)
        with pytest.raises(NotFound, match="no source 99"):
            schedule_poll_now(connection, 99, now=both.now)


def test_the_sources_of_a_host_are_switched_off_with_the_reason(store: Store):
    urls = (
        "https://www.a.example/feed",
        "http://a.example:8080/x",
        "https://aa.example/feed",
        "https://c.example/feed",
    )
    with store.write() as connection:
        add_sources(connection, [SourceEntry(url, "feed", url) for url in urls], now=NOW)
        add_hosts(connection, ["www.a.example"], now=NOW)
        moved = update(sources).where(sources.c.url == "https://c.example/feed")
        connection.execute(moved.values(host="www.a.example", location="https://www.a.example/c"))
        assert disable_sources_of_host(connection, "a.example", why="taken down", now=NOW) == 3
        records = {record.url: record for record in source_records(connection)}
    assert [record.url for record in records.values() if record.enabled] == ["https://aa.example/feed"]
    assert (records[urls[0]].status, records[urls[0]].why) == ("gone", "taken down")


def test_a_source_that_was_forgotten_while_it_was_polled_ends_nobody_s_crawl(store: Store) -> None:
    polls = Polls(store)
    with store.write() as connection:
        (source,) = due_sources(connection, "a.example", CrawlScope(), now=polls.now, limit=1)
        connection.execute(delete(sources))
        record_poll(connection, source, PollResult("ok", None, NOW + QUARTER, 0, is_success=True), now=NOW)
        assert not connection.execute(select(sources.c.id)).all()
