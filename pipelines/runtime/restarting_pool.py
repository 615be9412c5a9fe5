"""A process pool that restarts when it breaks and resubmits its open tasks.

pebble replaces a worker that dies during a task. One that is killed while idle, by the kernel or an operator, breaks
the whole pool: running tasks fail, waiting tasks are lost, and new ones are refused.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any

from pebble import ProcessExpired, ProcessPool

__all__ = ["RestartingPool"]

logger = logging.getLogger(__name__)

# Messages about a death may be late. A task that sees more pools break than this is the cause.
MOST_POOLS = 5


@dataclass(slots=True, eq=False)
class _Task:
    work: Callable[..., Any]
    args: tuple[Any, ...]
    seconds: float
    answer: "Future[Any]" = field(default_factory=Future)
    pools: int = 0


class RestartingPool:
    """Runs work in a pool that `make` creates, and in a new one whenever the last one breaks."""

    def __init__(self, make: Callable[[], ProcessPool]) -> None:
        self._make = make
        self._lock = threading.RLock()  # a task may end within the call that submits it
        self._pool = make()
        self._open: dict[_Task, None] = {}
        self._is_closed = False

    def schedule(self, work: Callable[..., Any], args: tuple[Any, ...], *, seconds: float) -> "Future[Any]":
        """Schedule work; the future holds its result, or its error, TimeoutError or ProcessExpired.

        Raises RuntimeError once the pool is closed.
        """
        task = _Task(work, args, seconds)
        with self._lock:
            self._open[task] = None
            self._hand_out(task)
        return task.answer

    def close(self) -> None:
        """Wait for the open tasks, then close."""
        wait([task.answer for task in list(self._open)])
        with self._lock:
            self._is_closed = True
        self._pool.close()  # type: ignore[no-untyped-call]
        self._pool.join()

    def stop(self) -> None:
        """End the workers at once and cancel open tasks."""
        with self._lock:
            self._is_closed = True
            left, self._open = list(self._open), {}
        self._pool.stop()  # type: ignore[no-untyped-call]
        for task in left:
            task.answer.cancel()
        self._pool.join()

    def _hand_out(self, task: _Task) -> None:
        """Submit a task to the current pool; the caller holds the lock."""
        task.pools += 1
        pool = self._pool
        try:
            given = pool.schedule(task.work, args=task.args, timeout=task.seconds)
        except RuntimeError:
            if self._is_closed or task.pools > MOST_POOLS:
                del self._open[task]
                raise
            self._renew(pool)
            return
        given.add_done_callback(lambda done: self._take(task, pool, done))

    def _take(self, task: _Task, pool: ProcessPool, done: "Future[Any]") -> None:
        error = CancelledError() if done.cancelled() else done.exception()
        with self._lock:
            if isinstance(error, BrokenProcessPool) and not self._is_closed:
                self._renew(pool)
                return
            # Once: an abandoned pool may still deliver a result beside the new one.
            if task not in self._open:
                return
            del self._open[task]
        if error is None:
            task.answer.set_result(done.result())
        else:
            task.answer.set_exception(error)

    def _renew(self, broken: ProcessPool) -> None:
        """Replace a broken pool, once, and resubmit all open tasks; the caller holds the lock."""
        if self._pool is not broken:
            return
        logger.warning("the worker processes are started again: one of them was ended from outside")
        renewed = self._pool = self._make()
        # The caller is often a thread of the pool itself, which must not wait for its own end.
        threading.Thread(target=_end, args=(broken,), name="broken-pool", daemon=True).start()
        for task in list(self._open):
            if self._pool is not renewed:
                return
            if task.pools < MOST_POOLS:
                self._hand_out(task)
            else:
                del self._open[task]
                why = f"{MOST_POOLS} pools of workers broke while it was under way"
                task.answer.set_exception(ProcessExpired(why))  # type: ignore[no-untyped-call]


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()
