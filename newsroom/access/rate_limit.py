"""Rate limiting by token buckets, one per client."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onestory.cache import LruCache
from onestory.newsroom.http.permissions import rate_limit_key
from onestory.newsroom.http.problems import Problem
from onestory.newsroom.http.request_guard import is_loopback

__all__ = ["DEFAULT_PER_MINUTE", "MAX_CLIENTS", "WINDOW_SECONDS", "RateLimiter", "TokenBuckets", "requests_per_minute"]


WINDOW_SECONDS = 60

MAX_CLIENTS = 10_000


@dataclass(slots=True)
class TokenBuckets:
    """Token buckets by client. `per_minute` is the size of a bucket, and how much of it refills in a minute.

    With very many clients, the least recently seen are forgotten and start with a full bucket.
    """

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    # Tokens, and the time for which they were computed.
    _tokens: LruCache[str, tuple[float, float]] = field(default_factory=lambda: LruCache(MAX_CLIENTS))

    def __len__(self) -> int:
        return len(self._tokens)

    def left(self, client: str) -> float:
        """The client's tokens now."""
        return self._left(client, self.clock())

    def take(self, client: str) -> float:
        """Take a token, and return how many are left. A negative result means that none was available."""
        now = self.clock()
        left = self._left(client, now) - 1
        self._tokens.put(client, (left if left >= 0 else left + 1, now))
        return left

    def _left(self, client: str, now: float) -> float:
        tokens, since = self._tokens.get(client) or (float(self.per_minute), now)
        return min(float(self.per_minute), tokens + (now - since) * self.per_minute / WINDOW_SECONDS)


DEFAULT_PER_MINUTE = 600


def requests_per_minute(host: str, chosen: int | None, *, asks_for_keys: bool = False) -> int:
    """The operator's limit, else a default that suits an editorial desk; no limit on loopback without keys."""
    if chosen is not None:
        return chosen
    return 0 if is_loopback(host) and not asks_for_keys else DEFAULT_PER_MINUTE


@dataclass(slots=True)
class RateLimiter:
    """ASGI middleware for API paths. `per_minute` is the burst size, and the rate per minute.

    `client_key` identifies the client: a key, or an address.
    """

    app: ASGIApp
    per_minute: int
    client_key: Callable[[Scope], str] = rate_limit_key
    clock: Callable[[], float] = time.monotonic
    _buckets: TokenBuckets = field(init=False)

    def __post_init__(self) -> None:
        self._buckets = TokenBuckets(self.per_minute, self.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        left = self._buckets.take(self.client_key(scope))
        headers = self._headers(max(0.0, left))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *headers]}
            await send(message)

        if left >= 0:
            await self.app(scope, receive, send_with_headers)
        else:
            await self._refusal(left).response(scope["path"])(scope, receive, send_with_headers)

    def _headers(self, left: float) -> list[tuple[bytes, bytes]]:
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
            f"More than {self.per_minute} requests a minute: wait {wait} s. ONESTORY_RATE_LIMIT sets the limit.",
            headers={"Retry-After": str(wait)},
        )
