"""The frontier's SQL on a thread of its own: one transaction for all waiting work."""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from onestory.pipelines.runtime.retry import BackendRetry
from onestory.store.database import Store
from onestory.store.frontier.hosts import database_time

__all__ = ["DatabaseThread"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Connection, datetime], Any]
MAX_BATCH = 64
# Serialization failure and deadlock: PostgreSQL expects the transaction to be repeated.
TRY_AGAIN = ("40001", "40P01")
TRIES = 5


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    work: Work
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"


class DatabaseThread:
    """Runs units of work, each a function of a connection and the database's time, many to a transaction.

    A commit waits for the disk, so work that arrives meanwhile shares the next one. Work must be safe to repeat,
    because it is repeated when a lost database returns. `clock` is the database's unless a test drives it.
    """

    def __init__(
        self, store: Store, *, retry: BackendRetry, clock: Callable[[Connection], datetime] = database_time
    ) -> None:
        self.store = store
        self.retry = retry
        self.clock = clock
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    def __enter__(self) -> "DatabaseThread":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tasks.put(None)
        self._thread.join()

    async def write(self, work: Callable[[Connection, datetime], T]) -> T:
        """Return the result of the work once it is durable. Raises what the work raises."""
        loop = asyncio.get_running_loop()
        task = _Task(work, loop, loop.create_future())
        self._tasks.put(task)
        return cast(T, await task.done)

    async def read(self, work: Callable[[Connection, datetime], T]) -> T:
        """Return the result of read-only work, on another thread so that it never waits for a writer."""

        def once() -> T:
            with self.store.read() as connection:
                return work(connection, self.clock(connection))

        return await asyncio.to_thread(self.retry.call, once)

    def _run(self) -> None:
        while (first := self._tasks.get()) is not None:
            batch, is_last = self._gather(first)
            self._do(batch)
            if is_last:
                return

    def _gather(self, first: _Task) -> tuple[list[_Task], bool]:
        batch = [first]
        while len(batch) < MAX_BATCH and not self._tasks.empty():
            task = self._tasks.get()
            if task is None:
                return batch, True
            batch.append(task)
        return batch, False

    def _do(self, batch: Sequence[_Task]) -> None:
        try:
            results = self.retry.call(lambda: self._transaction([task.work for task in batch]))
        except Exception as error:  # the caller that awaits the work gets the error
            if len(batch) > 1:
                for task in batch:
                    self._do([task])
                return
            self._answer(batch[0], error, is_error=True)
            return
        for task, result in zip(batch, results, strict=True):
            self._answer(task, result, is_error=False)

    def _transaction(self, works: Sequence[Work]) -> list[Any]:
        for attempt in range(TRIES):
            try:
                with self.store.write() as connection:
                    now = self.clock(connection)
                    return [work(connection, now) for work in works]
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in TRY_AGAIN or attempt == TRIES - 1:
                    raise
                logger.debug("the database asks to try again: %s", error.orig)
        raise AssertionError("unreachable")

    @staticmethod
    def _answer(task: _Task, value: Any, *, is_error: bool) -> None:
        def settle() -> None:
            if not task.done.done():
                response = task.done.set_exception if is_error else task.done.set_result
                response(value)

        task.loop.call_soon_threadsafe(settle)
