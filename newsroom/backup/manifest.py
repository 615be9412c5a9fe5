"""The manifest of a backup: its files with their checksums. It is written last: a folder without one is no backup."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from onestory.errors import BadInput
from onestory.private_files import create_private_file
from onestory.times import parse_iso_time

__all__ = [
    "FileEntry",
    "Manifest",
    "backups_in",
    "digest_of",
    "last_backup_in",
    "read_manifest",
    "sync_folder",
    "write_manifest",
]

NAME = "manifest.json"
FORMAT = 1
PREFIX = "onestory-"
CHUNK_BYTES = 1 << 20
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the backup: `path` relative to it, `size` in bytes, SHA-256 in hex, and the source's change time."""

    path: str
    size: int
    sha256: str
    modified_ns: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """`database` is "sqlite" or "postgresql", `schema` the revision.

    `counts` are the rows of the main tables when the backup was complete, with what was written while it was made.
    """

    created: datetime
    version: str
    database: str
    schema: str
    counts: Mapping[str, int]
    files: tuple[FileEntry, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    path = folder / NAME
    create_private_file(path)
    with path.open("wb") as file:
        file.write(orjson.dumps({"format": FORMAT, **asdict(manifest)}, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z))
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """Raises BadInput for a folder that is no backup, or one of a later format."""
    try:
        told: dict[str, Any] = orjson.loads((folder / NAME).read_bytes())
        if told["format"] != FORMAT:
            raise BadInput(f"{folder} has format {told['format']}, which this version cannot read: install a newer one")
        files = tuple(FileEntry(**entry) for entry in told["files"])
        created = parse_iso_time(told["created"])
        return Manifest(created, told["version"], told["database"], told["schema"], told["counts"], files)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{folder} is not a backup: {NAME} cannot be read ({error})") from error


def backups_in(folder: Path) -> list[Path]:
    """The complete backups in a folder, the oldest first."""
    return sorted(path for path in folder.glob(f"{PREFIX}*Z") if (path / NAME).is_file())


def last_backup_in(folder: Path) -> datetime | None:
    """When the newest complete backup in a folder was made; None if there is none. Raises BadInput if it is damaged."""
    found = backups_in(folder)
    return read_manifest(found[-1]).created if found else None


def digest_of(path: Path, progress: Progress = lambda done: None) -> str:
    """The SHA-256 of a file, in hex. `progress` is called with the bytes of each step."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            progress(len(chunk))
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
