"""Health of sources: their status, alarms, and when one that responds counts as silent."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import Connection, select, update

from onestory.errors import BadInput, NotFound
from onestory.store.events.event_log import add_event
from onestory.store.queries import columns_of
from onestory.store.schema import hosts, sources
from onestory.store.sources.coverage import (
    add_closed_gap,
    close_gap,
    delete_old_yields,
    extend_gap,
    pauses_of,
    record_yield,
)
from onestory.store.sources.failing import WORKING_STATUSES, update_general_alarm
from onestory.urls import bare_host, host_of

__all__ = [
    "MIN_KNOWN_DAYS",
    "MIN_PAUSES",
    "PollResult",
    "disable_sources_of_host",
    "enable_hint",
    "format_duration",
    "is_silent",
    "record_poll_health",
    "schedule_poll_now",
    "usual_pause",
]


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PollResult:
    """The result of a poll, as a status and in plain words. Fields that are None keep the stored values.

    `day` and `day_pages` count today's pages; `left_out` counts links that became no pages, and says why.
    """

    status: str
    why: str | None
    next_poll: datetime
    failures: int
    entries: int | None = None
    pages_found: int = 0
    etag: str | None = None
    last_modified: str | None = None
    body_digest: str | None = None
    listing_digest: str | None = None
    is_success: bool = False
    at: str | None = None
    interval_seconds: int | None = None
    asks: Mapping[str, Any] | None = None
    asks_seconds: int | None = None
    day: str | None = None
    day_pages: int | None = None
    left_out: int | None = None
    left_out_why: str | None = None


# A source must be known for a week, to include its weekend.
MIN_KNOWN_DAYS = 7

MIN_PAUSES = 5

SILENCE_FACTOR = 2

MIN_SILENCE = timedelta(days=1)

USUAL_QUANTILE = 0.9


def usual_pause(pauses: Sequence[int]) -> timedelta | None:
    """The usual longest pause of a source, or None if too little is known.

    `pauses` are the longest of each day with something new, in seconds. The usual pause covers nine of ten: nights and
    weekends count, a long holiday or an earlier outage does not.
    """
    if len(pauses) < MIN_PAUSES:
        return None
    return timedelta(seconds=sorted(pauses)[ceil(len(pauses) * USUAL_QUANTILE) - 1])


def is_silent(quiet: timedelta, pauses: Sequence[int], *, known_days: int) -> bool:
    """Whether a source was quiet for twice its usual pause, and for at least a day. New and rare sources are never
    silent.
    """
    habit = usual_pause(pauses)
    if habit is None or known_days < MIN_KNOWN_DAYS:
        return False
    return quiet >= max(MIN_SILENCE, habit * SILENCE_FACTOR)


def format_duration(length: timedelta) -> str:
    """A duration in words: "40 minutes", "9 hours", "3 days"."""
    seconds = max(length.total_seconds(), 0.0)
    for name, unit in (("day", 86_400), ("hour", 3_600)):
        if seconds >= 2 * unit:
            return f"{round(seconds / unit)} {name}s"
    return f"{max(round(seconds / 60), 1)} minutes"


# A source that brings nothing it should raises an alarm after this number of polls.
POLLS_BEFORE_ALERT = 3
ALERT_EVENTS = {"blocked": "source.blocked", "silent": "source.silent"}
OTHER_ALERT_EVENT = "source.failed"

# A time without polls is a gap if it is longer than this and than the source's interval.
MIN_UNPOLLED = timedelta(hours=1)

# Limit per wait between polls. A crawler that paused for a week saw almost nothing of it.
MAX_COUNTED_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Before:
    """The source before the poll."""

    id: int
    url: str
    outlet: str
    kind: str
    status: str
    status_since: datetime | None
    failures: int
    interval_seconds: int
    next_poll: datetime
    last_poll: datetime | None
    last_success: datetime | None
    last_new: datetime | None
    quiet_seconds: int
    listing_digest: str | None
    alarm: str | None
    strikes: int
    alarmed: datetime | None


def record_poll_health(
    connection: Connection, source_id: int, result: "PollResult", *, now: datetime
) -> dict[str, object]:
    """Update a source's health after a poll, and return the changed columns.

    The returned status may be `silent` where the poll's own status is healthy.
    """
    columns = columns_of(sources, _Before)
    row = connection.execute(select(*columns).where(sources.c.id == source_id)).one_or_none()
    if row is None:  # a search feed deleted during its poll, because its watch ended long ago
        return {}
    before = _Before(*row)
    if before.last_poll is None or before.last_poll.date() != now.date():
        delete_old_yields(connection, source_id, now=now)
    changed = (
        _seen(connection, before, result, now=now) if result.is_success else _missed(connection, before, result, now)
    )
    changed |= _alarm(connection, before, str(changed["status"]), changed["why"], now=now)
    if changed["status"] != before.status:
        changed["status_since"] = now
    return changed


def _seen(connection: Connection, before: _Before, result: "PollResult", *, now: datetime) -> dict[str, object]:
    _close(connection, before, now=now)
    quiet = before.quiet_seconds + _waited(before, now=now)
    is_first = before.last_new is None
    is_other = result.listing_digest not in (None, before.listing_digest) and before.listing_digest is not None
    is_new = is_first or is_other or result.pages_found > 0
    pause = quiet if is_new and not is_first else None
    record_yield(connection, before.id, now=now, failed=0, pages_found=result.pages_found, longest_pause=pause)
    changed: dict[str, object] = {"status": result.status, "why": result.why, "quiet_seconds": 0 if is_new else quiet}
    if is_new:
        changed["last_new"] = now
    elif silence := _silence(connection, before, timedelta(seconds=quiet), now=now):
        changed |= {"status": "silent", "why": silence}
    if result.listing_digest is not None:
        changed["listing_digest"] = result.listing_digest
    return changed


def _waited(before: _Before, *, now: datetime) -> int:
    """The seconds in which something new would have been seen, without outages."""
    if before.last_success is None or before.failures:
        return 0
    return int(min(max(now - before.last_success, timedelta()), MAX_COUNTED_WAIT).total_seconds())


def _silence(connection: Connection, before: _Before, quiet: timedelta, *, now: datetime) -> str | None:
    """Why the source counts as silent, or None."""
    # A search may rightly find nothing.
    if quiet < timedelta(days=1) or before.kind == "search":
        return None
    pauses, known_days = pauses_of(connection, before.id, now=now)
    habit = usual_pause(pauses)
    if habit is None or not is_silent(quiet, pauses, known_days=known_days):
        return None
    return (
        f"it responds but has listed nothing new for {format_duration(quiet)}; its usual pause is at most "
        f"{format_duration(habit)}"
    )


def _missed(connection: Connection, before: _Before, result: "PollResult", now: datetime) -> dict[str, object]:
    record_yield(connection, before.id, now=now, failed=1, pages_found=0, longest_pause=None)
    began = before.last_success or before.status_since or now
    extend_gap(connection, before.id, began=began, status=result.status, why=result.why)
    return {"status": result.status, "why": result.why}


def _close(connection: Connection, before: _Before, *, now: datetime) -> None:
    """Close the open gap, or add one for a time without polls."""
    if close_gap(connection, before.id, ended=now) or before.last_success is None:
        return
    late = now - before.next_poll
    if late > max(MIN_UNPOLLED, timedelta(seconds=before.interval_seconds)):
        why = f"it was polled {format_duration(late)} late: no crawler ran, it was disabled, or its host rested"
        add_closed_gap(connection, before.id, began=before.last_success, ended=now, why=why)


def _alarm(connection: Connection, before: _Before, word: str, why: object, *, now: datetime) -> dict[str, object]:
    """Update the outage. Its third poll raises an alarm, once; while most sources fail, one alarm is for all."""
    most_fail = update_general_alarm(connection, before.id, word, why=why, now=now)
    if word in WORKING_STATUSES:
        return {"alarm": None, "strikes": 0, "alarmed": None}
    # A source that responds with nothing new has another problem than one that does not respond.
    is_same = before.alarm is not None and (before.alarm == "silent") == (word == "silent")
    strikes = before.strikes + 1 if is_same else 1
    alarmed = before.alarmed if is_same else None
    if strikes >= POLLS_BEFORE_ALERT and alarmed is None and not most_fail:
        alarmed = now
        data = {"outlet": before.outlet, "url": before.url, "why": why}
        kind = ALERT_EVENTS.get(word, OTHER_ALERT_EVENT)
        add_event(connection, kind, now=now, source_id=before.id, data=data)
        logger.warning("%s is %s: %s", before.url, word, why)
    return {"alarm": word, "strikes": strikes, "alarmed": alarmed}


def disable_sources_of_host(connection: Connection, host: str, *, why: str, now: datetime) -> int:
    """Disable all sources of a host, with or without www, and those that redirect to it. Returns how many."""
    bare = bare_host(host)
    query = select(sources.c.id, sources.c.url, sources.c.host).where(sources.c.enabled)
    found = [
        row.id
        for row in connection.execute(query)
        if bare in (bare_host(host_of(row.url)), bare_host(row.host.partition(":")[0]))
    ]
    changed = {"enabled": False, "status": "gone", "status_since": now, "why": why, "alarm": None, "alarmed": None}
    for number in found:
        connection.execute(update(sources).where(sources.c.id == number).values(**changed, strikes=0))
    return len(found)


def schedule_poll_now(connection: Connection, source_id: int, *, now: datetime) -> datetime:
    """Make a source due, and return when its host may be fetched from, which a request cannot change.

    Raises NotFound, or BadInput for a disabled source.
    """
    query = select(sources.c.url, sources.c.enabled, hosts.c.next_fetch)
    query = query.select_from(sources.outerjoin(hosts, hosts.c.name == sources.c.host))
    row = connection.execute(query.where(sources.c.id == source_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no source {source_id}")
    if not row.enabled:
        raise BadInput(f"the source {row.url} is disabled: {enable_hint(source_id)}")
    later = update(sources).where(sources.c.id == source_id, sources.c.next_poll > now)
    connection.execute(later.values(next_poll=now))
    return max(now, row.next_fetch or now)


def enable_hint(source_id: int) -> str:
    """The command that enables a source."""
    return f"enable it with `onestory sources set {source_id} --enable`"
