"""Times as pages, feeds and rows write them, to aware UTC; nonsense is None and never an error.

One parser reads every place. It keeps how exact a time is: a day or a minute, with its zone or without.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from onestory.pipelines.dates.month_names import half_of_day, month
from onestory.pipelines.dates.persian import PERSIAN_YEARS, from_persian, persian_month
from onestory.pipelines.dates.zones import zone_after

__all__ = ["Hints", "Stamp", "is_ambiguous", "plausible", "read_time", "to_utc"]

MAX_CHARS = 120
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
# What software writes where it knows no time; a zone may shift it by a day.
_PLACEHOLDERS = ((1899, 12, 30), (1900, 1, 1), (1904, 1, 1), (1970, 1, 1), (1980, 1, 1))
# Time zones and embargoes let honest pages run ahead of the clock.
_AHEAD = timedelta(days=2)
# An archive may carry a wrong clock: a field is believed further than a date found by the way, but not beyond today.
_AHEAD_IN_FIELD = timedelta(days=366)
# Nobody says when the page was seen, and this machine's clock may be behind.
_AHEAD_UNSEEN = timedelta(days=366)
_BUDDHIST = range(2500, 2650)

_EPOCH = re.compile(r"(?:/date\()?(-?\d{10}|\d{13})(?:\.\d{1,9})?(?:[+-]\d{4})?(?:\)/)?")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d\d)([01]\d)([0-3]\d)(?:t?\s?(\d\d)(\d\d)(\d\d)?)?(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?:\s?[日일])?(?!\d)")
# A week and its day, `2026-W02-2`, and a day of the year, `2026-006` (ISO 8601).
_WEEK = re.compile(r"(?<!\d)((?:19|20)\d\d)-?w(\d\d)-?([1-7])(?!\d)")
_ORDINAL = re.compile(r"((?:19|20)\d\d)-(\d{3})(?=$|t)")
# Years of Japan's eras and of Taiwan.
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_ERA = re.compile(rf"({'|'.join(_ERAS)})\s?(\d{{1,3}}|元)\s?年\s?(\d{{1,2}})\s?月\s?(\d{{1,2}})\s?日")
_YEAR_LAST = re.compile(r"(?<![\d.])(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4}|\d\d(?![\d:]))(?!\d)")
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u05f3\u05f4\u0900-\u0dff\u064b-\u0652\u0e31-\u0e4e’'])"
# Arabic names of the Levant have two words. Vietnamese names contain a number (`tháng 1`), Thai ones a full stop.
_NAME = (
    rf"(?P<name>(?:كانون|تشرين)\s{_LETTER}{{3,8}}|[^\W\d_]{_LETTER}{{0,15}}(?:\s?\d{{1,2}}(?=\snăm|,?\s\d{{4}}))?"
    r"|[\u0e00-\u0e7f]{1,3}\.[\u0e00-\u0e7f]{1,3})\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:\s?(?:st|nd|rd|th|er|º|ª)(?![^\W\d_]))?\.?"
_CLOCK_WITHIN = r"(?:\s\d{1,2}:\d\d(?::\d\d)?(?:\s[a-z+:\d-]{1,9})?)?"
_NAMED = (
    re.compile(rf"(?<!\d){_DAY}[\s\-/]{{0,2}}(?:de\s|of\s)?{_NAME}[\s,\-/]{{0,3}}(?:de\s|del\s|of\s|năm\s)?(?P<year>\d{{4}}|\d\d(?=\s\d\d:))(?![\d:])"),
    re.compile(rf"{_NAME}[\s\-]{{1,2}}{_DAY},?{_CLOCK_WITHIN}[\s,\-]{{1,3}}(?P<year>\d{{4}})(?![\d:])"),
    re.compile(rf"(?<!\d)(?P<year>\d{{4}})\.?[\s,\-]{{1,2}}{_NAME}[\s\-]{{1,2}}{_DAY}(?!\d)"),
)  # fmt: skip
_HALF = r"(?P<{0}>a\.?m\.?(?![^\W\d_])|p\.?m\.?(?![^\W\d_])|[上下]午|午[前後]|오[전후]|凌晨|早上|晚上)"
_CLOCK = re.compile(
    rf"(?:{_HALF.format('before')}\s?)?(?<![\d.])(?P<hour>\d{{1,2}})"
    r"(?:\s?[:.h時时시点點]\s?(?P<minute>\d\d)(?!\d)(?:\s?[分분])?(?:[:.m](?P<second>\d\d)(?:[.,:]\d{1,9})?)?)?"
    rf"(?:\s?{_HALF.format('after')})?"
)
_DIGITS_OF_CLOCK = re.compile(r"t?(\d\d)(\d\d)(\d\d)?(?=z|[+-]\d|$|\s)")
_CLOCK_BETWEEN = re.compile(r"(?<=\s)\d{1,2}:\d\d")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment in UTC. Without a clock it is a day, at its midnight; without a zone UTC had to be assumed."""

    at: datetime
    has_clock: bool = True
    zone: tzinfo | None = None

    @property
    def has_zone(self) -> bool:
        return self.zone is not None

    @property
    def is_local(self) -> bool:
        """Whether it was written with a zone other than UTC."""
        return self.zone is not None and bool(self.zone.utcoffset(self.at.replace(tzinfo=None)))


@dataclass(frozen=True, slots=True)
class Hints:
    """What a page tells beside a time: its language, which of two numbers is the month, and its zone."""

    language: str | None = None
    month_first: bool = False
    zone: tzinfo | None = None


_NO_HINTS = Hints()


def to_utc(text: str | None) -> tuple[datetime, bool] | None:
    """The moment and whether its zone came with it; without one UTC is assumed. None when it cannot be read."""
    stamp = read_time(text)
    return (stamp.at, stamp.has_zone) if stamp else None


def read_time(text: str | None, hints: Hints = _NO_HINTS) -> Stamp | None:
    """The first time in `text`, of which the first 120 characters are read; None when there is none."""
    plain = unicodedata.normalize("NFKC", (text or "")[:MAX_CHARS]).replace("İ", "i").lower().strip()
    plain = "".join(str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char for char in plain)
    try:
        return _epoch(plain) or _written(plain, hints)
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def is_ambiguous(text: str) -> bool:
    """Whether the order of day and month decides what a numeric date means."""
    match = _YEAR_LAST.search(text[:MAX_CHARS])
    if match is None:
        return False
    first, second = int(match[1]), int(match[3])
    return 1 <= first <= 12 and 1 <= second <= 12 and first != second


def plausible(moment: datetime, *, observed: datetime | None, field: bool = False) -> bool:
    """Whether an article seen at `observed` can have been published then; placeholders of software are no times.

    `field`: the time stood in a field for dates.
    """
    now = datetime.now(UTC)
    if observed is None:
        latest = now + _AHEAD_UNSEEN
    else:
        latest = min(observed + _AHEAD_IN_FIELD, max(now, observed) + _AHEAD) if field else observed + _AHEAD
    return _EARLIEST <= moment <= latest and not _is_placeholder(moment)


def _is_placeholder(moment: datetime) -> bool:
    days = (moment + timedelta(hours=14)).date(), (moment - timedelta(hours=14)).date()
    return any(days[1] <= datetime(*day, tzinfo=UTC).date() <= days[0] for day in _PLACEHOLDERS)


def _epoch(text: str) -> Stamp | None:
    match = _EPOCH.fullmatch(text)
    if not match:
        return None
    digits = match[1]
    return Stamp(datetime.fromtimestamp(int(digits) / (1000 if len(digits) == 13 else 1), UTC), zone=UTC)


def _written(text: str, hints: Hints) -> Stamp | None:
    for year, number, day, start, end in _days(text, hints):
        try:
            midnight = _midnight(year, number, day, hints)
        except ValueError:
            continue
        return _with_clock(midnight, text, start, end, hints)
    return None


def _midnight(year: int, number: int, day: int, hints: Hints) -> datetime:
    """The beginning of a day that is written in the calendar of its language. Raises ValueError."""
    if hints.language == "fa" and year in PERSIAN_YEARS:
        return datetime.combine(from_persian(year, number, day), time())
    return datetime(year - 543 if hints.language == "th" and year in _BUDDHIST else year, number, day)


def _days(text: str, hints: Hints) -> Iterator[tuple[int, int, int, int, int]]:
    """Year, month, day and the place of every date, by each of the forms."""
    if match := _COMPACT.search(text):
        # Digits of the clock that follow without a sign are left to the clock.
        yield int(match[1]), int(match[2]), int(match[3]), match.start(), match.start(3) + 2
    if match := _WEEK.search(text) or _ORDINAL.match(text):
        found = _counted(match)
        yield found.year, found.month, found.day, match.start(), match.end()
    if match := _ERA.search(text):
        year = _ERAS[match[1]] + (1 if match[2] == "元" else int(match[2]))
        yield year, int(match[3]), int(match[4]), match.start(), match.end()
    if match := _YEAR_FIRST.search(text):
        yield int(match[1]), int(match[2]), int(match[3]), match.start(), match.end()
    if match := _YEAR_LAST.search(text):
        first, second = int(match[1]), int(match[3])
        is_month_first = second > 12 or (hints.month_first and first <= 12)
        number, day = (first, second) if is_month_first else (second, first)
        yield _of_century(match[4]), number, day, match.start(), match.end()
    for form in _NAMED:
        for named in form.finditer(text):
            known = _month(named["name"], hints)
            if known is not None:
                yield _of_century(named["year"]), known, int(named["day"]), named.start(), named.end()


def _counted(match: re.Match[str]) -> date:
    """The day of a week or of a year. Raises ValueError if it does not exist."""
    year, *numbers = (int(part) for part in match.groups())
    if len(numbers) == 2:
        return date.fromisocalendar(year, *numbers)
    found = date(year, 1, 1) + timedelta(days=numbers[0] - 1)
    if found.year != year:
        raise ValueError(f"{year} has no day {numbers[0]}")
    return found


def _of_century(year: str) -> int:
    return int(year) if len(year) > 2 else 2000 + int(year)


def _month(name: str, hints: Hints) -> int | None:
    if hints.language == "fa" and (found := persian_month(name)) is not None:
        return found
    return month(name, language=(hints.language or "")[:2])


def _with_clock(midnight: datetime, text: str, start: int, end: int, hints: Hints) -> Stamp:
    """The day with the clock behind its date, within it (`Tue Jan 6 21:30:00 2026`), or before it."""
    found = _clock(text, end) or _clock_between(text, start, end) or _clock(text[:start], 0)
    if found is None:
        return Stamp(midnight.replace(tzinfo=UTC), has_clock=False)
    seconds, behind = found
    named = zone_after(text, behind)
    zone = named[0] if named else hints.zone
    local = (midnight + timedelta(seconds=seconds)).replace(tzinfo=zone or UTC)
    return Stamp(local.astimezone(UTC), zone=zone)


def _clock_between(text: str, start: int, end: int) -> tuple[int, int] | None:
    match = _CLOCK_BETWEEN.search(text, start, end)
    return _clock(text, match.start()) if match else None


def _clock(text: str, start: int) -> tuple[int, int] | None:
    """The seconds of the day that the first clock from `start` on shows, and where it ends."""
    digits = _DIGITS_OF_CLOCK.match(text, start)
    matches = [digits] if digits else []
    for match in (*matches, *_CLOCK.finditer(text, start)):
        seconds = _of_digits(match) if match is digits else _of_clock(match)
        if seconds is not None:
            return seconds, match.end()
    return None


def _of_digits(match: re.Match[str]) -> int | None:
    hour, minute, second = (int(part or 0) for part in match.groups())
    return hour * 3600 + minute * 60 + min(second, 59) if hour < 24 and minute < 60 else None


def _of_clock(match: re.Match[str]) -> int | None:
    """None for a number that is no clock: `12 people`, `31:70`."""
    half = half_of_day(match["before"] or match["after"] or "")
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if (match["minute"] is None and half is None) or minute > 59:
        return None
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return hour * 3600 + minute * 60 + min(second, 59) if hour <= 24 else None
