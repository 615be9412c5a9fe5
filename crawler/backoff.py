"""Rate limits and backoff: pure functions of what servers answer."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_WAIT_SECONDS", "RateLimits", "backoff_seconds", "day_of", "next_day", "rest_seconds", "retry_after"]

LONGEST_WAIT_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The rate limits of a crawl. `delay_seconds` passes between two requests to a host, from end to start.

    `page_retries` are the seconds before each retry of a page; after the last one the page has failed. Together they
    are long enough to outlast an overnight outage.
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
    """Seconds that a Retry-After header asks for (RFC 9110, section 10.2.3), at most a day. None if it is invalid."""
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
    """The pause after `failures` failures in a row: exponential, at most a day."""
    return min(base_seconds * 2.0 ** min(max(failures - 1, 0), 20), LONGEST_WAIT_SECONDS)


def rest_seconds(base_seconds: float, *, failures: int, asked: float | None) -> float:
    """The pause of a host after `failures` failures in a row; `asked` is what its last response asked for.

    The host gets what it asks for. A host that keeps asking for too little is overloaded and gets the backoff instead.
    """
    if asked is None:
        return backoff_seconds(base_seconds, failures)
    return max(asked, backoff_seconds(base_seconds, failures - 1) if failures > 1 else 0.0)


def day_of(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def next_day(now: datetime) -> datetime:
    """The next midnight in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
