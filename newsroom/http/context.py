"""The context of request handlers: the store, and the index client behind a queue."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import anyio
import anyio.to_thread
from fastapi import Request

from onestory.errors import Unavailable
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.stories.lookup import LookupResult, look_up
from onestory.store.database import Store
from onestory.times import utc_now

__all__ = ["ApiContext", "ServerBusy", "api_context"]

MAX_WAITING_LOOKUPS = 32
T = TypeVar("T")


class ServerBusy(Unavailable):
    reason = "busy"


@dataclass(slots=True)
class ApiContext:
    """The shared resources. The index client serves one thread at a time, so lookups wait here, not in threads."""

    store: Store
    index_client: IndexClient
    clock: Callable[[], datetime] = utc_now
    _turn: anyio.Lock = field(default_factory=anyio.Lock)

    async def look_up(self, text: str) -> LookupResult:
        """Look up a text. Raises BadInput for an unsuitable text, or Unavailable."""
        return await self.alone(lambda: look_up(self.store, self.index_client, text))

    async def index_is_whole(self) -> bool:
        return await self.alone(self.index_client.is_whole)

    async def with_index(self, work: Callable[[IndexClient], T]) -> T:
        """The result of work with the index client, when it is its turn. Raises Unavailable."""
        return await self.alone(lambda: work(self.index_client))

    async def alone(self, work: Callable[[], T]) -> T:
        """Run work that uses the index client, in a thread. Raises ServerBusy."""
        if self._turn.statistics().tasks_waiting >= MAX_WAITING_LOOKUPS:
            raise ServerBusy("too many lookups are waiting: try again in a moment")
        async with self._turn:
            return await anyio.to_thread.run_sync(work)


def api_context(request: Request) -> ApiContext:
    desk: ApiContext = request.app.state.desk
    return desk
