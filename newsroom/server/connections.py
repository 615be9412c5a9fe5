"""Connections with limits that hold before a request is known: their number, and the time of its head and body.

A connection waits while it has not sent a complete request. When there are too many connections, the one that has
waited longest is closed: a request that arrives whole is never the one.
"""

import asyncio
import logging
import resource
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from onestory.newsroom.http.body_budget import BODY_SECONDS

__all__ = ["BoundedConnection", "ConnectionLimits", "LogOnce", "bounded_connections", "limits_of_process"]

HEAD_SECONDS = 10.0
# The request guard answers a slow sender in time; this is for one that does not end even then.
MESSAGE_SECONDS = BODY_SECONDS + 5.0
# A reader that takes nothing for this long.
STALLED_SECONDS = 60.0
MAX_CONNECTIONS = 4_000
# Left to the database, the index, files and the connections that are accepted at once.
RESERVED_DESCRIPTORS = 256
MIN_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Connections at once, and seconds for the head of a request, its whole, and a reader that takes nothing."""

    connections: int = MAX_CONNECTIONS
    head_seconds: float = HEAD_SECONDS
    message_seconds: float = MESSAGE_SECONDS
    stalled_seconds: float = STALLED_SECONDS


def limits_of_process() -> ConnectionLimits:
    """Limits that fit the process: a server without descriptors can neither accept a connection nor read its store."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return ConnectionLimits()
    return ConnectionLimits(connections=max(MIN_CONNECTIONS, min(MAX_CONNECTIONS, soft - RESERVED_DESCRIPTORS)))


def bounded_connections(limits: ConnectionLimits) -> Callable[..., asyncio.Protocol]:
    """The protocol class of one server, for uvicorn."""
    return partial(BoundedConnection, limits=limits, waiting=OrderedDict())


class BoundedConnection(H11Protocol):
    """One connection. `waiting` are the server's connections without a complete request, the longest waiting first."""

    def __init__(
        self, *arguments: Any, limits: ConnectionLimits, waiting: OrderedDict[Any, None], **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self._limits = limits
        self._waiting = waiting
        self._state: object = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting[self] = None
        self._note_state()
        if len(self.connections) > self._limits.connections:
            longest, _ = self._waiting.popitem(last=False)
            longest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.pop(self, None)
        self._set_deadline(None)
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._state is h11.IDLE and not self.conn.trailing_data[0]:
            # The first bytes of a request, perhaps long after the one before.
            self._set_deadline(self._limits.head_seconds)
        super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        self._note_state()

    def _note_state(self) -> None:
        """Set the time limit of what the client has to send next, when that changes."""
        state = self.conn.their_state
        if state is self._state or self.transport.is_closing():
            return
        self._state = state
        if state is h11.IDLE:
            self._set_deadline(self._limits.head_seconds)
        elif state is h11.SEND_BODY:
            self._set_deadline(self._limits.message_seconds)
        else:
            self._set_deadline(None)
            self._waiting.pop(self, None)
            return
        self._waiting.setdefault(self)

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._note_state()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(self._limits.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()


LOG_SECONDS = 60.0


@dataclass(slots=True)
class LogOnce(logging.Filter):
    """A log filter that lets a message pass once a minute. What any client can provoke must not fill the disk."""

    clock: Callable[[], float] = time.monotonic
    seconds: float = LOG_SECONDS
    _last: dict[str, float] = field(default_factory=dict)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written. Messages count without their values; errors of the app are all written."""
        if record.name == "uvicorn.error" and record.levelno > logging.WARNING:
            return True
        now, text = self.clock(), str(record.msg)[:200]
        if now - self._last.get(text, -self.seconds) < self.seconds:
            return False
        self._last[text] = now
        return True
