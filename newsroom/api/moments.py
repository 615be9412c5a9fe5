"""Times as people and programs give them in an address."""

import re
from datetime import UTC, datetime, timedelta

__all__ = ["MOMENT", "read_moment"]

MOMENT = "ISO 8601 (UTC where it names no zone), or how long ago: `90m`, `24h`, `7d`, `2w`."

AGO = re.compile(r"(\d{1,5})\s*(m|h|d|w)")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# A + that nobody encoded arrives as a space.
LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")


def read_moment(value: str, *, now: datetime) -> datetime:
    """ISO 8601, UTC where it names no zone, or how long ago: 90m, 24h, 7d, 2w. Raises ValueError."""
    value = value.strip()
    try:
        if ago := AGO.fullmatch(value):
            return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        read = datetime.fromisoformat(LOST_PLUS.sub(r"+\1", value) if "T" in value else value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{value[:40]!r} is not a time; it reads like 2026-11-23, 2026-11-23T06:30Z or 24h") from None
