"""What a response means for a page."""

import hashlib
from datetime import datetime

from onestory.crawler.backoff import RateLimits
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.pipelines.archive.content_coding import CodingError, decoded
from onestory.store.articles.captures import Capture
from onestory.store.frontier.pages import DuePage, PageFetchResult
from onestory.urls import MAX_REDIRECTS, same_site

__all__ = [
    "blocked_result",
    "capture_of",
    "failed_result",
    "fetched_result",
    "redirect_result",
    "refused_result",
    "retry_seconds",
]

GONE = (404, 410)
GZIP = b"\x1f\x8b"
MAX_UNPACKED_BYTES = 16 << 20


def blocked_result(page: DuePage) -> PageFetchResult:
    return PageFetchResult("barred", page.attempts, reason="robots")


def refused_result(page: DuePage, response: FetchResponse, *, why: str) -> PageFetchResult:
    return PageFetchResult("refused", page.attempts + 1, http_status=response.status, reason=why[:200])


def redirect_result(page: DuePage, response: FetchResponse, *, target: str) -> PageFetchResult:
    """Follow a redirect, unless it leads to itself or exceeds five hops."""
    if page.hops >= MAX_REDIRECTS or target == page.url:
        return PageFetchResult("failed", page.attempts + 1, http_status=response.status, reason="redirects")
    return PageFetchResult("moved", page.attempts + 1, http_status=response.status, location=target)


def failed_result(page: DuePage, response: FetchResponse, *, rate_limits: RateLimits) -> PageFetchResult:
    """No article this time. The page is `due` again after `retry_seconds` while tries are left."""
    attempts = page.attempts + 1
    if response.reason == "refused":
        return refused_result(page, response, why=response.why or "refused")
    reason = response.reason or f"http_{response.status}"
    if response.status in GONE:
        return PageFetchResult("gone", attempts, http_status=response.status, reason=reason)
    # 429 is about the rate of requests, not the page: it uses up no try.
    attempts = page.attempts if response.status == 429 else attempts
    if response.reason == "too_large" or attempts > len(rate_limits.page_retries):
        return PageFetchResult("failed", attempts, http_status=response.status, reason=reason)
    return PageFetchResult("due", attempts, http_status=response.status, reason=reason)


def retry_seconds(result: PageFetchResult, rate_limits: RateLimits) -> float:
    """Seconds until a page that is due again is retried."""
    return rate_limits.page_retries[max(result.attempts - 1, 0)]


def fetched_result(page: DuePage, response: FetchResponse, *, verdict: str) -> PageFetchResult:
    """The result to record once the stages have the capture."""
    return PageFetchResult(
        "done",
        page.attempts + 1,
        http_status=response.status,
        robots=verdict,
        etag=_short(response.header("etag")),
        last_modified=_short(response.header("last-modified")),
        body_digest=hashlib.sha256(response.body).hexdigest(),
    )


def _short(value: str | None) -> str | None:
    return value if value is None or len(value) <= 500 else None


def capture_of(page: DuePage, response: FetchResponse) -> Capture:
    """The page as a capture, with what its source claims about it."""
    return Capture(
        url=page.url,
        observed=response.observed,
        source=page.source or "crawl",
        body=_unpacked(response.body),
        headers=response.headers,
        title=page.title,
        published=page.published,
        outlet=page.outlet,
        seen_after=_seen_after(page),
    )


def _unpacked(body: bytes) -> bytes:
    """Some servers pack a page twice, or without saying so."""
    if not body.startswith(GZIP):
        return body
    try:
        plain = decoded(body, (), max_bytes=MAX_UNPACKED_BYTES)
    except CodingError:
        return body
    return plain if len(plain) <= MAX_UNPACKED_BYTES else body


def _seen_after(page: DuePage) -> datetime | None:
    """When the page's own source did not list it yet; what another site lists late says nothing."""
    if page.unlisted is None or page.source is None or "//" not in page.source:
        return None
    return page.unlisted if same_site(page.url, page.source) else None
