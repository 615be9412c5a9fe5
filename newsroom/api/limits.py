"""How many requests one client may make: a token bucket each, told by the IETF's RateLimit header fields.

draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` says what is allowed, `RateLimit` what is left of it.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsroom.api.buckets import WINDOW_SECONDS, Buckets
from newsroom.api.callers import client_of
from newsroom.api.hosts import is_loopback
from newsroom.api.problems import Problem

__all__ = ["PER_MINUTE", "Limits", "per_minute_on"]

PER_MINUTE = 600


def per_minute_on(host: str, chosen: int | None, *, asks_for_keys: bool = False) -> int:
    """What an operator chose; else enough for a desk, and no limit for who is alone on the machine."""
    if chosen is not None:
        return chosen
    return 0 if is_loopback(host) and not asks_for_keys else PER_MINUTE


@dataclass(slots=True)
class Limits:
    """ASGI middleware for the API's paths. `per_minute` is what a client may ask at once, and again in each minute.

    `client_of` names who asks: a key, or an address where there is none.
    """

    app: ASGIApp
    per_minute: int
    client_of: Callable[[Scope], str] = client_of
    clock: Callable[[], float] = time.monotonic
    _buckets: Buckets = field(init=False)

    def __post_init__(self) -> None:
        self._buckets = Buckets(self.per_minute, self.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        left = self._buckets.take(self.client_of(scope))
        told = self._told(max(0.0, left))

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *told]}
            await send(message)

        if left >= 0:
            await self.app(scope, receive, telling)
        else:
            await self._refusal(left).response(scope["path"])(scope, receive, telling)

    def _told(self, left: float) -> list[tuple[bytes, bytes]]:
        full_in = math.ceil((self.per_minute - left) * WINDOW_SECONDS / self.per_minute)
        return [
            (b"ratelimit-policy", f'"default";q={self.per_minute};w={WINDOW_SECONDS}'.encode()),
            (b"ratelimit", f'"default";r={int(left)};t={full_in}'.encode()),
        ]

    def _refusal(self, left: float) -> Problem:
        wait = math.ceil(-left * WINDOW_SECONDS / self.per_minute)
        return Problem(
            429,
            "too_many_requests",
            f"More than {self.per_minute} requests a minute: wait {wait} s. ONESTORY_RATE_LIMIT sets how many.",
            headers={"Retry-After": str(wait)},
        )
