"""The embedded Redis: one server per home, started by its first user and stopped by its last.

Four files in `<home>/redis/` coordinate the users. No process ids are trusted, so none can be stale or reused.

- `server.lock` is held exclusively while a process joins, leaves, starts or stops the server.
- `users.lock` is shared by every user of the server. A process that can hold it exclusively is the last user.
- `running.lock` is inherited and held by the server: while it is held, the server is alive, even if unresponsive.
- `redis.sock` is the socket, or a symbolic link to it if the path of the home is too long for a socket.

The kernel releases a lock when its process dies, so `kill -9` needs no clean-up. A killed user leaves a server that the
next user adopts; a killed server leaves a free `running.lock` and an append-only file for the next `ensure`.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from logging import getLogger
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from typing import Self
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.retry import Retry

from onestory.errors import DiskFull, HomeUnusable, IndexUnavailable, is_disk_full
from onestory.file_lock import FileLock
from onestory.private_files import make_private_folder
from onestory.store.redis_server.process import exit_error, reap_server, remove_socket, socket_path, start_server

__all__ = ["EmbeddedRedis", "home_error"]

logger = getLogger(__name__)

PING_TIMEOUT_SECONDS = 5.0
POLL_SECONDS = 0.01
MAX_LAUNCHES = 3


class _Answer(Enum):
    READY = "ready"
    LOADING = "loading"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class _Membership:
    """This process's membership. A forked child inherits the open files, but not the membership."""

    gate: FileLock
    users: FileLock
    owner: int

    def holds(self) -> bool:
        return self.owner == os.getpid() and self.users.is_current()

    def close(self) -> None:
        self.users.close()
        self.gate.close()


class EmbeddedRedis:
    """The Redis server of one home, shared by all processes that use the home. Thread-safe.

    A server that runs without responding, not even that it is loading, is given up after `patience_seconds`.
    """

    def __init__(self, home: Path, *, patience_seconds: float = 30.0) -> None:
        self._home = home.absolute()
        self._patience = patience_seconds
        self._folder = self._home / "redis"
        self._guard = threading.Lock()
        self._membership: _Membership | None = None
        self._client: Redis | None = None
        self._server: Popen[bytes] | None = None

    def ensure(self) -> str:
        """The URL of the running server, started or adopted if need be. Call it again after losing the server.

        Raises HomeUnusable for an unusable folder, DiskFull, IndexUnusable if no suitable server is installed, and
        IndexUnavailable for a server that does not start.
        """
        with self._guard, _home_errors(self._home):
            membership = self._join()
            if self._ask() is not _Answer.READY:
                with membership.gate.held():
                    self._bring_up()
            return f"unix://{quote(os.fsencode(socket_path(self._folder)))}"

    def release(self) -> None:
        """Stop using the server, and stop it if there are no other users. Calling it again does nothing."""
        with self._guard:
            self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()

    @property
    def pid(self) -> int | None:
        """The process id that the server reports, or None if it does not respond."""
        with self._guard:
            if self._ask() is _Answer.SILENT or self._client is None:
                return None
            try:
                return int(self._client.info("server")["process_id"])
            except RedisError:
                return None

    def _join(self) -> _Membership:
        if self._membership is not None and self._membership.holds():
            return self._membership
        self._leave()
        make_private_folder(self._folder)
        with ExitStack() as opened:
            gate = opened.enter_context(FileLock(self._folder / "server.lock"))
            users = opened.enter_context(FileLock(self._folder / "users.lock"))
            with gate.held():
                users.share()
            opened.pop_all()
        self._membership = _Membership(gate, users, os.getpid())
        return self._membership

    def _leave(self) -> None:
        membership, self._membership = self._membership, None
        if membership is None:
            return
        try:
            if membership.owner == os.getpid():
                with membership.gate.held():
                    if membership.users.try_hold():
                        self._stop()
        finally:
            membership.close()
            self._keep(None)
            self._disown()

    def _ask(self) -> _Answer:
        client = _client(socket_path(self._folder), timeout=min(PING_TIMEOUT_SECONDS, self._patience))
        answer = _Answer.READY
        try:
            client.ping()
        except BusyLoadingError:
            answer = _Answer.LOADING
        except (RedisError, OSError):
            client.close()
            return _Answer.SILENT
        self._keep(client)
        return answer

    def _keep(self, client: Redis | None) -> None:
        # One connection stays open: it still reaches the server after its home was removed.
        kept, self._client = self._client, client
        if kept is not None:
            kept.close()

    def _disown(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            reap_server(server)

    def _bring_up(self) -> None:
        launches = 0
        give_up = time.monotonic() + self._patience
        while (answer := self._ask()) is not _Answer.READY:
            if answer is _Answer.LOADING:
                give_up = time.monotonic() + self._patience
            elif self._start_unless_running(launches):
                launches += 1
            elif time.monotonic() > give_up:
                raise IndexUnavailable(f"the Redis of {self._home} does not respond: end {self._process()}")
            time.sleep(POLL_SECONDS)

    def _start_unless_running(self, launches: int) -> bool:
        with FileLock(self._folder / "running.lock") as running:
            if not running.try_hold():
                return False
            if launches == MAX_LAUNCHES:
                raise exit_error(self._folder)
            logger.info("starting a Redis server in %s", self._folder)
            self._disown()
            self._server = start_server(self._folder, inherit=running.descriptor)
            return True

    def _stop(self) -> None:
        if self._client is None:
            return
        try:
            # No data is lost: the server syncs its append-only file before it exits.
            self._client.shutdown(nosave=True)
            self._await_end()
            remove_socket(self._folder)
        except (RedisError, OSError) as error:
            logger.warning("left the Redis server of %s running: %s", self._home, error)

    def _await_end(self) -> None:
        give_up = time.monotonic() + self._patience
        while not self._has_ended() and time.monotonic() < give_up:
            time.sleep(POLL_SECONDS)
        if self._server is not None:
            with suppress(TimeoutExpired):
                self._server.wait(self._patience)

    def _has_ended(self) -> bool:
        try:
            running = FileLock(self._folder / "running.lock")
        except FileNotFoundError:
            return True
        with running:
            return running.try_hold()

    def _process(self) -> str:
        with suppress(OSError):
            return f"process {(self._folder / 'redis.pid').read_text().strip()} and try again"
        return "its process and try again"


def _client(socket: Path, *, timeout: float) -> Redis:
    never = Retry(NoBackoff(), 0)
    return Redis(unix_socket_path=os.fspath(socket), socket_timeout=timeout, retry=never, protocol=2)


@contextmanager
def _home_errors(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise home_error(home, error) from error


def home_error(home: Path, error: OSError) -> HomeUnusable:
    """Translate an operating system error about the data folder."""
    if is_disk_full(error):
        return DiskFull(f"the disk of {home} is full: free some space and try again")
    what = f"the data folder {home} cannot be used ({error.strerror})"
    return HomeUnusable(f"{what}: make it writable, or choose another with --home or ONESTORY_HOME")
