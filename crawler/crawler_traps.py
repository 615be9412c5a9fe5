"""Crawler traps: endless calendars, pagination and loops, recognised by URL alone so that none is fetched."""

import re
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

__all__ = ["trap_kind"]

MAX_SEGMENTS = 12
MAX_PARAMETERS = 8
MAX_REPEATS = 3
PAGING_SEGMENT = re.compile(r"(?i)^(?:page|seite|pagina|pag|side|sida)[-_]?\d*$")
PAGING_NAMES = {"page", "paged", "pg", "seite", "pagina", "offset", "start", "from_page", "cursor", "after", "before"}
CALENDAR = re.compile(r"(?i)^(?:calendars?|kalender|calendario|calendrier|agenda|ical|month|week)$")
CALENDAR_NAMES = {"date", "day", "month", "year", "week", "tribe-bar-date", "eventdisplay", "ical"}
DATE_PART = re.compile(r"^(?:(?:19|20|21)\d\d(?:-?\d{1,2}){0,2}|\d{1,2})$")
YEAR = re.compile(r"^(?:19|20|21)\d\d")


def trap_kind(url: str) -> str | None:
    """The kind of trap that a normal URL looks like, or None."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    names = [name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    if len(segments) > MAX_SEGMENTS or len(names) > MAX_PARAMETERS:
        return "depth"
    if any(segments.count(one) >= MAX_REPEATS for one in set(segments)) or _goes_round(segments):
        return "repetition"
    if PAGING_NAMES.intersection(names) or _is_paged(segments):
        return "pagination"
    if _is_calendar(segments) or CALENDAR_NAMES.intersection(names):
        return "calendar"
    return None


def _goes_round(segments: list[str]) -> bool:
    """Whether the path repeats itself, as in `/a/b/a/b`: a relative link on its own target."""
    pairs = list(pairwise(segments))
    return any(pair in pairs[place + 2 :] for place, pair in enumerate(pairs))


def _is_paged(segments: list[str]) -> bool:
    """Whether the path ends in a page number: `/page/2`, `/seite-3`."""
    for place, segment in enumerate(segments):
        if PAGING_SEGMENT.match(segment):
            rest = segments[place + 1 :]
            return not rest or (len(rest) == 1 and rest[0].isdigit())
    return False


def _is_calendar(segments: list[str]) -> bool:
    """Whether the path ends in a bare date, `/2026/11/23`, or has a date below a calendar."""
    if any(
        CALENDAR.match(one) and any(map(DATE_PART.match, segments[place + 1 :])) for place, one in enumerate(segments)
    ):
        return True
    dated = [place for place, segment in enumerate(segments) if YEAR.match(segment)]
    return bool(dated) and all(DATE_PART.match(segment) for segment in segments[dated[0] :])
