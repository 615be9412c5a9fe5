"""The worker processes that read captures. One that gets stuck is replaced, and only its page is lost."""

import multiprocessing
import resource
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from types import TracebackType

from pebble import ProcessExpired, ProcessPool

from pipelines.read import read_many
from store.articles import Reading
from store.errors import Dropped
from store.models import Capture

__all__ = ["Workers"]

PAGE_SECONDS = 5
CHUNK_SECONDS = 20
WORKER_BYTES = 3 << 30
# A worker's heap only grows; a new one now and then keeps it small.
CHUNKS_A_WORKER = 1000
_NO_FURNITURE: Mapping[str, frozenset[int]] = {}


class Workers:
    """Reads chunks of captures in `count` processes."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ProcessPool(
            max_workers=count,
            max_tasks=CHUNKS_A_WORKER,
            initializer=_settle,
            context=multiprocessing.get_context("spawn"),
        )
        # A chunk that failed is read again page by page; this thread waits for that, and nobody else does.
        self._second_chance = ThreadPoolExecutor(1, thread_name_prefix="second-chance")

    def read(
        self, captures: Sequence[Capture], *, furniture: Mapping[str, frozenset[int]] = _NO_FURNITURE
    ) -> "Future[list[Reading | Dropped]]":
        """One answer for each capture, in order. A page over 5 s, or that ends its worker, is dropped.

        `furniture` is what is in force on the hosts of these captures: see `pipelines.furniture.for_host`.
        """
        answer: Future[list[Reading | Dropped]] = Future()
        # Pages that time out one by one would cost a chunk its worker each time, so the chunk has more time.
        task = self._pool.schedule(read_many, args=(captures, furniture), timeout=CHUNK_SECONDS)
        task.add_done_callback(lambda done: self._settle_chunk(done, captures, furniture, answer))
        return answer

    def _settle_chunk(
        self,
        done: "Future[list[Reading | Dropped]]",
        captures: Sequence[Capture],
        furniture: Mapping[str, frozenset[int]],
        answer: "Future[list[Reading | Dropped]]",
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
        answer: "Future[list[Reading | Dropped]]",
    ) -> None:
        try:
            answer.set_result([self._read_one(capture, furniture) for capture in captures])
        except BaseException as error:  # a closed pool: whoever waits must hear of it
            answer.set_exception(error)

    def _read_one(self, capture: Capture, furniture: Mapping[str, frozenset[int]]) -> Reading | Dropped:
        try:
            return self._pool.schedule(read_many, args=([capture], furniture), timeout=PAGE_SECONDS).result()[0]
        except FutureTimeout:
            return Dropped(capture.url, "timeout", f"reading it takes over {PAGE_SECONDS} s")
        except ProcessExpired:
            return Dropped(capture.url, "crashed", "reading it ended the worker process")
        except MemoryError:
            return Dropped(capture.url, "too_large", "reading it takes too much memory")

    def close(self) -> None:
        """Waits for what is under way."""
        self._pool.close()  # type: ignore[no-untyped-call]
        self._pool.join()
        self._second_chance.shutdown()

    def stop(self) -> None:
        """Ends the workers at once."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
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


def _settle() -> None:
    # Ctrl-C reaches the whole terminal; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (WORKER_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
