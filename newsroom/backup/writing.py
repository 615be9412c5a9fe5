"""Write a backup: the database at one moment, the WARC files, the tombstones. Redis is never in it: it is rebuilt."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import orjson
from sqlalchemy import func, select

from onestory.config import Config
from onestory.errors import BadInput, DiskFull, HomeUnusable, is_disk_full
from onestory.file_lock import FileLock
from onestory.newsroom.backup.database_copy import dump_database
from onestory.newsroom.backup.manifest import (
    PREFIX,
    FileEntry,
    Manifest,
    backups_in,
    digest_of,
    read_manifest,
    sync_folder,
    write_manifest,
)
from onestory.pipelines.archive.redaction import warc_files
from onestory.private_files import create_private_file, make_private_folder
from onestory.store.database import Store
from onestory.store.migrate import schema_revision
from onestory.store.schema import articles, stories, versions
from onestory.store.settings import LAST_BACKUP, write_setting
from onestory.store.tombstones import tombstone_records
from onestory.times import iso_utc

__all__ = ["TOMBSTONES", "WARC_FOLDER", "BackupResult", "archive_folders", "back_up"]

TOMBSTONES = "tombstones.jsonl"
WARC_FOLDER = "warc"
CHUNK_BYTES = 1 << 20
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BackupResult:
    """`folder` is the backup; `linked` WARC files are shared with an earlier one; `removed` backups were too old."""

    folder: str
    size: int
    files: int
    linked: int
    removed: int


def archive_folders(config: Config) -> list[Path]:
    """The folders with WARC files, none inside another."""
    folders = [folder.resolve() for folder in (config.home, config.warc_dir) if folder is not None and folder.is_dir()]
    return [one for one in dict.fromkeys(folders) if not any(other in one.parents for other in folders)]


def back_up(
    config: Config, store: Store, folder: Path, *, keep: int | None, now: datetime, tell: Tell = lambda what: None
) -> BackupResult:
    """Write a new backup into the folder, then remove the oldest beyond `keep`.

    It appears under its name when it is complete; what a killed one left is removed. Raises HomeUnusable, DiskFull,
    BadInput while another backup is being written there.
    """
    name = f"{PREFIX}{now:%Y%m%dT%H%M%SZ}"
    with _alone(folder):
        earlier = backups_in(folder)
        if (folder / name).exists():
            raise BadInput(f"{folder / name} exists already: wait a second")
        draft = folder / f"{name}.partial"
        draft.mkdir(mode=0o700)
        entries, linked = _written(config, store, draft, earlier[-1] if earlier else None, tell)
        manifest = _manifest(store, entries, now=now)
        write_manifest(draft, manifest)
        sync_folder(draft)
        draft.rename(folder / name)
        sync_folder(folder)
        with store.write() as connection:
            write_setting(connection, LAST_BACKUP, iso_utc(now))
        gone = [] if keep is None else backups_in(folder)[:-keep]
        for old in gone:
            tell(f"removing {old.name}")
            shutil.rmtree(old)
    return BackupResult(str(folder / name), manifest.size, len(entries), linked, len(gone))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        make_private_folder(folder)
        with FileLock(folder / ".lock") as lock:
            if not lock.try_hold():
                raise BadInput(f"another backup is being written to {folder}: wait for it")
            for left in folder.glob(f"{PREFIX}*.partial"):
                shutil.rmtree(left)
            yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(f"no space left in {folder}: the backup is not complete") from error
        raise HomeUnusable(f"{folder} cannot be written ({error.strerror or error})") from error


def _written(
    config: Config, store: Store, draft: Path, earlier: Path | None, tell: Tell
) -> tuple[list[FileEntry], int]:
    """The files of the backup, and how many of them are shared with the earlier one."""
    tell("copying the database")
    # First the database: the archives then hold at least what its rows refer to.
    dump = dump_database(config.database_url, draft)
    _sync(dump)
    entries = [FileEntry(dump.name, dump.stat().st_size, digest_of(dump)), _write_tombstones(store, draft)]
    known = {entry.path: entry for entry in read_manifest(earlier).files} if earlier else {}
    linked = 0
    for path, name in _archives(config):
        tell(f"archives: {len(entries) - 1}")
        source, same = _Source(path, name), known.get(name)
        if earlier is not None and same is not None and source.link(earlier, same, draft):
            entries.append(same)
            linked += 1
        elif (copied := source.copy(draft)) is not None:
            entries.append(copied)
    return entries, linked


def _archives(config: Config) -> Iterator[tuple[Path, str]]:
    """The WARC files with their names in a backup, also those that a takedown writes meanwhile."""
    for number, folder in enumerate(archive_folders(config)):
        seen: set[Path] = set()
        while found := [path for path in warc_files(folder) if path not in seen]:
            seen.update(found)
            for path in found:
                yield path, f"{WARC_FOLDER}/{number}/{path.relative_to(folder).as_posix()}"


def _write_tombstones(store: Store, draft: Path) -> FileEntry:
    with store.read() as connection:
        records = tombstone_records(connection)
    path = draft / TOMBSTONES
    create_private_file(path)
    path.write_bytes(
        b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z) for one in records)
    )
    _sync(path)
    return FileEntry(TOMBSTONES, path.stat().st_size, digest_of(path))


@dataclass(frozen=True, slots=True)
class _Source:
    """A WARC file, and its name in a backup."""

    path: Path
    name: str

    def link(self, earlier: Path, entry: FileEntry, draft: Path) -> bool:
        """Share the copy of an earlier backup, if the file has not changed since."""
        try:
            found = self.path.stat()
            if (found.st_size, found.st_mtime_ns) != (entry.size, entry.modified_ns):
                return False
            target = draft / self.name
            make_private_folder(target.parent)
            os.link(earlier / self.name, target)
        except OSError:
            return False
        return True

    def copy(self, draft: Path) -> FileEntry | None:
        """Copy what the file holds now. None if a takedown has just replaced it: its successor is copied instead."""
        target = draft / self.name
        make_private_folder(target.parent)
        create_private_file(target)
        try:
            with self.path.open("rb") as source, target.open("wb") as copy:
                modified = os.fstat(source.fileno()).st_mtime_ns
                shutil.copyfileobj(source, copy, CHUNK_BYTES)
        except FileNotFoundError:
            target.unlink()
            return None
        _sync(target)
        return FileEntry(self.name, target.stat().st_size, digest_of(target), modified)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _manifest(store: Store, entries: Sequence[FileEntry], *, now: datetime) -> Manifest:
    with store.read() as connection:
        counts = {
            str(table.name): connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (articles, stories, versions)
        }
        revision = schema_revision(connection) or ""
    return Manifest(now, version("onestory"), store.dialect, revision, counts, tuple(entries))
