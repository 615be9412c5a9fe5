"""Pub/sub through Redis: one process notifies the others that SQL has new events.

A missed notification only delays reading: subscribers check SQL every few seconds in any case.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from redis import ConnectionPool, Redis
from redis.client import PubSub
from redis.exceptions import RedisError

__all__ = ["Notifier", "Subscriber"]

CHANNEL = "onestory:events"
CONNECT_SECONDS = 1.0
REST_SECONDS = 5.0
STEP_SECONDS = 0.2


class Notifier:
    """Notifies subscribers of new events. Never fails; pauses after an error, so that no writer waits for Redis."""

    def __init__(self, redis: Redis) -> None:
        """Connect where this client connects, with a connection of its own."""
        self._redis = _beside(redis)
        self._rests_until = 0.0

    def notify(self) -> None:
        if time.monotonic() < self._rests_until:
            return
        try:
            self._redis.publish(CHANNEL, b"")
        except RedisError:
            self._rests_until = time.monotonic() + REST_SECONDS

    def close(self) -> None:
        self._redis.close()
        self._redis.connection_pool.disconnect()


class Subscriber:
    """Receives the notifications of all processes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = _beside(redis)
        self._subscribed: PubSub | None = None

    def wait(self, seconds: float, *, stopping: threading.Event) -> None:
        """Wait for a notification, the stop, or the timeout; also while Redis does not answer."""
        until = time.monotonic() + seconds
        with _failing_quietly():
            if self._subscribed is None:
                self._subscribed = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
                self._subscribed.subscribe(CHANNEL)
            while (left := until - time.monotonic()) > 0 and not stopping.is_set():
                if self._subscribed.get_message(timeout=min(left, STEP_SECONDS)) is not None:
                    return
            return
        self._subscribed = None
        stopping.wait(max(0.0, until - time.monotonic()))

    def close(self) -> None:
        with _failing_quietly():
            if self._subscribed is not None:
                self._subscribed.close()
        self._redis.connection_pool.disconnect()


@contextmanager
def _failing_quietly() -> Iterator[None]:
    with suppress(RedisError, OSError):
        yield


def _beside(redis: Redis) -> Redis:
    pool = redis.connection_pool
    told: dict[str, Any] = {**pool.connection_kwargs, "socket_connect_timeout": CONNECT_SECONDS}
    told |= {"socket_timeout": CONNECT_SECONDS}
    return Redis(connection_pool=ConnectionPool(connection_class=pool.connection_class, max_connections=8, **told))
