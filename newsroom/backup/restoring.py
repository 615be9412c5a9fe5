"""Restore a backup into an empty home and database, and replay the tombstones that are newer than it."""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, func, inspect, select

from onestory.config import Config
from onestory.errors import BadInput, DatabaseUnavailable, DiskFull, HomeUnusable, is_disk_full
from onestory.newsroom.backup.database_copy import (
    POSTGRESQL_NAME,
    SQLITE_NAME,
    UNPACKED_NAME,
    database_path,
    is_being_loaded,
    is_sqlite,
    load_postgresql,
)
from onestory.newsroom.backup.manifest import FileEntry, Manifest, backups_in, digest_of, read_manifest, sync_folder
from onestory.newsroom.backup.replay import read_tombstones, replay_tombstones
from onestory.newsroom.backup.writing import TOMBSTONES, WARC_FOLDER
from onestory.private_files import create_private_file, make_private_folder
from onestory.store.database import Store
from onestory.store.schema import articles, stories
from onestory.store.settings import INDEX_GENERATION, delete_setting
from onestory.times import utc_now

__all__ = ["RestoreResult", "restore"]

MARK = ".restoring"
CHUNK_BYTES = 1 << 20
LOOK_SECONDS = 0.5
Progress = Callable[[str, int, int], None]  # what is done, bytes done, bytes in all


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What was restored, and how many articles were removed again because they were taken down after the backup."""

    created: str
    articles: int
    stories: int
    files: int
    size: int
    taken_down: int


def restore(
    config: Config,
    backup: Path,
    *,
    tombstones: Sequence[Path] = (),
    progress: Progress = lambda what, done, total: None,
) -> RestoreResult:
    """Verify the backup, then restore it.

    Tombstones of all backups beside it, and of the files given, are replayed: what was taken down stays away. A call
    that was killed is repeated. Raises BadInput for a home or database that is not empty, or a file that is damaged.
    """
    manifest = read_manifest(backup)
    buried = [one for path in _tombstone_files(backup, tombstones) for one in read_tombstones(path)]
    _check_target(config, manifest, backup)
    _verify(backup, manifest, progress)
    _mark(config, backup)
    _restore_archives(config, backup, manifest, progress)
    _restore_database(config, backup, manifest)
    store = Store.open(config.database_url)
    try:
        # The index in Redis belongs to another moment of the store: it is made anew.
        with store.write() as connection:
            delete_setting(connection, INDEX_GENERATION)
            # Not those of the manifest: they are counted after the copy was made, while others write.
            restored = _count_articles_and_stories(connection)
    finally:
        store.close()
    taken_down = replay_tombstones(config, buried, now=utc_now())
    (config.home / MARK).unlink()
    return RestoreResult(
        f"{manifest.created:%Y-%m-%dT%H:%M:%SZ}",
        *restored,
        len(manifest.files),
        manifest.size,
        taken_down,
    )


def _count_articles_and_stories(connection: Connection) -> tuple[int, int]:
    of_articles = select(func.count()).select_from(articles)
    of_stories = select(func.count()).select_from(stories).where(stories.c.absorbed_into.is_(None))
    return connection.scalar(of_articles) or 0, connection.scalar(of_stories) or 0


def _tombstone_files(backup: Path, given: Iterable[Path]) -> list[Path]:
    beside = [path / TOMBSTONES for path in backups_in(backup.absolute().parent)]
    return [*(path for path in beside if path.is_file()), *given]


def _check_target(config: Config, manifest: Manifest, backup: Path) -> None:
    wanted = "sqlite" if is_sqlite(config.database_url) else "postgresql"
    if manifest.database != wanted:
        raise BadInput(
            f"the backup is of {manifest.database}, ONESTORY_DATABASE_URL names {wanted}: set it accordingly"
        )
    if _is_begun(config, backup):
        return
    if config.home.is_dir() and any(config.home.iterdir()):
        raise BadInput(f"{config.home} is not empty: restore into a new folder with --home")
    if config.warc_dir is not None and config.warc_dir.is_dir() and any(config.warc_dir.iterdir()):
        raise BadInput(f"{config.warc_dir} is not empty: set ONESTORY_WARC_DIR to a new folder")
    if wanted == "postgresql":
        store = Store.open_as_is(config.database_url)
        try:
            with store.read() as connection:
                names = inspect(connection).get_table_names()
        finally:
            store.close()
        if names:
            raise BadInput("the database is not empty: create a new one, and name it in ONESTORY_DATABASE_URL")


def _is_begun(config: Config, backup: Path) -> bool:
    """Whether a restore of this very backup was killed here, before the store was in place or after it."""
    mark = config.home / MARK
    return mark.is_file() and mark.read_text(encoding="utf-8") == backup.name


def _verify(backup: Path, manifest: Manifest, progress: Progress) -> None:
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        progress("verifying", done, manifest.size)

    for entry in manifest.files:
        path = backup / _safe(entry)
        if not path.is_file() or path.stat().st_size != entry.size or digest_of(path, count) != entry.sha256:
            raise BadInput(f"{path} is damaged or missing: take another backup")


def _safe(entry: FileEntry) -> PurePosixPath:
    """The path of a file within the backup. Raises BadInput for one that leads elsewhere."""
    path = PurePosixPath(entry.path)
    if path.is_absolute() or ".." in path.parts:
        raise BadInput(f"the manifest names {entry.path!r}, which is outside the backup")
    return path


def _mark(config: Config, backup: Path) -> None:
    make_private_folder(config.home)
    (config.home / MARK).write_text(backup.name, encoding="utf-8")
    sync_folder(config.home)


def _restore_archives(config: Config, backup: Path, manifest: Manifest, progress: Progress) -> None:
    entries = [entry for entry in manifest.files if _safe(entry).parts[0] == WARC_FOLDER]
    target = config.warc_dir or config.home / WARC_FOLDER
    done, total = 0, sum(entry.size for entry in entries)
    taken: set[Path] = set()
    for entry in entries:
        # The second part is the number of the folder that the file was in. All archives go into one folder now.
        parts = _safe(entry).parts
        place = target.joinpath(*parts[2:])
        if place in taken:
            place = target.joinpath(*parts[1:])
        taken.add(place)
        _copy(backup / _safe(entry), place)
        done += entry.size
        progress("archives", done, total)


def _restore_database(config: Config, backup: Path, manifest: Manifest) -> None:
    if manifest.database == "sqlite":
        path = database_path(config.database_url)
        draft = path.with_name(f"{path.name}{MARK}")
        _copy(backup / SQLITE_NAME, draft)
        draft.rename(path)
        sync_folder(path.parent)
        return
    if _is_loaded(config):
        return
    dump = backup / POSTGRESQL_NAME
    try:
        load_postgresql(config.database_url, dump if dump.exists() else backup / UNPACKED_NAME)
    except DatabaseUnavailable:
        # That of a killed restore may have come first.
        if not _is_loaded(config):
            raise


def _is_loaded(config: Config) -> bool:
    """Whether the dump is in the database, once no `pg_restore` works there that a killed restore left behind."""
    store = Store.open_as_is(config.database_url)
    try:
        while True:
            with store.read() as connection:
                if not is_being_loaded(connection):
                    return inspect(connection).has_table("articles")
            time.sleep(LOOK_SECONDS)
    finally:
        store.close()


def _copy(source: Path, target: Path) -> None:
    try:
        make_private_folder(target.parent)
        create_private_file(target)
        with source.open("rb") as reading, target.open("wb") as writing:
            shutil.copyfileobj(reading, writing, CHUNK_BYTES)
            writing.flush()
            os.fsync(writing.fileno())
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(f"no space left for {target}: free some, and restore again") from error
        raise HomeUnusable(f"{target} cannot be written ({error.strerror or error})") from error
