"""A cache of keys and sessions. A revoked one is refused within a few seconds."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import anyio.to_thread
from sqlalchemy import Connection

from onestory.cache import LruCache
from onestory.errors import OnestoryError
from onestory.newsroom.http.permissions import Caller
from onestory.store.access.api_keys import (
    KEY_USE_INTERVAL,
    KeyRecord,
    find_key,
    is_key_usable,
    record_key_use,
    secret_digest,
    usable_digests,
)
from onestory.store.access.sessions import active_digests, find_session
from onestory.store.database import Store

__all__ = ["KEY_CACHE_SECONDS", "KeyCache", "is_still_authorized"]

logger = logging.getLogger(__name__)

KEY_CACHE_SECONDS = 5.0
DIGESTS_SECONDS = 1.0
MAX_CACHED_KEYS = 2_000
CredentialKind = Literal["key", "session"]


@dataclass(frozen=True, slots=True)
class CachedKey:
    """A key from the store, `asked` at this second. `ends` is the end of a session."""

    key: KeyRecord
    ends: datetime | None
    asked: float


class KeyCache:
    """The cache of one app. `clock` counts seconds."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._known: LruCache[str, CachedKey] = LruCache(MAX_CACHED_KEYS)
        self._forgotten = -KEY_CACHE_SECONDS
        self._noted: dict[int, datetime] = {}
        self._digests: dict[CredentialKind, frozenset[str]] = {}
        self._read = -DIGESTS_SECONDS
        self._reading = anyio.Lock()
        self._noting = anyio.CapacityLimiter(1)
        self._tasks: set[asyncio.Task[None]] = set()

    async def has_digest(self, kind: CredentialKind, secret: str, *, now: datetime) -> bool:
        """Whether the credential was right a second ago. All callers share one query a second."""
        if _name(kind, secret) in self._known:
            return True
        async with self._reading:
            if self._clock() - self._read >= DIGESTS_SECONDS:
                self._digests = await anyio.to_thread.run_sync(lambda: self._ask_digests(now))
                self._read = self._clock()
        return secret_digest(secret) in self._digests[kind]

    def _ask_digests(self, now: datetime) -> dict[CredentialKind, frozenset[str]]:
        with self._store.read() as connection:
            return {"key": usable_digests(connection), "session": active_digests(connection, now=now)}

    async def key_of(self, secret: str, *, now: datetime) -> KeyRecord | None:
        """The key, if it is usable. Raises DatabaseUnavailable."""
        return await self._of("key", secret, now)

    async def session_of(self, token: str, *, now: datetime) -> KeyRecord | None:
        """The key that an active session began with. Raises DatabaseUnavailable."""
        return await self._of("session", token, now)

    async def _of(self, kind: CredentialKind, secret: str, now: datetime) -> KeyRecord | None:
        name = _name(kind, secret)
        known = self._known.get(name)
        began = self._clock()
        if known is None or known.asked <= max(self._forgotten, began - KEY_CACHE_SECONDS):
            known = await anyio.to_thread.run_sync(lambda: self._ask(kind, secret, now, began))
            if known is None:
                self._known.pop(name)
            else:
                self._known.put(name, known)
        if known is None or (known.ends is not None and known.ends <= now):
            return None
        self._note(known.key, now)
        return known.key

    def _ask(self, kind: CredentialKind, secret: str, now: datetime, began: float) -> CachedKey | None:
        with self._store.read() as connection:
            if kind == "session":
                session = find_session(connection, secret, now=now)
                return None if session is None else CachedKey(*session, began)
            key = find_key(connection, secret)
            return None if key is None else CachedKey(key, None, began)

    def forget(self) -> None:
        """Check every credential again, after something was revoked or ended. Other servers notice within
        KEY_CACHE_SECONDS.
        """
        self._forgotten = self._clock()

    def _note(self, key: KeyRecord, now: datetime) -> None:
        """Record the use of a key in the background, so that the request does not wait for a write."""
        last = self._noted.get(key.id) or key.last_used
        if last is not None and now - last < KEY_USE_INTERVAL:
            return
        self._noted[key.id] = now
        task = asyncio.create_task(self._write_use(key.id, now))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write_use(self, number: int, now: datetime) -> None:
        def write() -> None:
            with self._store.write() as connection:
                record_key_use(connection, number, now=now)

        try:
            await anyio.to_thread.run_sync(write, limiter=self._noting)
        except OnestoryError as error:
            logger.warning("the use of key %d could not be recorded: %s", number, error)


def _name(kind: CredentialKind, secret: str) -> str:
    return f"{kind} {secret_digest(secret)}"


def is_still_authorized(connection: Connection, *, caller: Caller, clock: Callable[[], datetime]) -> bool:
    """Whether the caller would still be admitted, for long-lived responses."""
    if caller.session is not None:
        return find_session(connection, caller.session, now=clock()) is not None
    return caller.key is None or is_key_usable(connection, caller.key.id)
