"""Sources that bring nothing they should, and the one alarm that says that most of them fail at once."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from onestory.store.events.event_log import add_event
from onestory.store.schema import sources
from onestory.store.settings import SOURCES_FAILING, read_setting, write_setting

__all__ = ["WORKING_STATUSES", "FailingSources", "failing_sources", "update_general_alarm"]

logger = logging.getLogger(__name__)

WORKING_STATUSES = ("new", "ok", "slow")
# With fewer sources, each has its own alarm only.
MIN_SOURCES = 3


@dataclass(frozen=True, slots=True)
class FailingSources:
    """Enabled sources that were polled, and those of them that bring nothing they should, by status.

    `alarmed` of these did so at three polls or more.
    """

    polled: int
    by_status: Mapping[str, int]
    alarmed: int

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    @property
    def is_general(self) -> bool:
        """Whether most sources fail at once: this is one problem, not many."""
        return self.polled >= MIN_SOURCES and 2 * self.total > self.polled

    @property
    def is_alarm(self) -> bool:
        """Whether hardly anything arrives: most sources fail, or each of a few does for three polls."""
        return self.is_general or 0 < self.polled == self.alarmed

    def sentence(self) -> str:
        """Such as "70 of 70 sources fail (64 error, 6 blocked)"; "0 of 70 sources fail" if none does."""
        counts = sorted(self.by_status.items(), key=lambda item: (-item[1], item[0]))
        told = ", ".join(f"{number:,} {status}" for status, number in counts)
        verb = "fails" if self.total == 1 else "fail"
        return f"{self.total:,} of {self.polled:,} sources {verb}" + (f" ({told})" if told else "")


def failing_sources(connection: Connection, *, instead: tuple[int, str] | None = None) -> FailingSources:
    """The sources that fail now. `instead` is the id and new status of one that is about to be written."""
    query = select(sources.c.status, func.count(), func.count(sources.c.alarmed)).where(
        sources.c.enabled, sources.c.status != "new"
    )
    if instead is not None:
        query = query.where(sources.c.id != instead[0])
    counts: dict[str, int] = {}
    alarmed = 0
    for status, number, alarms in connection.execute(query.group_by(sources.c.status)):
        counts[status] = number
        alarmed += 0 if status in WORKING_STATUSES else alarms
    if instead is not None:
        counts[instead[1]] = counts.get(instead[1], 0) + 1
    failing = {status: number for status, number in counts.items() if status not in WORKING_STATUSES}
    return FailingSources(sum(counts.values()), failing, alarmed)


def update_general_alarm(connection: Connection, source_id: int, status: str, *, why: object, now: datetime) -> bool:
    """Raise or end the alarm that most sources fail, after a poll with this status. Returns whether it is on."""
    was_on = bool(read_setting(connection, SOURCES_FAILING))
    if was_on == (status not in WORKING_STATUSES):
        return was_on  # this poll can change nothing about it
    found = failing_sources(connection, instead=(source_id, status))
    if found.is_general == was_on:
        return was_on
    write_setting(connection, SOURCES_FAILING, now.isoformat() if found.is_general else "")
    if found.is_general:
        data = {"failing": found.total, "sources": found.polled, "by_status": dict(found.by_status), "why": why}
        add_event(connection, "sources.failing", now=now, data=data)
        logger.error("%s: the network or this server may be at fault; last: %s", found.sentence(), why)
    else:
        logger.warning("most sources respond again: %s", found.sentence())
    return found.is_general
