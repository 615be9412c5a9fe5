"""Starting a Redis server on a unix socket: its options, its socket's place, why it ended."""

import os
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from store.errors import DiskFull, HomeUnusable, IndexUnavailable, OnestoryError
from store.server_binary import find_server

__all__ = ["MAX_SOCKET_BYTES", "forget", "launch", "remove_socket", "socket_of", "why_it_ended"]

# sockaddr_un.sun_path is 108 bytes on Linux and 104 on the BSDs, one of them the closing NUL.
MAX_SOCKET_BYTES = 107 if sys.platform == "linux" else 103

_SOCKET = "redis.sock"
_LOG = "redis.log"
_LOG_TAIL_BYTES = 16_384


def socket_of(folder: Path) -> Path:
    """Where the server of this folder listens, or listened last.

    Raises HomeUnusable if the link leads where someone else could listen in our server's name.
    """
    path = folder / _SOCKET
    if not path.is_symlink():
        return path
    outside = path.readlink()
    if outside.parent.exists() and not _is_private(outside.parent, owner=folder.stat().st_uid):
        raise HomeUnusable(f"{outside.parent} is open to others: remove {path}, and try again")
    return outside


def launch(folder: Path, *, inherit: int) -> subprocess.Popen[bytes]:
    """Start a server with its data in this folder, and return before it listens.

    It keeps the descriptor `inherit` open for as long as it lives. Raises IndexRefused if no binary will do.
    """
    command = [find_server(), *_options(folder, _place_socket(folder))]
    with _new_log(folder / _LOG).open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
            umask=0o077,
            start_new_session=True,  # Ctrl-C in the terminal of one user must not reach the server of all.
            pass_fds=(inherit,),
        )


def forget(server: subprocess.Popen[bytes]) -> None:
    """Reap a server that has ended; one that others still use goes on, and is no child to be waited for."""
    if server.poll() is None:
        server.returncode = 0  # Else Popen warns that it is still running, which is as we want it.


def remove_socket(folder: Path) -> None:
    """Take away what a stopped server leaves outside the folder; what is not empty stays."""
    path = folder / _SOCKET
    with suppress(OSError):
        outside = path.readlink()
        path.unlink()
        outside.unlink(missing_ok=True)
        outside.parent.rmdir()


def why_it_ended(folder: Path) -> OnestoryError:
    """The error that the end of the server's log tells of."""
    complaint = _last_complaint(folder / _LOG)
    if "No space left" in complaint:
        return DiskFull(f"the disk of {folder} is full: make room, and try again")
    return IndexUnavailable(
        f"the Redis server of {folder} would not start ({complaint}); all that is in this folder can be "
        "rebuilt: if it is damaged, remove it and try again"
    )


def _options(folder: Path, socket: Path) -> list[str | Path]:
    options: dict[str, str | Path] = {
        "--daemonize": "no",
        "--port": "0",
        "--unixsocket": socket,
        "--unixsocketperm": "700",
        "--dir": folder,
        "--pidfile": folder / "redis.pid",
        "--save": "",
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--aof-load-truncated": "yes",
        "--maxmemory-policy": "noeviction",
    }
    return [part for option in options.items() for part in option]


def _environment() -> dict[str, str]:
    # A server that outlives us has no business with our secrets; in an unknown locale Redis 7 will not start.
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TZ") if name in os.environ}
    return kept | {"LC_ALL": "C"}


def _new_log(log: Path) -> Path:
    """A log a run, and the one before: a server that runs for years must not fill the disk with words."""
    with suppress(FileNotFoundError):
        log.replace(log.with_suffix(".log.old"))
    return log


def _place_socket(folder: Path) -> Path:
    """A path that is free and short enough; a server that had one outside keeps it, and so its URL."""
    path = folder / _SOCKET
    if path.is_symlink() and (outside := socket_of(folder)).parent.exists():
        return outside
    path.unlink(missing_ok=True)
    if len(os.fsencode(path)) <= MAX_SOCKET_BYTES:
        return path
    path.symlink_to(_short_folder() / _SOCKET)
    return path.readlink()


def _short_folder() -> Path:
    """A new folder that only we can enter, with a short path."""
    for root in (tempfile.gettempdir(), "/var/tmp"):  # noqa: S108
        if len(os.fsencode(root)) + len(f"/onestory-12345678/{_SOCKET}") <= MAX_SOCKET_BYTES:
            break
    return Path(tempfile.mkdtemp(prefix="onestory-", dir=root))


def _is_private(folder: Path, *, owner: int) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077


def _last_complaint(log: Path) -> str:
    """The last warning in a log whose lines are `pid:role day time # text`, else the last line."""
    with log.open("rb") as lines:
        lines.seek(max(0, log.stat().st_size - _LOG_TAIL_BYTES))
        tail = [line.strip() for line in lines.read().decode(errors="replace").splitlines() if line.strip()]
    warnings = [line.split(" # ", 1)[1] for line in tail if " # " in line]
    return (warnings or tail or ["it left no log"])[-1]
