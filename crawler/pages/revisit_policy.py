"""When an article is revisited, and what a revisit means: pure functions.

Most changes come in the first hours, and an article that was changed is changed again (measured on news sites by
Cho and Garcia-Molina, "Estimating frequency of change", 2003, and by every news desk). Revisits are spaced by the time
since the content was last new: 1, 3 and 8 hours, 1, 3 and 7 days. An article that keeps changing would be revisited
every hour for ever, so no revisit comes sooner than a 24th of the article's age, and none after 30 days.
"""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from onestory.store.frontier.revisits import DueRevisit

__all__ = [
    "CONFIRM",
    "is_absence_confirmed",
    "leads_away",
    "may_revisit",
    "next_revisit",
    "revisit_after_absence",
    "validators",
]

STEPS = (
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=8),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)
SHORTEST = timedelta(hours=1)
LONGEST_LIFE = timedelta(days=30)
AGE_PARTS = 24
# Between two revisits that miss an article: servers are rarely misconfigured for longer.
CONFIRM = timedelta(hours=6)
# How long after the first miss to check whether a withdrawn article has returned.
RETURNS = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
# Revisits may use the first half of a host's daily requests; the rest is for sources and new pages.
SHARE = 0.5
_FRONT = re.compile(r"/?(?:index\.\w{3,5}|home/?|default\.aspx?|[a-z]{2}/?|[a-z]{2}[-_][a-z]{2}/?)?", re.IGNORECASE)
_ERROR_PAGE = re.compile(
    r"(?:404|410|(?:page[-_]?)?not[-_]?found|error(?:[-_]?(?:404|410|page))?|gone)(?:\.\w{3,5})?", re.IGNORECASE
)


def next_revisit(*, known_since: datetime, changed: datetime, now: datetime) -> datetime | None:
    """The time of the next revisit, at least an hour away; None if the article is old or long unchanged."""
    step = next((step for step in STEPS if changed + step > now), None)
    if step is None:
        return None
    soonest = now + max(SHORTEST, (now - known_since) / AGE_PARTS)
    due = max(changed + step, soonest)
    return due if due <= known_since + LONGEST_LIFE else None


def revisit_after_absence(*, missing_since: datetime, is_withdrawn: bool, now: datetime) -> datetime | None:
    """The time of the next revisit of a missing article: first to confirm, then to see whether it returned."""
    if not is_withdrawn:
        return max(missing_since + CONFIRM, now + SHORTEST)
    return next((missing_since + wait for wait in RETURNS if missing_since + wait > now), None)


def is_absence_confirmed(page: DueRevisit, *, is_final: bool, now: datetime) -> bool:
    """Whether an absence is confirmed: the page says so (410, a notice), or a revisit hours ago missed it as well."""
    return is_final or (page.missing_since is not None and now - page.missing_since >= CONFIRM)


def may_revisit(*, day_fetches: int, daily_budget: int) -> bool:
    """Whether the host's budget allows revisits: new pages never wait for them."""
    return day_fetches < daily_budget * SHARE


def validators(page: DueRevisit) -> dict[str, str]:
    """Headers of a conditional GET (RFC 9110, section 13.1).

    None after a 304, so that every second revisit sees the page itself; none if they proved unreliable or the article
    is missing.
    """
    if page.http_status == 304 or page.validators_lie or page.missing_since is not None:
        return {}
    told = {"If-None-Match": page.etag, "If-Modified-Since": page.last_modified}
    return {name: value for name, value in told.items() if value}


def leads_away(url: str, target: str) -> bool:
    """Whether an article's URL redirects to a front page, a section above it, or an error page."""
    here, there = urlsplit(url), urlsplit(target)
    if _bare(here.hostname) != _bare(there.hostname):
        return False  # a consent or login page has a host of its own
    segments = [segment for segment in there.path.split("/") if segment]
    if _FRONT.fullmatch(there.path) and not there.query:
        return True
    if segments and _ERROR_PAGE.fullmatch(segments[-1]):
        return True
    ours = [segment for segment in here.path.split("/") if segment]
    return len(segments) < len(ours) and ours[: len(segments)] == segments and not there.query


def _bare(host: str | None) -> str:
    return (host or "").removeprefix("www.")
