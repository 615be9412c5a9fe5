"""How many requests one client may make: a token bucket each, told by the IETF's RateLimit header fields.

draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` says what is allowed, `RateLimit` what is left of it.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsroom.api.hosts import is_loopback
from newsroom.api.problems import Problem

__all__ = ["Limits", "per_minute_on"]

WINDOW_SECONDS = 60
MOST_CLIENTS = 10_000


PER_MINUTE = 600


def per_minute_on(host: str, chosen: int | None) -> int:
    """What an operator chose; else enough for a desk, and no limit for who is alone on the machine."""
    if chosen is not None:
        return chosen
    return 0 if is_loopback(host) else PER_MINUTE


def _client(scope: Scope) -> str:
    """The address that the connection came from."""
    return scope["client"][0] if scope.get("client") else ""


@dataclass(slots=True)
class Limits:
    """ASGI middleware for the API's paths. `per_minute` is what a client may ask at once, and again in each minute.

    `client_of` names who asks. The least lately seen of very many clients is forgotten, and may begin anew.
    """

    app: ASGIApp
    per_minute: int
    client_of: Callable[[Scope], str] = _client
    clock: Callable[[], float] = time.monotonic
    _buckets: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict)  # tokens, as of when

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        left = self._take(self.client_of(scope))
        told = self._told(max(0.0, left))

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *told]}
            await send(message)

        if left >= 0:
            await self.app(scope, receive, telling)
        else:
            await self._refusal(left).response(scope["path"])(scope, receive, telling)

    def _take(self, client: str) -> float:
        """The tokens left after this request; below zero: it is refused, and took none."""
        now = self.clock()
        tokens, since = self._buckets.pop(client, (float(self.per_minute), now))
        left = min(self.per_minute, tokens + (now - since) * self.per_minute / WINDOW_SECONDS) - 1
        self._buckets[client] = (left if left >= 0 else left + 1, now)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return left

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
