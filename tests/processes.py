"""Child processes of tests. Each ends with its test, and all of them with the test run, even if that is killed.

A test's children inherit its mark in their environment. Processes that drop their environment, such as the embedded
Redis, are recognised by their folder. A watcher beside each test run waits for its end, and then ends the rest.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

__all__ = ["child", "end_marked", "marked", "marked_environment", "run_folder"]

MARK = "ONESTORY_TEST_MARK"

_numbers = count(1)
# Their standard input ends when this process does.
_watchers: list["subprocess.Popen[bytes]"] = []


@cache
def run_folder() -> Path:
    """The folder of this test run; its path marks the run's processes. It is removed after the run."""
    folder = Path(tempfile.mkdtemp(prefix="one-")).resolve()
    # PostgreSQL runs as another user below it.
    folder.chmod(0o711)
    nothing = subprocess.DEVNULL
    command = [sys.executable, "-I", __file__, str(folder)]
    _watchers.append(
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nothing, stderr=nothing, start_new_session=True)
    )
    os.environ[MARK] = f"{folder};"
    return folder


@contextmanager
def marked() -> Iterator[None]:
    """Marks the processes that are started in this context, and ends those that are left."""
    run = f"{run_folder()};"
    mark = f"{run_folder()}:{next(_numbers)};"
    os.environ[MARK] = mark
    try:
        yield
    finally:
        os.environ[MARK] = run
        end_marked(mark)


def marked_environment() -> Mapping[str, str]:
    """The environment of a process that several tests share."""
    return {**os.environ, MARK: f"{run_folder()};"}


@contextmanager
def child(command: list[str], **options: Any) -> Iterator["subprocess.Popen[Any]"]:
    """A child process with a process group of its own, which is killed at the end of the context."""
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def end_marked(mark: str) -> None:
    """Kill every process with this mark in its environment, command line or working directory."""
    for pid in _processes():
        if pid != os.getpid() and mark in _description(pid):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _processes() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()] if Path("/proc").is_dir() else []


def _description(pid: int) -> str:
    folder = Path("/proc") / str(pid)
    try:
        command = (folder / "cmdline").read_bytes()
        environment = (folder / "environ").read_bytes()
        working = os.fsencode((folder / "cwd").readlink())
    except OSError:
        return ""
    if b"multiprocessing.resource_tracker" in command:
        return ""  # Shared by all tests of a run; it ends with its parent.
    return os.fsdecode(b"\0".join((command, environment, working)))


def _end_with_parent(folder: str) -> None:
    sys.stdin.read()
    end_marked(folder)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _end_with_parent(sys.argv[1])
