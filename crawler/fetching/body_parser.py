"""Parse what was fetched: small bodies in a thread, others in a worker process with limits of time and memory."""

import asyncio
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from onestory.pipelines.runtime.bounded_calls import BoundedCalls

__all__ = ["BodyParser"]

P = ParamSpec("P")
T = TypeVar("T")
# The size of smaller bodies limits the cost.
SMALL_BYTES = 100_000
GZIP = b"\x1f\x8b"
PARSERS = ("onestory.crawler.sources.listing", "onestory.crawler.sources.discovery", "onestory.crawler.pages.outlinks")


class BodyParser:
    """Calls module-level functions that take a body. The process is started for the first large one."""

    def __init__(self) -> None:
        self.calls = BoundedCalls(PARSERS)

    async def __call__(
        self, parse: Callable[Concatenate[bytes, P], T], body: bytes, *args: P.args, **named: P.kwargs
    ) -> T:
        """What the function makes of a body. Raises LimitExceeded, and whatever the function raises."""
        if len(body) <= SMALL_BYTES and not body.startswith(GZIP):
            return await asyncio.to_thread(parse, body, *args, **named)
        return await self.calls.call(parse, body, *args, **named)

    def stop(self) -> None:
        """End the process at once."""
        self.calls.stop()
