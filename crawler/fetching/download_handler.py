"""Scrapy's download handler with a limit on response headers, which Twisted reads without one."""

from typing import Any

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.crawler import Crawler

__all__ = ["BoundedDownloadHandler", "TooManyHeadersError"]

MAX_HEADER_BYTES = 262_144
IDLE_SECONDS = 30


class TooManyHeadersError(ValueError):
    """The response headers exceed the limit."""


class _BoundedParser(_LenientHTTPClientParser):
    """Needs no __init__: Scrapy installs its parser by changing the class of an instance."""

    header_bytes = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        self.header_bytes += len(line)
        if self.header_bytes > MAX_HEADER_BYTES:
            raise TooManyHeadersError(f"its headers are longer than {MAX_HEADER_BYTES} bytes")
        super().lineReceived(line)


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Any) -> Any:
        response = super().request(request)
        self._parser.__class__ = _BoundedParser
        return response


class _BoundedFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> _BoundedProtocol:  # noqa: N802 - Twisted's name
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class BoundedDownloadHandler(HTTP11DownloadHandler):
    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _BoundedFactory
        # A host is fetched from again within seconds or not for long: thousands of idle connections are of no use.
        self._pool.cachedConnectionTimeout = IDLE_SECONDS
