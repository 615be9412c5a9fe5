"""Bodies of requests, read completely before the app runs: bounded in size, in time, and in memory over all clients.

This is before authentication: anybody may send. A body occupies its memory until its request is answered.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
from starlette.types import Receive, Scope

from onestory.newsroom.http.problems import Problem

__all__ = ["BODY_SECONDS", "MAX_BODY_BYTES", "BodyBudget", "header_of"]

MAX_BODY_BYTES = 1_000_000
# A client that is still sending would not see a response. Beyond this size its connection is closed.
MAX_DRAINED_BYTES = 16_000_000
BODY_SECONDS = 60.0
MAX_BYTES_IN_MEMORY = 64_000_000

CLOSE = {"Connection": "close"}
REQUEST_TOO_LARGE = Problem(
    413, "too_large", f"The request is larger than {MAX_BODY_BYTES:,} bytes; send a shorter text.", headers=CLOSE
)
TOO_SLOW = Problem(408, "too_slow", f"The request did not arrive within {BODY_SECONDS:.0f} s.", headers=CLOSE)
TOO_MANY_BODIES = Problem(
    503,
    "too_many_bodies",
    "Too many requests are arriving at once: send it again.",
    headers={"Retry-After": "1", **CLOSE},
)


def header_of(scope: Scope, name: bytes) -> str:
    """The first header of this name, or an empty text."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


class BodyBudget:
    """The memory of all bodies of a server. When it is used up, the body that has been arriving longest is given up."""

    def __init__(self, *, max_bytes: int = MAX_BYTES_IN_MEMORY, seconds: float = BODY_SECONDS) -> None:
        self.max_bytes = max_bytes
        self.seconds = seconds
        self.used = 0
        self.arriving: OrderedDict[BodyPlace, None] = OrderedDict()

    @contextmanager
    def place(self) -> Iterator["BodyPlace"]:
        """A place for one body, until its request is answered."""
        place = BodyPlace(self)
        try:
            yield place
        finally:
            place.free()

    def make_room(self) -> None:
        """Give up bodies that are still arriving until the others fit."""
        while self.used > self.max_bytes and self.arriving:
            longest, _ = self.arriving.popitem(last=False)
            longest.give_up()


class BodyPlace:
    """One body, and what it takes of the budget."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._size = 0
        self._is_given_up = False
        self._parts: list[bytes] = []
        self._arrival = anyio.CancelScope()

    async def read(self, scope: Scope, receive: Receive) -> bytes | Problem:
        """The complete body, or the problem to respond with."""
        announced = header_of(scope, b"content-length")
        if announced.isdigit() and int(announced) > MAX_DRAINED_BYTES:
            return REQUEST_TOO_LARGE
        self._budget.arriving[self] = None
        self._arrival.deadline = anyio.current_time() + self._budget.seconds
        received = 0
        with self._arrival:
            received = await self._receive(receive)
        self._budget.arriving.pop(self, None)
        if self._is_given_up or self._arrival.cancelled_caught:
            self.free()
            return TOO_MANY_BODIES if self._is_given_up else TOO_SLOW
        if received > MAX_BODY_BYTES:
            self.free()
            return REQUEST_TOO_LARGE
        body = b"".join(self._parts)
        self._parts.clear()
        return body

    async def _receive(self, receive: Receive) -> int:
        received, more = 0, True
        while more and received <= MAX_DRAINED_BYTES:
            message = await receive()
            more = message.get("more_body", False)
            part: bytes = message.get("body", b"")
            received += len(part)
            if received <= MAX_BODY_BYTES:
                self._parts.append(part)
                self._size += len(part)
                self._budget.used += len(part)
                self._budget.make_room()
        return received

    def give_up(self) -> None:
        """Stop reading: the memory is needed."""
        self._is_given_up = True
        self.free()
        self._arrival.cancel()

    def free(self) -> None:
        """Return what the body takes."""
        self._budget.arriving.pop(self, None)
        self._budget.used -= self._size
        self._size = 0
        self._parts.clear()
