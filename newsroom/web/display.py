"""Text from the web on a page: it may not turn the reading direction, hide, tower, or become a link that runs."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from markupsafe import Markup

__all__ = ["absolute", "ago", "ahead", "count", "iso", "language_tag", "safe_link", "share", "shown", "span_of_time"]

# Controls, bidi embeddings, overrides and isolates, invisible fillers, interlinear marks, tags, private use.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffc\ue000-\uf8ff\ud800-\udfff"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]+"
)
LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Marks that pile up on one letter; no language stacks more than a few.
TOWER = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (14 * 86_400, 86_400, "d"))


def shown(value: object) -> object:
    """What every expression of a template passes through; what is markup already stays as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if value.isascii() and value.isprintable():
        return value
    return TOWER.sub(r"\1", UNSEEN.sub("", LINE_ENDS.sub("\n", value)))


def safe_link(url: str | None) -> str | None:
    """The address, if following it can do no more than fetch a page."""
    if not url or UNSEEN.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def language_tag(language: str | None) -> str | None:
    """A value for `lang`, None where the language is not known."""
    return language if language and language != "und" and TAG.fullmatch(language) else None


def ago(then: datetime, now: datetime) -> str:
    """A short "3 h ago"; nothing for what is weeks away, as nobody counts them."""
    passed = (now - then).total_seconds()
    if abs(passed) >= STEPS[-1][0]:
        return ""
    if abs(passed) < 60:
        return "just now" if passed >= 0 else "in a moment"
    return f"{_amount(passed)} ago" if passed > 0 else f"in {_amount(-passed)}"


def ahead(then: datetime, now: datetime) -> str:
    """Of what is to come: "due", "in 3 h"; nothing for what is weeks away."""
    return "due" if then <= now else ago(then, now)


def span_of_time(length: timedelta) -> str:
    """How much later: "+40 min"; nothing for the first."""
    seconds = length.total_seconds()
    return f"+{_amount(seconds)}" if seconds > 0 else ""


def _amount(seconds: float) -> str:
    unit, name = next(((unit, name) for below, unit, name in STEPS if seconds < below), (86_400, "d"))
    return f"{max(1, int(seconds // unit))}\u00a0{name}"


def absolute(then: datetime) -> str:
    """Times are UTC, and the page says so."""
    return f"{then.day} {then:%b} {then.year}, {then:%H:%M} UTC"


def iso(then: datetime) -> str:
    return f"{then.year:04}-{then:%m-%dT%H:%M:%SZ}"


def share(part: float) -> str:
    """Percent; only the whole is 100, and only nothing is 0."""
    return f"{min(max(round(part * 100), 1 if part > 0 else 0), 100 if part >= 1 else 99)} %"


def count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
