"""How fast, and when again: pure functions of what servers say."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_WAIT_SECONDS", "RateLimits", "backoff_seconds", "day_of", "next_day", "rest_seconds", "retry_after"]

LONGEST_WAIT_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The pace of a crawl. `delay_seconds` lies between the end of one request to a host and the next one's start.

    `page_retries` are the seconds before each further try of a page; when they are used up it has failed: later than
    a server that fell over in the night is put up again.
    `host_backoff_seconds` doubles with each failure in a row, up to a day.
    """

    delay_seconds: float = 2.0
    page_retries: tuple[float, ...] = (10.0, 120.0, 900.0, 7_200.0, 43_200.0)
    host_backoff_seconds: float = 30.0
    daily_budget: int = 5_000
    lease_seconds: float = 60.0
    download_seconds: float = 30.0
    max_hosts: int = 32
    linger_seconds: float = 30.0


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds to wait (RFC 9110, section 10.2.3): a number, or until a date; at most a day. None if it says neither."""
    stripped = (value or "").strip()
    if stripped.isascii() and stripped.isdigit():
        return min(float(stripped[:9]), LONGEST_WAIT_SECONDS)
    try:
        until = parsedate_to_datetime(stripped)
    except (TypeError, ValueError, OverflowError):
        return None
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT_SECONDS)


def backoff_seconds(base_seconds: float, failures: int) -> float:
    """Seconds after so many failures in a row: doubling, at most a day."""
    return min(base_seconds * 2.0 ** min(max(failures - 1, 0), 20), LONGEST_WAIT_SECONDS)


def rest_seconds(base_seconds: float, *, failures: int, asked: float | None) -> float:
    """How long a host rests after so many failures in a row, of which the last one `asked` for a pause, or did not.

    It gets what it asks for; but who keeps asking for too little is overloaded, and is backed off from all the same.
    """
    if asked is None:
        return backoff_seconds(base_seconds, failures)
    return max(asked, backoff_seconds(base_seconds, failures - 1) if failures > 1 else 0.0)


def day_of(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def next_day(now: datetime) -> datetime:
    """The coming midnight, in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
