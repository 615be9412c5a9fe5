"""Cookies of readers: the chosen period, the last visit, and the name for decisions.

Unexpected values are ignored.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import quote, unquote

from fastapi import Request
from fastapi.responses import Response

__all__ = [
    "LOOKBACK_SPANS",
    "LastVisit",
    "last_visit_of",
    "lookback_start",
    "remembered_name",
    "set_name_cookie",
    "set_visit_cookies",
]

SPAN_COOKIE = "onestory_span"
VISIT_COOKIE = "onestory_visit"
NAME_COOKIE = "onestory_who"
YEAR_SECONDS = 365 * 86_400
# A request within this time continues the same visit.
SAME_VISIT = timedelta(minutes=30)
NIGHT_BEGINS = time(20, 0)
VISIT_COOKIE_PATTERN = re.compile(r"(\d{1,12})\.(\d{1,12})")
MAX_REMEMBERED_NAME = 100

# The periods to choose from, with their labels.
LOOKBACK_SPANS = {
    "night": "last night, 20:00 UTC",
    "24h": "24 hours ago",
    "1h": "an hour ago",
    "7d": "7 days ago",
    "visit": "my last visit",
}
LOOKBACK_LENGTHS = {"24h": timedelta(hours=24), "1h": timedelta(hours=1), "7d": timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class LastVisit:
    """The reader's visits. `before` is the end of the previous visit, None for the first; `span` is one of
    LOOKBACK_SPANS.
    """

    span: str
    before: datetime | None
    here: datetime


def last_visit_of(request: Request, *, now: datetime) -> LastVisit:
    """The visit of a request, with the period chosen by `?span=` or a cookie."""
    span = request.query_params.get("span") or request.cookies.get(SPAN_COOKIE) or "24h"
    before, last = _visited(request.cookies.get(VISIT_COOKIE, ""), now=now)
    if last is not None and now - last > SAME_VISIT:
        before = last
    return LastVisit(span if span in LOOKBACK_SPANS else "24h", before, now)


def _visited(cookie: str, *, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The end of the previous visit, and the latest moment of the current one."""
    found = VISIT_COOKIE_PATTERN.fullmatch(cookie)
    if found is None:
        return None, None
    before, last = (
        datetime.fromtimestamp(int(part), UTC) if 0 < int(part) <= now.timestamp() else None for part in found.groups()
    )
    return before, last


def lookback_start(visit: LastVisit) -> datetime:
    """The beginning of the chosen period. On a first visit, it is a day ago."""
    now = visit.here
    if visit.span == "night":
        evening = datetime.combine(now.date(), NIGHT_BEGINS, UTC)
        return evening if evening <= now - timedelta(hours=4) else evening - timedelta(days=1)
    if visit.span == "visit":
        return visit.before or now - LOOKBACK_LENGTHS["24h"]
    return now - LOOKBACK_LENGTHS[visit.span]


def set_visit_cookies(request: Request, response: Response, visit: LastVisit) -> None:
    before = int(visit.before.timestamp()) if visit.before else 0
    _set(request, response, VISIT_COOKIE, f"{before}.{int(visit.here.timestamp())}")
    if "span" in request.query_params:
        _set(request, response, SPAN_COOKIE, visit.span)


def remembered_name(request: Request) -> str:
    """The name that the reader last used for a decision."""
    return unquote(request.cookies.get(NAME_COOKIE, ""))[:MAX_REMEMBERED_NAME]


def set_name_cookie(request: Request, response: Response, name: str) -> None:
    _set(request, response, NAME_COOKIE, quote(name[:MAX_REMEMBERED_NAME], safe=""))


def _set(request: Request, response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=YEAR_SECONDS, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
