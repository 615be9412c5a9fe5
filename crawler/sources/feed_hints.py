"""What a feed asks of those who poll it: how long to wait, and when not to come at all. Pure functions of its answer.

RSS 2.0 (`ttl`, `skipHours`, `skipDays`), the syndication module (`sy:updatePeriod`, `sy:updateFrequency`), and the
freshness lifetime of RFC 9111, section 4.2.1. They ask; the bounds of a source decide.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lxml import etree

__all__ = ["FeedHints", "feed_hints", "lifetime_seconds"]

SYNDICATION = "http://purl.org/rss/1.0/modules/syndication/"
PERIODS = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST_SECONDS = 31_536_000
MAX_AGE = re.compile(r'(?i)(?:^|,)\s*max-age\s*=\s*"?(\d{1,10})"?')
UNCACHED = re.compile(r"(?i)(?:^|,)\s*no-(?:cache|store)\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class FeedHints:
    """`skip_hours` are hours of the UTC day, 0 to 23; `skip_days` are weekdays, 0 is Monday."""

    seconds: int = 0
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()

    @classmethod
    def of(cls, row: Mapping[str, Any] | None) -> "FeedHints":
        """As it was kept by `row`."""
        said = row or {}
        return cls(said.get("seconds", 0), frozenset(said.get("skip_hours", ())), frozenset(said.get("skip_days", ())))

    @property
    def row(self) -> dict[str, Any]:
        hours, days = sorted(self.skip_hours), sorted(self.skip_days)
        return {"seconds": self.seconds, "skip_hours": hours, "skip_days": days}

    def skips(self, moment: datetime) -> bool:
        """Whether it asks not to be polled at this UTC time. Who skips every hour has asked for nothing."""
        is_day = len(self.skip_days) < 7 and moment.weekday() in self.skip_days
        return is_day or (len(self.skip_hours) < 24 and moment.hour in self.skip_hours)


def feed_hints(body: bytes) -> FeedHints:
    """What the text of a feed asks; of anything that is no XML, nothing. The caller has refused entities."""
    said: dict[str, list[str]] = {}
    with suppress(ValueError):  # names that are no text
        for name, text in _channel(body):
            said.setdefault(name, []).append(text)
    return FeedHints(
        max(_ttl_seconds(said), _period_seconds(said)),
        frozenset(
            int(hour) % 24 for hour in said.get("hour", ()) if hour.isascii() and hour.isdigit() and len(hour) < 3
        ),
        frozenset(DAYS.index(day.lower()) for day in said.get("day", ()) if day.lower() in DAYS),
    )


def _channel(body: bytes) -> Iterator[tuple[str, str]]:
    """Name and text of what stands in the channel itself, and in its lists of hours and days."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return
    for channel in () if root is None else [root, *root][:20]:
        for element in channel:
            name = _name(element)
            if name in ("skiphours", "skipdays"):
                yield from ((_name(one), (one.text or "").strip()) for one in element)
            elif name in ("ttl", "updateperiod", "updatefrequency"):
                yield name, (element.text or "").strip()


def _name(element: Any) -> str:
    if not isinstance(element.tag, str):
        return ""
    # Not etree.QName: it refuses the names with an undeclared prefix that a parser which recovers lets through.
    space, _, name = element.tag.rpartition("}")
    is_known = space in ("", f"{{{SYNDICATION}") or not name.startswith("update")
    return name.lower() if is_known else ""


def _ttl_seconds(said: Mapping[str, list[str]]) -> int:
    """In the feed it is minutes."""
    minutes = next(iter(said.get("ttl", ())), "")
    return min(int(minutes) * 60, LONGEST_SECONDS) if re.fullmatch(r"[0-9]{1,9}", minutes) else 0


def _period_seconds(said: Mapping[str, list[str]]) -> int:
    """Without a period it is daily, without a frequency once (RSS 1.0 syndication module); with neither, nothing."""
    if not said.keys() & {"updateperiod", "updatefrequency"}:
        return 0
    period = PERIODS.get(next(iter(said.get("updateperiod", ())), "daily").lower(), 0)
    often = next(iter(said.get("updatefrequency", ())), "1")
    return period // max(int(often), 1) if re.fullmatch(r"[0-9]{1,6}", often) else period


def lifetime_seconds(headers: Mapping[str, str | None], *, now: datetime) -> int:
    """How long the answer says that it stays fresh: `max-age`, else `Expires`, less its `Age`. Names in lower case."""
    control = headers.get("cache-control") or ""
    if UNCACHED.search(control):
        return 0
    if found := MAX_AGE.search(control):
        fresh = float(found[1])
    else:
        expires, sent = _date(headers.get("expires")), _date(headers.get("date"))
        # Two times of one server are compared, as its clock may be wrong.
        fresh = (expires - (sent or now)).total_seconds() if expires else 0.0
    age = headers.get("age") or ""
    fresh -= float(age) if re.fullmatch(r"[0-9]{1,10}", age) else 0.0
    return int(min(max(fresh, 0.0), LONGEST_SECONDS))


def _date(value: str | None) -> datetime | None:
    """None for what is no date with a zone; `Expires: 0` and `-1` mean that it has expired, and come to the same."""
    try:
        read = parsedate_to_datetime(value or "")
    except (TypeError, ValueError, OverflowError):
        return None
    return read if read.tzinfo else None
