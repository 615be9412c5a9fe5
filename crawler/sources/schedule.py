"""The poll schedule of a source: pure functions.

The interval adapts to what the source yields. A poll that finds nothing new lengthens it by a twentieth; one that finds
several pages moves it halfway, on a logarithmic scale, to the mean time between two of them. So it shortens at once and
lengthens slowly: after a silence of any length the source is polled within a twentieth of it, and the first story of a
morning waits for minutes. In equilibrium about every third poll finds something.
"""

from datetime import UTC, datetime, timedelta
from math import sqrt
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from onestory.crawler.backoff import backoff_seconds
from onestory.crawler.sources.feed_hints import FeedHints
from onestory.errors import BadInput
from onestory.store.sources.source_list import PollSchedule

__all__ = ["adapt_interval", "checked_schedule", "next_poll", "next_tick", "poll_after_failure", "wait_seconds"]

GROWTH = 1.05
SHORTEST_SECONDS, LONGEST_SECONDS = 60, 86_400
# A source polled once a day must not miss the next day because of a backoff of a day.
LONGEST_CRON_PAUSE_SECONDS = 43_200.0


def adapt_interval(schedule: PollSchedule, *, found: int, elapsed_seconds: float | None) -> int:
    """The interval after a poll that found `found` new pages. `elapsed_seconds` of None: it was the first poll."""
    interval = float(schedule.interval_seconds)
    if elapsed_seconds is not None:
        if not found:
            interval = max(interval * GROWTH, interval + 1.0)
        else:
            interval = min(interval, sqrt(interval * max(elapsed_seconds, 1.0) / found))
    return round(min(max(interval, schedule.shortest), schedule.longest))


def wait_seconds(schedule: PollSchedule, *, asked_seconds: int) -> int:
    """Seconds until the next poll: the interval, longer if the source asks for it, within the bounds."""
    return min(max(schedule.interval_seconds, asked_seconds, schedule.shortest), schedule.longest)


def next_poll(schedule: PollSchedule, *, asks: FeedHints, asked_seconds: int, now: datetime) -> datetime:
    """The next poll after a success. A cron expression overrides what the source asks for."""
    if schedule.cron:
        return next_tick(schedule.cron, schedule.timezone, after=now)
    latest = now + timedelta(seconds=schedule.longest)
    moment = now + timedelta(seconds=wait_seconds(schedule, asked_seconds=asked_seconds))
    while asks.skips(moment) and moment < latest:
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return min(moment, latest)


def poll_after_failure(schedule: PollSchedule, *, failures: int, now: datetime) -> datetime:
    """The next poll after a failure: exponential backoff, at most a day; with cron, a time that it names."""
    pause = backoff_seconds(schedule.interval_seconds, failures)
    if not schedule.cron:
        return now + timedelta(seconds=pause)
    # After the first failure the next time of the cron expression is soon enough.
    skipped = min(pause, LONGEST_CRON_PAUSE_SECONDS) if failures > 1 else 0.0
    return next_tick(schedule.cron, schedule.timezone, after=now + timedelta(seconds=skipped))


def next_tick(cron: str, timezone: str | None, *, after: datetime) -> datetime:
    """The next time of a cron expression, in UTC. Raises BadInput if it is invalid or names no time."""
    if len(cron.split()) != 5:
        raise BadInput(f"{cron!r} is not a cron expression: it has five fields, as in '*/10 6-22 * * *'")
    try:
        return next(CronSim(cron, after.astimezone(_zone(timezone)))).astimezone(UTC)
    except (CronSimError, StopIteration) as error:
        said = str(error) or "it names no time that ever comes"
        raise BadInput(
            f"{cron!r} is not a cron expression: {said}; it has five fields, as in '*/10 6-22 * * *'"
        ) from error


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise BadInput(f"{name!r} is not a time zone; it reads like Europe/Berlin") from error


def checked_schedule(schedule: PollSchedule, *, now: datetime) -> PollSchedule:
    """The schedule with its interval within its bounds. Raises BadInput if it is impossible."""
    for name in ("interval_seconds", "min_seconds", "max_seconds"):
        seconds = getattr(schedule, name)
        if seconds is not None and not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            raise BadInput(f"{name} is a number from {SHORTEST_SECONDS} to {LONGEST_SECONDS}, not {seconds}")
    if schedule.shortest > schedule.longest:
        raise BadInput(f"the shortest interval, {schedule.shortest} s, is above the longest, {schedule.longest} s")
    if schedule.timezone is not None and schedule.cron is None:
        raise BadInput("a time zone needs a cron expression")
    if schedule.cron is not None:
        next_tick(schedule.cron, schedule.timezone, after=now)
    within = min(max(schedule.interval_seconds, schedule.shortest), schedule.longest)
    return PollSchedule(within, schedule.min_seconds, schedule.max_seconds, schedule.cron, schedule.timezone)
