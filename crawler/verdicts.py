"""What an answer means for a page."""

import hashlib

from crawler.fetching import Answer
from crawler.pace import Pace
from store.frontier import PageDue, PageResult
from store.models import Capture

__all__ = ["READABLE", "barred", "capture_of", "fetched", "missed", "moved", "refused", "retry_seconds"]

MAX_HOPS = 5
GONE = (404, 410)
# A whole representation (RFC 9110, 15.3): 206 is a part that nobody asked for, 202 and 204 are no page.
READABLE = (200, 203)


def barred(page: PageDue) -> PageResult:
    return PageResult("barred", page.attempts, reason="robots")


def refused(page: PageDue, answer: Answer, *, why: str) -> PageResult:
    return PageResult("refused", page.attempts + 1, http_status=answer.status, reason=why[:200])


def moved(page: PageDue, answer: Answer, *, target: str) -> PageResult:
    """A redirect that goes on for more than five hops, or to itself, leads nowhere."""
    if page.hops >= MAX_HOPS or target == page.url:
        return PageResult("failed", page.attempts + 1, http_status=answer.status, reason="redirects")
    return PageResult("moved", page.attempts + 1, http_status=answer.status, location=target)


def missed(page: PageDue, answer: Answer, *, pace: Pace) -> PageResult:
    """No article this time. It is `due` again, after `retry_seconds`, while tries are left."""
    attempts = page.attempts + 1
    if answer.reason == "refused":
        return refused(page, answer, why=answer.why or "refused")
    reason = answer.reason or f"http_{answer.status}"
    if answer.status in GONE:
        return PageResult("gone", attempts, http_status=answer.status, reason=reason)
    # A server that is asked less often is not the page's fault: 429 uses up no try.
    attempts = page.attempts if answer.status == 429 else attempts
    if answer.reason == "too_large" or attempts > len(pace.page_retries):
        return PageResult("failed", attempts, http_status=answer.status, reason=reason)
    return PageResult("due", attempts, http_status=answer.status, reason=reason)


def retry_seconds(result: PageResult, pace: Pace) -> float:
    """How long a page that is due again rests."""
    return pace.page_retries[max(result.attempts - 1, 0)]


def fetched(page: PageDue, answer: Answer, *, verdict: str) -> PageResult:
    """What is recorded when its capture has been taken by the stages."""
    return PageResult(
        "done",
        page.attempts + 1,
        http_status=answer.status,
        robots=verdict,
        etag=_short(answer.header("etag")),
        last_modified=_short(answer.header("last-modified")),
        body_digest=hashlib.sha256(answer.body).hexdigest(),
    )


def _short(value: str | None) -> str | None:
    return value if value is None or len(value) <= 500 else None


def capture_of(page: PageDue, answer: Answer) -> Capture:
    """The page as the stages take it, with what its source claims of it."""
    return Capture(
        url=page.url,
        observed=answer.observed,
        source=page.source or "crawl",
        body=answer.body,
        headers=answer.headers,
        title=page.title,
        published=page.published,
        outlet=page.outlet,
    )
