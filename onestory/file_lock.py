"""A file lock that the kernel releases when its process dies (flock(2))."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

__all__ = ["FileLock"]


class FileLock:
    """One open descriptor of a lock file, which is created if missing and never removed.

    The lock belongs to the open file, not to the process: two descriptors in one process exclude each other, and a
    child that inherits the descriptor keeps the lock after its parent exits.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self) -> None:
        """Hold the lock together with all others that share it."""
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    def try_hold(self) -> bool:
        """Take the exclusive lock if it is free. A shared lock of this descriptor is released either way."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the exclusive lock, and hold it for the context."""
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def is_current(self) -> bool:
        """Whether the path still leads to the open file. The folder may have been replaced."""
        try:
            return os.path.samestat(os.fstat(self.descriptor), self.path.stat())
        except OSError:
            return False

    def close(self) -> None:
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
