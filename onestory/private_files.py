"""Folders and files that only their owner may read, under any umask: they hold texts, keys and webhook secrets."""

import os
import stat
from pathlib import Path

__all__ = ["FILE_MODE", "FOLDER_MODE", "create_private_file", "make_private_folder", "restrict"]

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def make_private_folder(folder: Path) -> None:
    """Create the folder and its missing parents for the owner alone. An existing folder keeps its mode."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=FOLDER_MODE, exist_ok=True)


def create_private_file(path: Path) -> None:
    """Create an empty file for the owner alone, or restrict the one that is there."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))
    except FileExistsError:
        # It is not opened: closing a SQLite file a second time would free the locks that this process holds on it.
        restrict(path)


def restrict(path: Path) -> None:
    """Take a file of ours from other users. One that its group may write, and nobody else, is shared on purpose."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    mode = stat.S_IMODE(found.st_mode)
    is_shared = mode & stat.S_IWGRP and not mode & stat.S_IRWXO
    if found.st_uid == os.geteuid() and mode & 0o077 and not is_shared:
        path.chmod(mode & FOLDER_MODE)
