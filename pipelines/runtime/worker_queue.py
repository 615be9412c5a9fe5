"""The queue to the worker processes: captures in chunks, with the boilerplate of their hosts."""

import queue
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Generic, TypeVar

from onestory.errors import Dropped
from onestory.pipelines.runtime.workers import Workers
from onestory.store.articles.captures import Capture, ProcessedCapture
from onestory.urls import host_of, site_of

__all__ = ["WorkerAnswer", "WorkerQueue"]

CHUNK_CAPTURES = 32
CHUNK_BYTES = 256 << 10
T = TypeVar("T")
WorkerAnswer = tuple[T, ProcessedCapture | Dropped | BaseException]
_Furniture = Mapping[str, frozenset[int]]


class WorkerQueue(Generic[T]):
    """Collects captures from any thread, each with a ticket; `answers` yields the results as they arrive.

    A chunk is sent when it is full, or on `send`.
    """

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.answers: queue.SimpleQueue[WorkerAnswer[T]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting: list[tuple[Capture, T]] = []
        self._bytes = 0
        self._furniture: Mapping[str, _Furniture] = {}  # by site, by host

    def clean_with(self, furniture: _Furniture) -> None:
        """Set the boilerplate of each host for chunks sent from now on."""
        by_site: dict[str, dict[str, frozenset[int]]] = {}
        for host, lines in furniture.items():
            by_site.setdefault(site_of(host), {})[host] = lines
        self._furniture = by_site

    def add(self, capture: Capture, token: T) -> None:
        with self._lock:
            self._waiting.append((capture, token))
            self._bytes += len(capture.body or "") + len(capture.text or "")
            is_full = len(self._waiting) >= CHUNK_CAPTURES or self._bytes >= CHUNK_BYTES
        if is_full:
            self.send()

    def send(self) -> None:
        """Send what waits."""
        with self._lock:
            chunk, self._waiting, self._bytes = self._waiting, [], 0
        if not chunk:
            return
        tokens = [token for _, token in chunk]
        captures = [capture for capture, _ in chunk]
        answer = self.workers.read(captures, furniture=self._furniture_of(captures))
        answer.add_done_callback(lambda done: self._hand_over(tokens, done))

    def _furniture_of(self, captures: Sequence[Capture]) -> dict[str, frozenset[int]]:
        """The part of the boilerplate that a chunk needs."""
        known, found = self._furniture, dict[str, frozenset[int]]()
        for capture in captures if known else ():
            with suppress(ValueError):  # not a URL: the workers drop it
                found |= known.get(site_of(host_of(capture.url)), {})
        return found

    def _hand_over(self, chunk: Sequence[T], done: "Future[list[ProcessedCapture | Dropped]]") -> None:
        try:
            answers: Sequence[ProcessedCapture | Dropped | BaseException] = done.result()
        except (Exception, CancelledError) as error:
            answers = [error] * len(chunk)
        for token, answer in zip(chunk, answers, strict=True):
            self.answers.put((token, answer))
