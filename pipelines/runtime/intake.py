"""The entrance to the stages, for crawls and imports: captures in, outcomes out."""

import logging
import queue
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from types import TracebackType

from onestory.errors import Dropped
from onestory.pipelines.runtime.outcome import Outcome
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.pipelines.runtime.saving import new_versions, save_batch
from onestory.pipelines.runtime.worker_queue import WorkerAnswer, WorkerQueue
from onestory.pipelines.runtime.workers import Workers
from onestory.pipelines.stories.attach import attach
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.articles.captures import Capture, ProcessedCapture
from onestory.store.articles.save import SaveResult
from onestory.store.articles.versions import VersionText, unattached_versions
from onestory.store.boilerplate import active_fingerprints
from onestory.store.database import Store
from onestory.store.search.full_text_index import index_due_batch
from onestory.store.watches.hits import emit_watch_events
from onestory.store.wire.dispatches import apply_statuses
from onestory.times import utc_now

__all__ = ["Intake"]

logger = logging.getLogger(__name__)

BATCH = 128
TICK_SECONDS = 0.05
GATHER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    url: str
    outcome: "Future[Outcome]"


class Intake:
    """Reads captures in worker processes; one thread stores and attaches them in batches.

    An outcome is set once its article is stored and attached. The intake waits for a lost server; any other error
    ends it, is set on every pending outcome, and is raised by `close`.
    """

    def __init__(
        self,
        store: Store,
        index_client: IndexClient,
        *,
        workers: Workers,
        retry: BackendRetry,
        clock: Callable[[], datetime] = utc_now,
        in_flight: int = 512,
    ) -> None:
        self.store = store
        self.index_client = index_client
        self.retry = retry
        self.clock = clock
        self.pairs_verified = 0
        self._room = threading.BoundedSemaphore(in_flight)
        self._lock = threading.Lock()
        self._chunks: WorkerQueue[_Waiting] = WorkerQueue(workers)
        self._unsettled = 0
        self._unsearched = 0
        self._closing = threading.Event()
        self._failure: BaseException | None = None
        self._taker = threading.Thread(target=self._take_all, name="intake", daemon=True)

    def reload_furniture(self) -> None:
        """Load the published boilerplate for captures submitted from now on."""

        def once() -> Mapping[str, frozenset[int]]:
            with self.store.read() as connection:
                return active_fingerprints(connection)

        self._chunks.clean_with(self.retry.call(once))

    def __enter__(self) -> "Intake":
        self.reload_furniture()
        self._taker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._failure = self._failure or error
            self.retry.give_up()
        self._closing.set()
        self._chunks.send()
        self._taker.join()
        if kind is None and self._failure is not None:
            raise self._failure

    def submit(self, capture: Capture) -> "Future[Outcome]":
        """Submit a capture; blocks while too much is in flight. The outcome may be an error: see the class."""
        if self._failure is not None:
            raise self._failure
        self._room.acquire()
        waiting = _Waiting(capture.url, Future())
        waiting.outcome.add_done_callback(lambda _: self._room.release())
        with self._lock:
            self._unsettled += 1
        self._chunks.add(capture, waiting)
        return waiting.outcome

    def _take_all(self) -> None:
        """Run the storing thread until closing and until every outcome is set."""
        try:
            self._sweep()
            self._apply_statuses()
            self._tell()
        except Exception as error:
            self._fail(error)
        while not self._closing.is_set() or self._unsettled:
            batch = self._next_batch()
            if not self._unsettled or self._unsearched >= BATCH:
                self._take_in_for_search()
            if not batch:
                self._chunks.send()
                continue
            if self._failure is None:
                try:
                    self._take(batch)
                except Exception as error:
                    self._fail(error)
            if self._failure is not None:
                self._settle_all(batch, self._failure)

        self._take_in_for_search(whole=True)

    def _take_in_for_search(self, *, whole: bool = False) -> None:
        """Index words for search in full batches or in idle time, and all of them at the end."""
        self._unsearched = 0
        try:
            while self._failure is None and self.retry.call(lambda: index_due_batch(self.store)) and whole:
                pass
        except Exception as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        logger.debug("the intake ends", exc_info=error)
        self._failure = self._failure or error

    def _next_batch(self) -> "list[WorkerAnswer[_Waiting]]":
        """The next batch. Waits a moment for more, because most of the cost is the same for one article and for ten."""
        batch: list[WorkerAnswer[_Waiting]] = []
        give_up = monotonic() + TICK_SECONDS
        # Everything in flight has arrived: there is nothing to wait for.
        while len(batch) < max(min(BATCH, self._unsettled), 1):
            try:
                batch.append(self._chunks.answers.get(timeout=max(min(TICK_SECONDS, give_up - monotonic()), 0.0)))
            except queue.Empty:
                if monotonic() >= give_up:
                    break
                self._chunks.send()
                continue
            if len(batch) == 1:
                give_up = monotonic() + GATHER_SECONDS
        return batch

    def _take(self, batch: "Sequence[WorkerAnswer[_Waiting]]") -> None:
        readings = []
        for waiting, answer in batch:
            if isinstance(answer, Dropped):
                self._settle(waiting, Outcome(waiting.url, "dropped", answer.reason, answer.detail))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                readings.append((waiting, answer))
        saved, wanted, reopened = self._save([reading for _, reading in readings])
        self._unsearched += len(saved)
        self._attach(new_versions([reading for _, reading in readings], saved))
        self._apply_statuses({one.article_id for (_, r), one in zip(readings, saved, strict=True) if r.capture.filing})
        if reopened:
            self._sweep()
        if wanted:
            self._tell()
        for (waiting, _), kept in zip(readings, saved, strict=True):
            self._settle(waiting, _outcome(waiting.url, kept))

    def _save(self, readings: Sequence[ProcessedCapture]) -> tuple[list[SaveResult], int, set[int]]:
        """Save a batch; return the result of each, how many match a watch, and the versions that changed."""

        def once() -> tuple[list[SaveResult], int, set[int]]:
            return save_batch(self.store, readings, now=self.clock())

        return self.retry.call(once) if readings else ([], 0, set())

    def _tell(self) -> None:
        """Write the events of watches whose articles are attached."""

        def once() -> int:
            with self.store.write() as connection:
                return emit_watch_events(connection, now=self.clock())

        self.retry.call(once)

    def _attach(self, versions: Sequence[VersionText]) -> None:
        def once() -> int:
            return attach(self.store, self.index_client, versions, now=self.clock())

        if versions:
            self.pairs_verified += self.retry.call(once)
        if self.index_client.has_lost:
            self.index_client.has_lost = False
            self._sweep()

    def _apply_statuses(self, dispatches: Collection[str] | None = None) -> None:
        """Withdraw the dispatches among these articles, or of all, that their providers have canceled."""

        def once() -> int:
            with self.store.write() as connection:
                return apply_statuses(connection, dispatches, now=self.clock())

        if dispatches is None or dispatches:
            self.retry.call(once)

    def _sweep(self) -> None:
        """Attach what is stored but not attached: left by a crash, or lost by the index."""

        def oldest() -> list[VersionText]:
            with self.store.read() as connection:
                return unattached_versions(connection, limit=BATCH)

        swept = 0
        while versions := self.retry.call(oldest):
            self._attach(versions)
            swept += len(versions)
        if swept:
            logger.warning("%d texts were stored, but had no story yet: they have one now", swept)

    def _settle(self, waiting: _Waiting, outcome: Outcome) -> None:
        with self._lock:
            self._unsettled -= 1
        waiting.outcome.set_result(outcome)

    def _settle_all(self, batch: "Sequence[WorkerAnswer[_Waiting]]", error: BaseException) -> None:
        for waiting, _ in batch:
            if not waiting.outcome.done():
                with self._lock:
                    self._unsettled -= 1
                waiting.outcome.set_exception(error)


def _outcome(url: str, saved: SaveResult) -> Outcome:
    if saved.kind == "removed":
        return Outcome(url, "dropped", "taken_down", "it was taken down, and is kept out")
    return Outcome(url, saved.kind, article_id=saved.article_id)
