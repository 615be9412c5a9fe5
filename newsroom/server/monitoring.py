"""Monitoring: /livez, /readyz and /metrics."""

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onestory.errors import OnestoryError
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import ALLOW_ANYONE, REQUIRE_READ
from onestory.newsroom.http.problems import Problem
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.http.schemas import ApiModel
from onestory.store.database import Store
from onestory.store.metrics import StoreMetrics, store_metrics

__all__ = ["Readiness", "RequestMetrics", "ServerMetrics", "health_router", "prometheus_router"]


class Readiness(ApiModel):
    status: Literal["ready"]
    database: Literal["ok"]
    redis: Literal["ok"]
    index: Literal["ready", "rebuilding"]


health_router = APIRouter(tags=["health"], dependencies=[ALLOW_ANYONE])


INDEX_TIMEOUT_SECONDS = 5


@health_router.get(
    "/livez", response_class=PlainTextResponse, summary="Check that the process responds", operation_id="isAlive"
)
async def get_livez() -> Response:
    """Checks nothing else: if this fails, restart the process."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


@health_router.get(
    "/readyz",
    response_model=Readiness,
    summary="Check that database and index respond",
    operation_id="isReady",
    responses={503: {"description": "The database or Redis does not respond; `checks` says which."}},
)
async def get_readyz(request: Request) -> Response:
    """Also ready while the index is being rebuilt. Lookups then say so, and find only exact copies."""
    desk = api_context(request)
    faults: dict[str, str] = {}
    whole = False
    try:
        await anyio.to_thread.run_sync(lambda: _ask(desk.store))
    except OnestoryError as error:
        faults["database"] = str(error)
    try:
        with anyio.fail_after(INDEX_TIMEOUT_SECONDS):
            whole = await desk.index_is_whole()
    except TimeoutError:
        faults["redis"] = f"no response within {INDEX_TIMEOUT_SECONDS} s"
    except OnestoryError as error:
        # The index is compared with the database, so a single fault is reported once.
        if error.reason not in ("database_unavailable", "home_unusable"):
            faults["redis"] = str(error)
    if faults:
        detail = "; ".join(f"{name}: {why}" for name, why in faults.items())
        return Problem(503, "not_ready", detail, {"checks": faults}).response(request.url.path)
    state = Readiness(status="ready", database="ok", redis="ok", index="ready" if whole else "rebuilding")
    return json_response(request, state, headers={"Cache-Control": "no-store"})


def _ask(store: Store) -> None:
    with store.read() as connection:
        connection.execute(text("SELECT 1"))


prometheus_router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])


# Counting a large store takes a moment, so results are cached for this long.
METRICS_CACHE_SECONDS = 60.0

LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

COUNTED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@prometheus_router.get("/metrics")
def get_metrics(request: Request) -> Response:
    kept: ServerMetrics = request.app.state.metrics
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(kept.registry), headers={"Content-Type": media_type, "Cache-Control": "no-store"})


class ServerMetrics:
    """The metrics registry of an app. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "onestory_http_requests", "Responses of this server.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "onestory_http_request_seconds",
            "Time from a request to the first byte of its response.",
            ["route"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        self.registry.register(_StoreFigures(store))

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a response under the pattern of its route, without parameter values."""
        route = getattr(scope.get("route"), "path", None) or "none"
        method = scope["method"] if scope["method"] in COUNTED_METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class RequestMetrics:
    """ASGI middleware that counts responses and times their first byte, since streams do not end."""

    def __init__(self, app: ASGIApp, *, metrics: ServerMetrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.metrics.answered(scope, message["status"], time.perf_counter() - began)
            await send(message)

        await self.app(scope, receive, counted)


class _StoreFigures(Collector):
    """Gauges from SQL, cached for METRICS_CACHE_SECONDS."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._found: StoreMetrics | None = None
        self._until = 0.0

    def describe(self) -> list[Metric]:
        return []  # otherwise the registry would collect from the store here

    def collect(self) -> Iterator[Metric]:
        """Without a database, report only `onestory_database_up 0`."""
        found = self._fresh()
        yield GaugeMetricFamily(
            "onestory_database_up", "Whether the database responds.", value=float(found is not None)
        )
        if found is not None:
            yield from _gauges(found)

    def _fresh(self) -> StoreMetrics | None:
        with self._lock:
            if time.monotonic() >= self._until:
                try:
                    with self._store.read() as connection:
                        self._found = store_metrics(connection)
                    self._until = time.monotonic() + METRICS_CACHE_SECONDS
                except OnestoryError:
                    self._found = None
            return self._found


def _gauges(found: StoreMetrics) -> Iterator[Metric]:
    yield GaugeMetricFamily("onestory_stories", "Stories.", value=found.stories)
    yield GaugeMetricFamily("onestory_articles", "Articles.", value=found.articles)
    yield GaugeMetricFamily(
        "onestory_articles_waiting",
        "Articles stored and not yet attached to their stories.",
        value=found.articles_waiting,
    )
    yield _labelled("onestory_sources", "Enabled sources by status.", "status", found.sources)
    yield _labelled("onestory_sources_alarmed", "Sources with an alarm, by status.", "status", found.sources_alarmed)
    yield GaugeMetricFamily(
        "onestory_sources_unseen", "Sources that failed when last polled.", value=found.sources_unseen
    )
    yield GaugeMetricFamily(
        "onestory_source_overdue_seconds", "How overdue the next poll is.", value=found.source_overdue_seconds
    )
    yield _labelled("onestory_pages_known", "Pages by state.", "state", found.pages)
    yield GaugeMetricFamily(
        "onestory_page_overdue_seconds",
        "How long the oldest due page has been waiting.",
        value=found.page_overdue_seconds,
    )
    yield _labelled("onestory_hosts", "Hosts by state.", "state", found.hosts)


def _labelled(name: str, help_text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family
