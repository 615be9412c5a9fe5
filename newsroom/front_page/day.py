"""The day picker of the front page: a day of the reader's zone as a span of time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onestory.errors import BadInput
from onestory.newsroom.pages.display import iso_seconds

__all__ = ["span_of_day"]

MAX_ZONE_NAME = 60


def span_of_day(day: str, zone: str) -> Mapping[str, str]:
    """The filters `since` and `until` of a day such as 2026-11-23, in an IANA zone, by default UTC. Raises BadInput."""
    try:
        chosen = date.fromisoformat(day)
        place = ZoneInfo(zone) if zone and len(zone) <= MAX_ZONE_NAME else ZoneInfo("UTC")
        begin, end = (datetime.combine(chosen + timedelta(days=days), time(), place).astimezone(UTC) for days in (0, 1))
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError) as error:
        raise BadInput(f"{day[:40]!r} is not a day; it reads like 2026-11-23") from error
    return {"since": iso_seconds(begin), "until": iso_seconds(end)}
