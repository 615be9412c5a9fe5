"""Calls in a worker process with limits of processor time and memory, for what strangers wrote.

The process is started at the first call. One that exceeds a limit ends, and is replaced.
"""

import asyncio
import multiprocessing
import resource
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from importlib import import_module
from typing import ParamSpec, TypeVar, cast

from pebble import ProcessExpired, ProcessPool

from onestory.pipelines.runtime.restarting_pool import RestartingPool
from onestory.pipelines.runtime.workers import WORKER_BYTES, address_space

__all__ = ["BoundedCalls", "LimitExceeded"]

P = ParamSpec("P")
T = TypeVar("T")

# Processor time. The largest listings that are read take a quarter of it.
CALL_SECONDS = 20
# Wall-clock time, for a process that waits instead of working.
STUCK_SECONDS = 300
CALLS_A_PROCESS = 200


class LimitExceeded(Exception):  # noqa: N818 - the caller's to translate
    """A call that took too much time or memory, or ended its process."""


class BoundedCalls:
    """Runs module-level functions whose arguments and results can be pickled.

    A process imports `modules` before its memory is bounded to `memory_bytes` more than it has then.
    """

    def __init__(
        self, modules: Sequence[str] = (), *, seconds: float = CALL_SECONDS, memory_bytes: int = WORKER_BYTES
    ) -> None:
        self.modules = tuple(modules)
        self.seconds = seconds
        self.memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._pool: RestartingPool | None = None

    async def call(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """The result of the call, or its error. Raises LimitExceeded."""
        answer = self._started().schedule(_call, (work, args, named, self.seconds), seconds=STUCK_SECONDS)
        try:
            return cast(T, await asyncio.wrap_future(answer))
        except FutureTimeout as error:
            raise LimitExceeded(f"reading it came to no end in {STUCK_SECONDS} s") from error
        except ProcessExpired as expired:
            is_late = expired.exitcode == -signal.SIGPROF
            why = f"takes over {self.seconds:g} s" if is_late else "ended the process that did it"
            raise LimitExceeded(f"reading it {why}") from expired
        except MemoryError as error:
            raise LimitExceeded("reading it takes too much memory") from error

    def _started(self) -> RestartingPool:
        with self._lock:
            if self._pool is None:
                self._pool = RestartingPool(self._make_pool)
            return self._pool

    def _make_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=1,
            max_tasks=CALLS_A_PROCESS,
            initializer=_settle,
            initargs=(self.modules, self.memory_bytes),
            context=multiprocessing.get_context("spawn"),
        )

    def stop(self) -> None:
        """End the process at once."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()


def _settle(modules: Sequence[str], limit: int) -> None:
    # Ctrl-C reaches all processes of a terminal; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in modules:
        import_module(name)
    resource.setrlimit(resource.RLIMIT_AS, (address_space() + limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _call(work: Callable[..., T], args: tuple[object, ...], named: dict[str, object], seconds: float) -> T:
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return work(*args, **named)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
