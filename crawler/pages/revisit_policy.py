"""When an article's page is looked at again, and what a look at it means: pure functions.

Most changes come in the first hours, and an article that was changed is changed again (measured on news sites by
Cho and Garcia-Molina, "Estimating frequency of change", 2003, and by every news desk). So looks are spaced by the time
since its content was last new: 1, 3 and 8 hours, 1, 3 and 7 days. An article that changes all the time would be
looked at every hour for ever; so no look comes sooner than a 24th of the article's age, and none after 30 days.
"""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from onestory.store.frontier.revisits import DueRevisit

__all__ = ["CONFIRM", "is_settled", "leads_away", "may_revisit", "next_revisit", "revisit_after_absence", "validators"]

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
# Between two looks that do not find an article: a server is rarely misconfigured for longer.
CONFIRM = timedelta(hours=6)
# Whether a withdrawn article is back is looked up so long after it was missed first.
RETURNS = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
# Of a host's daily requests looks may be among the first half; the rest is for sources and for what is new.
SHARE = 0.5
_FRONT = re.compile(r"/?(?:index\.\w{3,5}|home/?|default\.aspx?|[a-z]{2}/?|[a-z]{2}[-_][a-z]{2}/?)?", re.IGNORECASE)
_ERROR_PAGE = re.compile(
    r"(?:404|410|(?:page[-_]?)?not[-_]?found|error(?:[-_]?(?:404|410|page))?|gone)(?:\.\w{3,5})?", re.IGNORECASE
)


def next_revisit(*, known_since: datetime, changed: datetime, now: datetime) -> datetime | None:
    """When to look again; None when the article is old, or has not changed for long. Never sooner than in an hour."""
    step = next((step for step in STEPS if changed + step > now), None)
    if step is None:
        return None
    soonest = now + max(SHORTEST, (now - known_since) / AGE_PARTS)
    due = max(changed + step, soonest)
    return due if due <= known_since + LONGEST_LIFE else None


def revisit_after_absence(*, missing_since: datetime, is_withdrawn: bool, now: datetime) -> datetime | None:
    """When to look again for an article that was not found: to be sure of it, then whether it is back."""
    if not is_withdrawn:
        return max(missing_since + CONFIRM, now + SHORTEST)
    return next((missing_since + wait for wait in RETURNS if missing_since + wait > now), None)


def is_settled(page: DueRevisit, *, is_final: bool, now: datetime) -> bool:
    """Whether an absence holds: the page says so itself (410, a notice), or a look hours ago missed it, too."""
    return is_final or (page.missing_since is not None and now - page.missing_since >= CONFIRM)


def may_revisit(*, day_fetches: int, daily_budget: int) -> bool:
    """Whether the host's budget has room for looks: what is new is never kept waiting for them."""
    return day_fetches < daily_budget * SHARE


def validators(page: DueRevisit) -> dict[str, str]:
    """Headers of a conditional GET (RFC 9110, section 13.1).

    None after a 304, so that every second look sees the page itself; none where they were found to lie, or the
    article is missing.
    """
    if page.http_status == 304 or page.validators_lie or page.missing_since is not None:
        return {}
    told = {"If-None-Match": page.etag, "If-Modified-Since": page.last_modified}
    return {name: value for name, value in told.items() if value}


def leads_away(url: str, target: str) -> bool:
    """Whether an article's URL redirects to what is no article: a front page, a section above it, an error page."""
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
