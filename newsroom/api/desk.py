"""What the handlers work with: the store, and the one registry behind a queue of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import anyio
import anyio.to_thread
from fastapi import Request

from pipelines.lookup import Lookup, look_up
from pipelines.registry import Registry
from store.database import Store
from store.errors import Unavailable

__all__ = ["Busy", "Desk", "desk_of"]

MOST_WAITING = 32
T = TypeVar("T")


class Busy(Unavailable):
    reason = "busy"


def _clock() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Desk:
    """A registry serves one thread at a time, so lookups wait for each other here, and not in threads."""

    store: Store
    registry: Registry
    clock: Callable[[], datetime] = _clock
    _turn: anyio.Lock = field(default_factory=anyio.Lock)

    async def look_up(self, text: str) -> Lookup:
        """Raises BadInput for a text that cannot be looked up, Unavailable."""
        return await self._alone(lambda: look_up(self.store, self.registry, text))

    async def index_is_whole(self) -> bool:
        return await self._alone(self.registry.is_whole)

    async def _alone(self, work: Callable[[], T]) -> T:
        if self._turn.statistics().tasks_waiting >= MOST_WAITING:
            raise Busy("too many lookups are waiting already: try again in a moment")
        async with self._turn:
            return await anyio.to_thread.run_sync(work)


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk
