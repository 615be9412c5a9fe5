"""Times as pages write them, to aware UTC; nonsense is None and never an error."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

__all__ = ["plausible", "to_utc"]

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_NO_CLOCK_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
# Time zones and embargoes let honest pages run ahead of the clock.
_AHEAD = timedelta(days=2)
# An archive may carry a wrong clock itself: a field made for the date is believed further than a date found by the way.
_AHEAD_IN_FIELD = timedelta(days=366)
_ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ]+(\d\d?):?(\d\d)(?::?(\d\d)(?:[.,:]\d+)?)?\s*"
    r"(Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?)?",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?:\D{1,4}(\d\d?)[:.](\d\d))?")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")


def to_utc(text: str | None) -> tuple[datetime, bool] | None:
    """The moment and whether an offset came with it; without one UTC is assumed. None when it cannot be read."""
    text = (text or "").strip()[:80]
    if not text:
        return None
    try:
        return _epoch(text) or _iso(text) or _day_first(text) or _rfc2822(text)
    except (ValueError, OverflowError, OSError, IndexError, TypeError):
        return None


def plausible(moment: datetime, *, observed: datetime | None, field: bool = False) -> bool:
    """Whether an article seen at `observed` can have been published then. `field`: it stood in a field for dates."""
    latest = observed + (_AHEAD_IN_FIELD if field else _AHEAD) if observed else _NO_CLOCK_LATEST
    return _EARLIEST <= moment <= latest


def _epoch(text: str) -> tuple[datetime, bool] | None:
    if not _EPOCH.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC), True


def _iso(text: str) -> tuple[datetime, bool] | None:
    match = _ISO.match(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    naive = datetime(year, month, day, hour % 24, minute, min(second, 59))
    offset = _offset(match[7])
    return _aware(naive, offset)


def _offset(text: str | None) -> timedelta | None:
    if not text:
        return None
    if text[0] not in "+-":
        return timedelta(0)
    digits = text[1:].replace(":", "").ljust(4, "0")
    length = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
    return -length if text[0] == "-" else length


def _aware(naive: datetime, offset: timedelta | None) -> tuple[datetime, bool]:
    return (naive - (offset or timedelta(0))).replace(tzinfo=UTC), offset is not None


def _day_first(text: str) -> tuple[datetime, bool] | None:
    """24.12.2023 and 24/12/2023; 12/24/2023 only when the other order is no date."""
    match = _DAY_FIRST.search(text)
    if not match:
        return None
    first, second, year, hour, minute = (int(part or 0) for part in match.groups())
    day, month = (second, first) if second > 12 else (first, second)
    return _aware(datetime(year, month, day, hour, minute), None)


def _rfc2822(text: str) -> tuple[datetime, bool] | None:
    moment = parsedate_to_datetime(text)
    if moment.tzinfo is None:
        return _aware(moment, None)
    return moment.astimezone(UTC), True
