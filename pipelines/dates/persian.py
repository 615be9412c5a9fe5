"""Dates of the Persian calendar, as pages in Persian show them: `۱۶ دی ۱۴۰۴`."""

from datetime import date, timedelta

__all__ = ["PERSIAN_YEARS", "from_persian", "persian_month"]

PERSIAN_YEARS = range(1340, 1500)
_MONTHS = (
    *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
    *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
)
_LONG_MONTHS = 6
# Leap years fall on these places of a cycle of 33 years, which holds for the years of this range.
_CYCLE, _LEAPS = 33, frozenset([1, 5, 9, 13, 17, 22, 26, 30])
_FIRST_DAY = date(1961, 3, 21)  # 1 Farvardin 1340


def persian_month(name: str) -> int | None:
    """The number of a Persian month, written with Persian or Arabic letters."""
    bare = name.replace("\u064a", "\u06cc").replace("\u0643", "\u06a9").strip(" .,،")
    return _MONTHS.index(bare) + 1 if bare in _MONTHS else None


def from_persian(year: int, month: int, day: int) -> date:
    """The Gregorian day. Raises ValueError for a day that does not exist."""
    if year not in PERSIAN_YEARS or not 1 <= month <= len(_MONTHS) or not 1 <= day <= _length(year, month):
        raise ValueError(f"{year}-{month}-{day} is no Persian date")
    years = sum(366 if _is_leap(one) else 365 for one in range(PERSIAN_YEARS.start, year))
    return _FIRST_DAY + timedelta(days=years + sum(_length(year, one) for one in range(1, month)) + day - 1)


def _length(year: int, month: int) -> int:
    if month <= _LONG_MONTHS:
        return 31
    return 30 if month < len(_MONTHS) or _is_leap(year) else 29


def _is_leap(year: int) -> bool:
    return year % _CYCLE in _LEAPS
