"""How sources do: what a poll changes in the yield by day, the ledger of gaps and the alarms.

`store.sources.settle_poll` calls `note_poll` in its own transaction, so that nothing is told that did not happen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from store.errors import BadInput, NotFound
from store.events import add_event
from store.gaps import close_gap, widen_gap, write_gap
from store.habit import habit_of, is_silent, spoken
from store.identity import host_of
from store.schema import hosts, sources
from store.yields import forget_days, note_day, pauses_of

if TYPE_CHECKING:
    from store.sources import PollResult

__all__ = ["ALARMING", "note_poll", "switch_off_host", "switched_off", "try_now"]

# What people are told of, when so many polls have said so.
ALARMING = ("blocked", "silent")
STRIKES = 3
# Not being asked is a gap when it lasts longer than this, and than the source's own interval.
SHORTEST_UNPOLLED = timedelta(hours=1)
# Of one wait between two polls: what a crawler that rested for a week saw of that week is next to nothing.
LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Before:
    """The source as the poll found it."""

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


def note_poll(connection: Connection, source_id: int, result: "PollResult", *, now: datetime) -> dict[str, object]:
    """Keeps what the poll says of the source's health; the columns of the source that change with it.

    The word of the result is the poll's own; the word that is returned may be `silent` instead.
    """
    columns = [sources.c[name] for name in _Before.__slots__]
    row = connection.execute(select(*columns).where(sources.c.id == source_id)).one_or_none()
    if row is None:  # a search whose watch ended long ago, forgotten while it was polled
        return {}
    before = _Before(*row)
    if before.last_poll is None or before.last_poll.date() != now.date():
        forget_days(connection, source_id, now=now)
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
    note_day(connection, before.id, now=now, failed=0, pages_found=result.pages_found, longest_pause=pause)
    changed: dict[str, object] = {"status": result.status, "why": result.why, "quiet_seconds": 0 if is_new else quiet}
    if is_new:
        changed["last_new"] = now
    elif silence := _silence(connection, before, timedelta(seconds=quiet), now=now):
        changed |= {"status": "silent", "why": silence}
    if result.listing_digest is not None:
        changed["listing_digest"] = result.listing_digest
    return changed


def _waited(before: _Before, *, now: datetime) -> int:
    """Seconds in which something new would have been seen: none of a time in which the source did not answer."""
    if before.last_success is None or before.failures:
        return 0
    return int(min(max(now - before.last_success, timedelta()), LONGEST_WAIT).total_seconds())


def _silence(connection: Connection, before: _Before, quiet: timedelta, *, now: datetime) -> str | None:
    """Why the source counts as silent; None where it does not."""
    # Whether a search finds anything is up to the news.
    if quiet < timedelta(days=1) or before.kind == "search":
        return None
    pauses, known_days = pauses_of(connection, before.id, now=now)
    habit = habit_of(pauses)
    if habit is None or not is_silent(quiet, pauses, known_days=known_days):
        return None
    return f"it answers, and has listed nothing new for {spoken(quiet)}; its habit is {spoken(habit)} at most"


def _missed(connection: Connection, before: _Before, result: "PollResult", now: datetime) -> dict[str, object]:
    note_day(connection, before.id, now=now, failed=1, pages_found=0, longest_pause=None)
    began = before.last_success or before.status_since or now
    widen_gap(connection, before.id, began=began, status=result.status, why=result.why)
    return {"status": result.status, "why": result.why}


def _close(connection: Connection, before: _Before, *, now: datetime) -> None:
    """Ends the gap that is open; else notes one in which nobody asked."""
    if close_gap(connection, before.id, ended=now) or before.last_success is None:
        return
    late = now - before.next_poll
    if late > max(SHORTEST_UNPOLLED, timedelta(seconds=before.interval_seconds)):
        why = f"it was due {spoken(late)} before it was asked: no crawler ran, it was switched off, or its host rested"
        write_gap(connection, before.id, began=before.last_success, ended=now, why=why)


def _alarm(connection: Connection, before: _Before, word: str, why: object, *, now: datetime) -> dict[str, object]:
    """The state of the outage; its third poll is told, once."""
    if word in ("ok", "slow"):
        return {"alarm": None, "strikes": 0, "alarmed": None}
    if word not in ALARMING:
        return {}  # an error between two refusals ends no outage, and is none of its polls
    is_same = before.alarm == word
    strikes = before.strikes + 1 if is_same else 1
    alarmed = before.alarmed if is_same else None
    if strikes >= STRIKES and alarmed is None:
        alarmed = now
        data = {"outlet": before.outlet, "url": before.url, "why": why}
        add_event(connection, f"source.{word}", now=now, source_id=before.id, data=data)
    return {"alarm": word, "strikes": strikes, "alarmed": alarmed}


def switch_off_host(connection: Connection, host: str, *, why: str, now: datetime) -> int:
    """Polls nothing of this host any more, with or without www, nor what redirects to it; how many sources."""
    bare = host.removeprefix("www.")
    query = select(sources.c.id, sources.c.url, sources.c.host).where(sources.c.enabled)
    found = [
        row.id
        for row in connection.execute(query)
        if bare in (host_of(row.url).removeprefix("www."), row.host.partition(":")[0].removeprefix("www."))
    ]
    changed = {"enabled": False, "status": "gone", "status_since": now, "why": why, "alarm": None, "alarmed": None}
    for number in found:
        connection.execute(update(sources).where(sources.c.id == number).values(**changed, strikes=0))
    return len(found)


def try_now(connection: Connection, source_id: int, *, now: datetime) -> datetime:
    """Makes a source due; when its host may be asked, which no wish of ours makes sooner.

    Raises NotFound, BadInput for a source that is switched off.
    """
    query = select(sources.c.url, sources.c.enabled, hosts.c.next_fetch)
    query = query.select_from(sources.outerjoin(hosts, hosts.c.name == sources.c.host))
    row = connection.execute(query.where(sources.c.id == source_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no source {source_id}")
    if not row.enabled:
        raise BadInput(f"the source {row.url} is switched off: {switched_off(source_id)}")
    later = update(sources).where(sources.c.id == source_id, sources.c.next_poll > now)
    connection.execute(later.values(next_poll=now))
    return max(now, row.next_fetch or now)


def switched_off(source_id: int) -> str:
    """The remedy."""
    return f"switch it on with `onestory sources set {source_id} --enable`"
