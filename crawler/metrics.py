"""Prometheus metrics of one crawler, on an HTTP server of its own. No label contains a URL or a host.

The API's `/metrics` serves what all crawlers share, such as sources and pages by state, from SQL.
"""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, start_http_server
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from onestory.crawler.counts import CrawlCounts
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.errors import BadInput

__all__ = ["CrawlMetrics", "parse_address", "serving_metrics"]

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# Outcomes of a page; `waiting` pages are tried again.
OUTCOMES = ("stored", "known", "dropped", "moved", "barred", "refused", "gone", "failed", "waiting")


class CrawlMetrics(Collector):
    """The crawl's counts at the time of a scrape, and the duration of responses."""

    def __init__(self) -> None:
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


def parse_address(value: str) -> tuple[str, int]:
    """Parse `PORT` (on loopback) or `ADDRESS:PORT`. Raises BadInput."""
    host, _, port = value.strip().rpartition(":")
    try:
        address = str(ipaddress.ip_address(host.strip("[]") or "127.0.0.1"))
        number = int(port)
    except ValueError as error:
        raise BadInput(f"--metrics: {value!r} is neither PORT nor ADDRESS:PORT, as in 9464 or 0.0.0.0:9464") from error
    if not 0 <= number <= 65_535:
        raise BadInput(f"--metrics: {number} is no port: choose one from 1 to 65535, or 0 for a free one")
    return address, number


@contextmanager
def serving_metrics(metrics: CrawlMetrics, place: tuple[str, int]) -> Iterator[str]:
    """Serve `/metrics` from its own thread and yield the address. Raises BadInput if the port is taken."""
    host, port = place
    try:
        server, thread = start_http_server(port, host, metrics.registry)
    except OSError as error:
        raise BadInput(f"--metrics: cannot listen on {host} port {port}: {error.strerror or error}") from error
    named = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{named}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
