"""The crawler beside the server: a process of its own, started again when it ends on its own."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

from store.config import Config

__all__ = ["Supervised", "crawl_child", "supervision"]

logger = logging.getLogger(__name__)

SUPERVISED = "ONESTORY_SUPERVISED"
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
STOP_SECONDS = 30.0


def crawl_child(config: Config, arguments: Sequence[str]) -> "tuple[list[str], dict[str, str]]":
    """The command line and environment of an `onestory` with this configuration."""
    given = {
        "ONESTORY_HOME": str(config.home),
        "ONESTORY_DATABASE_URL": config.database_url,
        "ONESTORY_REDIS_URL": config.redis_url or "",
        "ONESTORY_ALLOW_PRIVATE": ",".join(config.allow_private),
        "ONESTORY_SOURCES": str(config.sources_file or ""),
        "ONESTORY_CONTACT": config.contact or "",
        "ONESTORY_WARC_DIR": str(config.warc_dir or ""),
        # A crawler has no use for it.
        "ONESTORY_ADMIN_KEY": "",
    }
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in given}
    return [sys.executable, "-m", "newsroom", *arguments], kept | given | {SUPERVISED: str(os.getpid())}


@contextmanager
def supervision() -> Iterator[threading.Event]:
    """An event that is set when the `run` that started this process is gone, however it went."""
    gone, over = threading.Event(), threading.Event()
    # From the environment: the parent may be gone before we come to ask who it is.
    parent = os.environ.get(SUPERVISED)

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


class Supervised:
    """Keeps one process running while the context lasts, and ends it with SIGTERM."""

    def __init__(self, command: "tuple[list[str], dict[str, str]]") -> None:
        self._command, self._env = command
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=True)

    def __enter__(self) -> "Supervised":
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
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            logger.warning("the crawler did not stop in %d s: it is ended", STOP_SECONDS)
            process.kill()
            process.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        # A session of its own: Ctrl-C is for us, and we end the child in our time.
        return subprocess.Popen(  # noqa: S603 - our own program
            self._command, env=self._env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )

    def _keep(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.wait(0.2):
            if self._process is None or self._process.poll() is None:
                continue
            logger.warning("the crawler ended with %s: it is started again", self._process.returncode)
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            self._process = self._start()
