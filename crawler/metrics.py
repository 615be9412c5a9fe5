"""Prometheus metrics and health of one crawler, on an HTTP server of its own. No label contains a URL or a host.

The API's `/metrics` serves what all crawlers share, such as sources and pages by state, from SQL.
"""

import ipaddress
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson
from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, make_wsgi_app
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from onestory.crawler.counts import CrawlCounts
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.errors import BadInput

__all__ = ["CrawlHealth", "CrawlMetrics", "parse_address", "serving_metrics"]

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# Outcomes of a page; `waiting` pages are tried again.
OUTCOMES = ("stored", "known", "dropped", "moved", "barred", "refused", "gone", "failed", "waiting")
# A crawler without progress for so long is unhealthy: restarts of Redis and PostgreSQL take less.
MAX_STALL_SECONDS = 120.0
CLIENT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class CrawlHealth:
    """`progress_seconds` is the age of the last progress, None before the first; `waiting_for` names a lost backend."""

    is_healthy: bool
    progress_seconds: float | None
    waiting_for: str | None


class CrawlMetrics(Collector):
    """The crawl's counts at the time of a scrape, its last progress, and the duration of responses.

    `clock` gives seconds that only increase.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._progress: float | None = None
        self._waiting: tuple[str, float] | None = None
        self.registry = CollectorRegistry()
        self._counts: CrawlCounts | None = None
        self._fetches = Histogram(
            "onestory_fetch_seconds",
            "From a request to its last byte; none: there was no answer.",
            ["answer"],
            buckets=SECONDS,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        self.registry.register(self)

    def take(self, counts: CrawlCounts) -> None:
        """Take the counts so far."""
        self._counts = counts

    def note_progress(self) -> None:
        """Record that the crawl's loop runs and its database answers, whether or not anything is due."""
        self._progress = self._clock()

    def note_wait(self, message: str | None) -> None:
        """Record the backend that the crawl waits for, None when it is back. Fits `BackendRetry(tell=…)`."""
        if message is None:
            self._waiting = None
        elif self._waiting is None:
            self._waiting = message, self._clock()

    def health(self) -> CrawlHealth:
        """Healthy while starting, and while neither progress nor a lost backend is overdue."""
        now, waiting = self._clock(), self._waiting
        age = None if self._progress is None else now - self._progress
        waited = now - waiting[1] if waiting else 0.0
        return CrawlHealth(max(age or 0.0, waited) <= MAX_STALL_SECONDS, age, waiting[0] if waiting else None)

    def fetched(self, response: FetchResponse) -> None:
        kind = "none" if response.status is None else f"{response.status // 100}xx"
        self._fetches.labels(kind).observe(response.seconds)

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families of a scrape; runs on the server's thread."""
        counts = asdict(self._counts) if self._counts else {}
        polls = CounterMetricFamily("onestory_polls", "Polls of sources.", labels=["result"])
        failed = counts.get("polls_failed", 0)
        polls.add_metric(["failed"], failed)
        polls.add_metric(["ok"], counts.get("polls", 0) - failed)
        yield polls
        yield CounterMetricFamily(
            "onestory_pages_found", "Pages that sources named first.", value=counts.get("pages_found", 0)
        )
        pages = CounterMetricFamily("onestory_pages", "What became of the pages that were due.", labels=["outcome"])
        for outcome in OUTCOMES:
            pages.add_metric([outcome], counts.get(outcome, 0))
        yield pages
        health = self.health()
        if health.progress_seconds is not None:
            yield GaugeMetricFamily(
                "onestory_crawl_progress_age_seconds",
                "Time since the crawl last made progress.",
                value=health.progress_seconds,
            )
        yield GaugeMetricFamily(
            "onestory_crawl_waiting", "Whether the crawl waits for a backend.", value=float(bool(health.waiting_for))
        )


def parse_address(value: str) -> tuple[str, int]:
    """Parse `PORT` (on loopback) or `ADDRESS:PORT`. Raises BadInput."""
    host, _, port = value.strip().rpartition(":")
    try:
        address = str(ipaddress.ip_address(host.strip("[]") or "127.0.0.1"))
        number = int(port)
    except ValueError as error:
        raise BadInput(f"--metrics: {value!r} is neither PORT nor ADDRESS:PORT, as in 9464 or 0.0.0.0:9464") from error
    if not 0 <= number <= 65_535:
        raise BadInput(f"--metrics: {number} is not a port: choose one from 1 to 65535, or 0 for a free one")
    return address, number


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _ServerIPv6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_SECONDS

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Write nothing: a scrape is no event."""


@contextmanager
def serving_metrics(metrics: CrawlMetrics, place: tuple[str, int]) -> Iterator[str]:
    """Serve `/metrics` and `/healthz` from a thread and yield the address of the former.

    Raises BadInput if the port is taken.
    """
    host, port = place
    kind = _ServerIPv6 if ":" in host else _Server
    try:
        server = make_server(host, port, _app(metrics), server_class=kind, handler_class=_Handler)
    except OSError as error:
        raise BadInput(f"--metrics: cannot listen on {host} port {port}: {error.strerror or error}") from error
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    named = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{named}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _app(metrics: CrawlMetrics) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    scrape = make_wsgi_app(metrics.registry)

    def respond(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            scraped: Iterable[bytes] = scrape(environ, start)
            return scraped
        health = metrics.health()
        body = orjson.dumps(health, option=orjson.OPT_APPEND_NEWLINE)
        status = "200 OK" if health.is_healthy else "503 Service Unavailable"
        start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return respond
