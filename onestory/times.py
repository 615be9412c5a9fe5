"""Times as people and programs give them in an address."""

import re
from datetime import UTC, datetime, timedelta

__all__ = ["TIME_FORMS", "parse_time"]

TIME_FORMS = "ISO 8601 (UTC where it names no zone), or how long ago: `90m`, `24h`, `7d`, `2w`."

AGE_PATTERN = re.compile(r"(\d{1,5})\s*(m|h|d|w)")
AGE_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# A + that nobody encoded arrives as a space.
LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")


def parse_time(value: str, *, now: datetime) -> datetime:
    """ISO 8601, UTC where it names no zone, or how long ago: 90m, 24h, 7d, 2w. Raises ValueError."""
    value = value.strip()
    try:
        if ago := AGE_PATTERN.fullmatch(value):
            return now - timedelta(**{AGE_UNITS[ago[2]]: int(ago[1])})
        read = datetime.fromisoformat(LOST_PLUS.sub(r"+\1", value) if "T" in value else value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{value[:40]!r} is not a time; it reads like 2026-11-23, 2026-11-23T06:30Z or 24h") from None
