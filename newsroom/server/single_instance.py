"""One `onestory run` at a time per home."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onestory.errors import HomeUnusable
from onestory.file_lock import FileLock
from onestory.private_files import make_private_folder
from onestory.store.redis_server.embedded import home_error
from onestory.times import utc_now

__all__ = ["HomeInUse", "single_instance"]


class HomeInUse(HomeUnusable):
    reason = "home_held"


@contextmanager
def single_instance(home: Path) -> Iterator[None]:
    """Hold the home's lock, which the kernel frees if the process dies. Raises HomeInUse that names the holder."""
    try:
        make_private_folder(home)
        lock = FileLock(home / "run.lock")
    except OSError as error:
        raise home_error(home, error) from error
    try:
        if not lock.try_hold():
            holder = lock.path.read_text(errors="replace").strip() or "another process"
            raise HomeInUse(f"{home} is in use by {holder}: stop it, or choose another folder with --home")
        os.ftruncate(lock.descriptor, 0)
        os.pwrite(lock.descriptor, f"process {os.getpid()}, since {utc_now():%Y-%m-%d %H:%M} UTC".encode(), 0)
        yield
    finally:
        lock.close()
