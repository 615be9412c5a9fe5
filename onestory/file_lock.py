"""A lock that the kernel lets go of when its process dies, however it dies: flock(2)."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

__all__ = ["FileLock"]


class FileLock:
    """One open of a lock file, which is made if it is missing, and never removed.

    The lock belongs to the open file, not to the process: two opens in one process exclude each other, and a
    child that inherits the descriptor keeps the lock when its parent has gone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self) -> None:
        """Hold it together with all others that share it."""
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    def try_hold(self) -> bool:
        """Hold it alone if nobody else has it; a share of ours is given up either way."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait until nobody else has it, and hold it alone."""
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def is_current(self) -> bool:
        """Whether the path still leads to the file that we have open: the folder may have been replaced."""
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
