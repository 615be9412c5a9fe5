"""Display of values on pages, with text from the web made harmless.

Such text must not change the reading direction, hide, stack marks, or become a script link.
"""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from markupsafe import Markup

from onestory.dispatch_urls import is_dispatch_host

__all__ = [
    "format_absolute",
    "format_day_and_time",
    "format_delay",
    "format_percent",
    "iso_seconds",
    "language_tag",
    "plural_grouped",
    "safe_link",
    "sanitize_text",
    "time_ago",
    "time_until",
]


# Controls, bidi embeddings, overrides and isolates, invisible fillers, interlinear marks, tags, private use.
INVISIBLE_CHARACTERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffc\ue000-\uf8ff\ud800-\udfff"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]+"
)

LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")

# Combining marks stacked on one letter. No language needs more than a few.
STACKED_MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)

LANGUAGE_TAG_PATTERN = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")

DURATION_UNITS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (14 * 86_400, 86_400, "d"))


def sanitize_text(value: object) -> object:
    """Sanitize the value of a template expression. Markup is returned unchanged."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if value.isascii() and value.isprintable():
        return value
    return STACKED_MARKS.sub(r"\1", INVISIBLE_CHARACTERS.sub("", LINE_ENDS.sub("\n", value)))


def safe_link(url: str | None) -> str | None:
    """The URL if it is an http(s) link that leads somewhere, else None."""
    if not url or INVISIBLE_CHARACTERS.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = parts.hostname or ""
    return url if parts.scheme in ("http", "https") and host and not is_dispatch_host(host) else None


def language_tag(language: str | None) -> str | None:
    """A value for `lang`, or None if the language is unknown."""
    return language if language and language != "und" and LANGUAGE_TAG_PATTERN.fullmatch(language) else None


def time_ago(then: datetime, now: datetime) -> str:
    """A time such as "3 h ago"; empty if it is weeks away."""
    passed = (now - then).total_seconds()
    if abs(passed) >= DURATION_UNITS[-1][0]:
        return ""
    if abs(passed) < 60:
        return "just now" if passed >= 0 else "in a moment"
    return f"{_amount(passed)} ago" if passed > 0 else f"in {_amount(-passed)}"


def time_until(then: datetime, now: datetime) -> str:
    """A future time: "due" or "in 3 h"; empty if it is weeks away."""
    return "due" if then <= now else time_ago(then, now)


def format_delay(length: timedelta) -> str:
    """A delay such as "+40 min"; empty for none."""
    seconds = length.total_seconds()
    return f"+{_amount(seconds)}" if seconds > 0 else ""


def _amount(seconds: float) -> str:
    unit, name = next(((unit, name) for below, unit, name in DURATION_UNITS if seconds < below), (86_400, "d"))
    return f"{max(1, int(seconds // unit))}\u00a0{name}"


def format_absolute(then: datetime) -> str:
    """A date and time in UTC."""
    return f"{then.day} {then:%b} {then.year}, {then:%H:%M} UTC"


def format_day_and_time(then: datetime) -> str:
    """The label of an axis: a day and a time in UTC, without the year."""
    return f"{then.day} {then:%b}, {then:%H:%M}"


def iso_seconds(then: datetime) -> str:
    return f"{then.year:04}-{then:%m-%dT%H:%M:%SZ}"


def format_percent(part: float) -> str:
    """A percentage. Only the whole is 100, and only nothing is 0."""
    return f"{min(max(round(part * 100), 1 if part > 0 else 0), 100 if part >= 1 else 99)}%"


def plural_grouped(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
