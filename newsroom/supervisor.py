"""Processes beside the server, restarted when they end unexpectedly."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

from onestory.config import Config

__all__ = ["SupervisedProcess", "onestory_command", "watch_parent"]

logger = logging.getLogger(__name__)

PARENT_VARIABLE = "ONESTORY_SUPERVISED"
MIN_RESTART_SECONDS = 1.0
MAX_RESTART_SECONDS = 60.0
TERMINATE_SECONDS = 30.0


def onestory_command(config: Config, arguments: Sequence[str]) -> "tuple[list[str], dict[str, str]]":
    """The command line and environment of an `onestory` process with this configuration."""
    given = {
        "ONESTORY_HOME": str(config.home),
        "ONESTORY_DATABASE_URL": config.database_url,
        "ONESTORY_REDIS_URL": config.redis_url or "",
        # The URLs hold the passwords already.
        "ONESTORY_DATABASE_PASSWORD": "",
        "ONESTORY_REDIS_PASSWORD": "",
        "ONESTORY_ALLOW_PRIVATE": ",".join(config.allow_private),
        "ONESTORY_SOURCES": str(config.sources_file or ""),
        "ONESTORY_CONTACT": config.contact or "",
        "ONESTORY_WARC_DIR": str(config.warc_dir or ""),
        # No process beside the server needs it.
        "ONESTORY_ADMIN_KEY": "",
    }
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in given}
    return [sys.executable, "-m", "onestory", *arguments], kept | given | {PARENT_VARIABLE: str(os.getpid())}


@contextmanager
def watch_parent() -> Iterator[threading.Event]:
    """An event that is set when the parent server ends, for whatever reason."""
    gone, over = threading.Event(), threading.Event()
    # From the environment: the parent may be gone before its id can be read.
    parent = os.environ.get(PARENT_VARIABLE)

    def watch() -> None:
        while not over.wait(1):
            if str(os.getppid()) != parent:
                gone.set()
                return

    if parent is not None:
        threading.Thread(target=watch, name="supervision", daemon=True).start()
    try:
        yield gone
    finally:
        over.set()


class SupervisedProcess:
    """Keeps a process running while the context lasts, and ends it with SIGTERM. `name` is its name in the log."""

    def __init__(self, name: str, command: "tuple[list[str], dict[str, str]]") -> None:
        self._name = name
        self._command, self._env = command
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=True)

    def __enter__(self) -> "SupervisedProcess":
        self._process = self._start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(TERMINATE_SECONDS)
        except subprocess.TimeoutExpired:
            logger.warning("%s did not stop within %d s and is killed", self._name, TERMINATE_SECONDS)
            process.kill()
            process.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        # A session of its own: Ctrl-C reaches only this process, which then ends the child.
        return subprocess.Popen(  # noqa: S603 - our own program
            self._command, env=self._env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )

    def _keep(self) -> None:
        pause = MIN_RESTART_SECONDS
        while not self._stopping.wait(0.2):
            if self._process is None or self._process.poll() is None:
                continue
            logger.warning("%s ended with %s and is restarted", self._name, self._process.returncode)
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, MAX_RESTART_SECONDS)
            self._process = self._start()
