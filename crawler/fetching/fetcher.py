"""One request and its response, or the reason for its failure."""

import re
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response

from onestory.crawler.clock import Clock
from onestory.pipelines.extract.html import printable
from onestory.ssrf import GuardedResolver

__all__ = ["FetchResponse", "Fetcher"]


# Reasons that concern the host rather than the page.
HOST_REASONS = {"unresolved", "unreachable", "timeout", "tls"}
MAX_HEADER_LENGTH = 8_192
KNOWN: dict[type[Exception], tuple[str, str]] = {
    CannotResolveHostError: ("unresolved", "{host} does not resolve"),
    DownloadConnectionRefusedError: ("unreachable", "{host} refuses the connection"),
    DownloadTimeoutError: ("timeout", "{host} did not answer in time"),
    IgnoreRequest: ("too_large", "the answer is too large"),
    DownloadCancelledError: ("too_large", "the answer is too large"),
    ResponseDataLossError: ("cut_off", "the answer was cut off"),
}


@dataclass(frozen=True, slots=True)
class FetchResponse:
    """A response. Without a `status` there was none; `reason` (a stable code) and `why` (a sentence) explain it."""

    url: str
    observed: datetime
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    reason: str | None = None
    why: str | None = None
    seconds: float = 0.0

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def is_redirect(self) -> bool:
        return self.status in (301, 302, 303, 307, 308) and self.header("location") is not None

    @property
    def is_readable(self) -> bool:
        """Whether the body is a whole page (RFC 9110, section 15.3): not 202, 204, or a 206 that nobody requested."""
        return self.status in (200, 203)

    @property
    def is_permanent(self) -> bool:
        return self.status in (301, 308)


class Fetcher:
    """Fetches through Scrapy's downloader and its middlewares; never raises."""

    def __init__(self, crawler: Crawler, resolver: GuardedResolver, *, clock: Clock) -> None:
        self.crawler = crawler
        self.resolver = resolver
        self.clock = clock

    async def __call__(self, url: str, *, headers: dict[str, str] | None = None) -> FetchResponse:
        started = monotonic()
        engine = self.crawler.engine
        if engine is None:
            raise RuntimeError("the engine is not running")
        try:
            request = Request(url, headers=headers, dont_filter=True)
            response = await engine.download_async(request)
        except Exception as error:  # any error that a remote server provokes is its response
            reason, why = self._said(url, error)
            return FetchResponse(url, self.clock.now(), reason=reason, why=why, seconds=monotonic() - started)
        if not 100 <= response.status <= 999:  # three digits (RFC 9112, section 4); no database takes every integer
            why = f"{urlsplit(url).hostname} sent the status {str(response.status)[:20]}, which is not HTTP"
            return FetchResponse(url, self.clock.now(), reason="broken", why=why, seconds=monotonic() - started)
        return FetchResponse(
            url,
            self.clock.now(),
            status=response.status,
            headers=_headers(response),
            body=response.body,
            seconds=monotonic() - started,
        )

    def _said(self, url: str, error: Exception) -> tuple[str, str]:
        host = urlsplit(url).hostname or ""
        refusal = self.resolver.refusals.get(host)
        if refusal is not None and isinstance(error, CannotResolveHostError):
            return "refused", refusal
        for kind, (reason, why) in KNOWN.items():
            if isinstance(error, kind):
                return reason, why.format(host=host)
        return _unusual(host, error)


def _unusual(host: str, error: Exception) -> tuple[str, str]:
    said = _innermost(error)
    if "certificate verify failed" in said:
        return "tls", f"the certificate of {host} cannot be verified"
    if re.search(r"(?i)\bssl|\btls|certificate|VerificationError", said):
        return "tls", f"no safe connection to {host}: {said}"
    if re.search(r"(?i)unreachable|no route|connect", said):
        return "unreachable", f"{host} cannot be reached: {said}"
    return "broken", f"{host} answers what is no HTTP: {said}"


def _innermost(error: BaseException) -> str:
    """The innermost error inside Twisted's nested failures."""
    while inner := error.__cause__ or _first_reason(error):
        error = inner
    return re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")[:200]


def _first_reason(error: BaseException) -> BaseException | None:
    reasons = getattr(error, "reasons", None)
    return getattr(reasons[0], "value", None) if reasons else None


def _headers(response: Response) -> tuple[tuple[str, str], ...]:
    """Headers as text that any database accepts."""
    return tuple(
        (printable(name.decode("latin-1")), printable(_decoded(value))[:MAX_HEADER_LENGTH])
        for name, values in response.headers.items()
        for value in values
    )


def _decoded(value: bytes) -> str:
    """Many servers write UTF-8 into headers, above all into the target of a redirect; Latin-1 is the older custom."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
