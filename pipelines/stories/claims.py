"""How far the times that pages state are believed. Pure functions of the copies of one story.

A stated time counts so far as observation supports it. A copy that was fetched soon after its stated time was *seen
live*: the statement is believed up to the moment before which it was not there. A time that lies long before the
observation may be true, as of a page that was found late; it is believed unless another copy was on record by then.
Nothing was observed of an article that was imported without the time of its fetch: its statement is all there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

__all__ = ["Beliefs", "TimedCopy", "beliefs_of", "on_record_from", "stated_time"]

FIRST_NEWS_PAGE = datetime(1993, 1, 1, tzinfo=UTC)
# A page fetched so soon after its stated time was seen live.
LIVE = timedelta(hours=1)
# How long before its observation a live page may have been there, where nothing says when it was not.
POLL = timedelta(minutes=10)
# An original on record for so long is settled: a stated time alone does not displace it.
SETTLED = timedelta(hours=12)
# Local time without an offset may be true of any zone.
ANY_ZONE = timedelta(hours=14)
_DAY = timedelta(days=1) - timedelta(seconds=1)


class TimedCopy(Protocol):
    """The times of a copy. `seen_after`: when its source did not list it yet. `is_observed`: `first_seen` is the time
    of a fetch, not of an import. `is_known`: the outlet is one that a source was configured for.
    """

    @property
    def published(self) -> datetime | None: ...
    @property
    def published_source(self) -> str | None: ...
    @property
    def first_seen(self) -> datetime: ...
    @property
    def seen_after(self) -> datetime | None: ...
    @property
    def is_observed(self) -> bool: ...
    @property
    def is_known(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What the copies of a story together say of each one's time.

    `on_record`: from when on a copy that appears with an older time is not believed; None: nothing was observed.
    `has_known`: strangers' statements are not believed beside a known outlet's.
    """

    on_record: datetime | None
    has_known: bool

    def time_of(self, copy: TimedCopy) -> datetime:
        """The earliest time at which the copy is believed to have been there."""
        stated = stated_time(copy)
        if stated is None or (self.has_known and not copy.is_known and copy.is_observed):
            return copy.first_seen
        floor = copy.seen_after
        if floor is None and is_live(copy):
            floor = copy.first_seen - POLL
        if floor is not None:
            return max(stated, min(floor, copy.first_seen))
        is_late = copy.is_observed and self.on_record is not None and copy.first_seen > self.on_record
        return copy.first_seen if is_late else stated

    def doubts(self, copy: TimedCopy) -> bool:
        """Whether the copy states an earlier time than is believed."""
        stated = stated_time(copy)
        return stated is not None and stated < self.time_of(copy)


def beliefs_of(copies: Sequence[TimedCopy]) -> Beliefs:
    """The beliefs that these copies support, in whatever order."""
    records = [on_record_from(copy) for copy in copies if copy.is_observed]
    return Beliefs(min(records, default=None), any(copy.is_known for copy in copies))


def on_record_from(copy: TimedCopy) -> datetime:
    """From when on an observed copy stands against claims of others."""
    return copy.first_seen if is_live(copy) or copy.published is None else copy.first_seen + SETTLED


def is_live(copy: TimedCopy) -> bool:
    stated = stated_time(copy)
    return copy.is_observed and stated is not None and copy.first_seen - stated <= LIVE


def stated_time(copy: TimedCopy) -> datetime | None:
    """The time that the page states, None where it cannot be true: later than it was seen, or older than the web.

    A doubtful time counts as the latest that it may mean: a day as its end, a time without an offset in any zone.
    """
    said = copy.published
    if said is None or not FIRST_NEWS_PAGE <= said <= copy.first_seen:
        return None
    return min(said + _doubt(said, copy.published_source or ""), copy.first_seen)


def _doubt(said: datetime, source: str) -> timedelta:
    if "(day)" in source or said.astimezone(UTC).time() == time.min:
        return _DAY
    return ANY_ZONE if "(no offset)" in source else timedelta(0)
