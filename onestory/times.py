"""Times: the clock, what people type, and ISO 8601 with a Z."""

import re
from datetime import UTC, datetime, timedelta
from typing import overload

__all__ = ["TIME_FORMS", "in_utc", "iso_utc", "parse_age", "parse_iso_time", "parse_time", "utc_now"]

TIME_FORMS = "ISO 8601 (UTC without a zone), or an age: `90m`, `24h`, `7d`, `2w`."

AGE_PATTERN = re.compile(r"(\d{1,5})\s*(m|h|d|w)")
AGE_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# A plus sign that a client did not percent-encode arrives as a space.
LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")


def utc_now() -> datetime:
    return datetime.now(UTC)


def in_utc(time: datetime) -> datetime:
    """The time in UTC; a time without a zone is taken to be UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


@overload
def iso_utc(time: datetime) -> str: ...
@overload
def iso_utc(time: None) -> None: ...
@overload
def iso_utc(time: datetime | None) -> str | None: ...
def iso_utc(time: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z, to the microsecond where there are any."""
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_iso_time(value: str) -> datetime:
    """Parse ISO 8601, in UTC unless it names a zone. Raises ValueError."""
    try:
        return in_utc(datetime.fromisoformat(value))
    except OverflowError as error:
        raise ValueError(str(error)) from error


def parse_age(value: str) -> timedelta | None:
    """Parse an age such as 90m, 24h, 7d or 2w; None for anything else."""
    found = AGE_PATTERN.fullmatch(value.strip())
    return timedelta(**{AGE_UNITS[found[2]]: int(found[1])}) if found else None


def parse_time(value: str, *, now: datetime) -> datetime:
    """Parse ISO 8601 (UTC unless it names a zone) or an age such as 90m, 24h, 7d or 2w. Raises ValueError."""
    value = value.strip()
    try:
        if (age := parse_age(value)) is not None:
            return now - age
        return parse_iso_time(LOST_PLUS.sub(r"+\1", value) if "T" in value else value)
    except (ValueError, OverflowError):
        raise ValueError(f"{value[:40]!r} is not a time; it reads like 2026-11-23, 2026-11-23T06:30Z or 24h") from None
