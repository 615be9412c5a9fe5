"""The worker processes that process captures. A stuck one is replaced, and only its page is lost."""

import gc
import multiprocessing
import resource
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import cast

from pebble import ProcessExpired, ProcessPool

from onestory.errors import Dropped
from onestory.pipelines.runtime.restarting_pool import RestartingPool
from onestory.store.articles.captures import Capture, ProcessedCapture

__all__ = ["WORKER_BYTES", "Workers", "address_space", "settle_worker"]

# Processor time, so that a page gets it on a busy machine as well. SIGPROF ends a worker that exceeds it.
PAGE_SECONDS = 5
# Wall-clock time, for a worker that waits instead of working.
STUCK_SECONDS = 60
CHUNK_STUCK_SECONDS = 600
# Of address space, above what a worker has once its models are loaded.
WORKER_BYTES = 600 << 20
MODEL_BYTES = 3 << 30
# A worker's heap only grows; replacing workers now and then keeps it small.
CHUNKS_A_WORKER = 1000
# An article, so that every stage runs once: with a headline, and sentences that differ.
_SENTENCES = " ".join(f"Ferry number {number} crossed the bay at {number} knots." for number in range(2, 42))
FIRST_PAGE = Capture(
    "https://example.org/ferries-cross-the-bay",
    datetime(2026, 1, 1, tzinfo=UTC),
    body=f"<html><body><article><h1>Ferries cross the bay</h1><p>{_SENTENCES}</p></article></body></html>".encode(),
)
_NO_FURNITURE: Mapping[str, frozenset[int]] = {}


class Workers:
    """Processes chunks of captures in `count` processes."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = RestartingPool(self._make_pool)
        # A failed chunk is read again page by page; only this thread waits for it.
        self._second_chance = ThreadPoolExecutor(1, thread_name_prefix="second-chance")

    def _make_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self.count,
            max_tasks=CHUNKS_A_WORKER,
            initializer=settle_worker,
            context=multiprocessing.get_context("spawn"),
        )

    def read(
        self, captures: Sequence[Capture], *, furniture: Mapping[str, frozenset[int]] = _NO_FURNITURE
    ) -> "Future[list[ProcessedCapture | Dropped]]":
        """Process captures; one result for each, in order. A page that needs over 5 s or ends its worker is dropped.

        `furniture` is the boilerplate in force on their hosts: see
        `onestory.pipelines.boilerplate.repeated_lines.fingerprints_for_page`.
        """
        answer: Future[list[ProcessedCapture | Dropped]] = Future()
        task = self._pool.schedule(_read_each, (captures, furniture, PAGE_SECONDS), seconds=CHUNK_STUCK_SECONDS)
        task.add_done_callback(lambda done: self._settle_chunk(done, captures, furniture, answer))
        return answer

    def _settle_chunk(
        self,
        done: "Future[list[ProcessedCapture | Dropped]]",
        captures: Sequence[Capture],
        furniture: Mapping[str, frozenset[int]],
        answer: "Future[list[ProcessedCapture | Dropped]]",
    ) -> None:
        if done.cancelled():
            answer.cancel()
        elif done.exception() is None:
            answer.set_result(done.result())
        else:
            self._second_chance.submit(self._read_singly, captures, furniture, answer)

    def _read_singly(
        self,
        captures: Sequence[Capture],
        furniture: Mapping[str, frozenset[int]],
        answer: "Future[list[ProcessedCapture | Dropped]]",
    ) -> None:
        try:
            answer.set_result([self._read_one(capture, furniture) for capture in captures])
        except BaseException as error:  # a closed pool: the waiting caller must get the error
            answer.set_exception(error)

    def _read_one(self, capture: Capture, furniture: Mapping[str, frozenset[int]]) -> ProcessedCapture | Dropped:
        try:
            alone = self._pool.schedule(_read_each, ([capture], furniture, PAGE_SECONDS), seconds=STUCK_SECONDS)
            return cast(list[ProcessedCapture | Dropped], alone.result())[0]
        except FutureTimeout:
            return Dropped(capture.url, "timeout", f"reading it came to no end in {STUCK_SECONDS} s")
        except ProcessExpired as expired:
            if expired.exitcode == -signal.SIGPROF:
                return Dropped(capture.url, "timeout", f"reading it takes over {PAGE_SECONDS} s")
            return Dropped(capture.url, "crashed", "reading it ended the worker process")
        except MemoryError:
            return Dropped(capture.url, "too_large", "reading it takes too much memory")

    def close(self) -> None:
        """Wait for the open tasks, then close."""
        self._pool.close()
        self._second_chance.shutdown()

    def stop(self) -> None:
        """End the workers at once."""
        self._pool.stop()
        self._second_chance.shutdown(cancel_futures=True)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.stop()


def _read_each(
    captures: Sequence[Capture], furniture: Mapping[str, frozenset[int]], seconds: float
) -> list[ProcessedCapture | Dropped]:
    """Process captures with a limit of processor time for each; exceeding it ends the worker."""
    from onestory.pipelines.runtime.read_capture import read_captures_in_worker  # noqa: PLC0415 - the workers' alone

    answers = []
    try:
        for capture in captures:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            answers += read_captures_in_worker([capture], furniture)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return answers


def settle_worker() -> None:
    """Load what reading takes, then bound the memory; the first thing that a worker process does."""
    from onestory.pipelines.runtime.read_capture import read_captures_in_worker  # noqa: PLC0415 - the workers' alone

    # Ctrl-C reaches all processes of a terminal; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Load models and tables now: the first page must not pay for them from its own time.
    read_captures_in_worker([FIRST_PAGE])
    # They stay, and need not be gone through again whenever garbage is collected.
    gc.freeze()
    limit = address_space() + WORKER_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def address_space() -> int:
    """Bytes of address space that this process has (`statm`, proc(5)); elsewhere than on Linux, what models need."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return MODEL_BYTES
    return pages * resource.getpagesize()
