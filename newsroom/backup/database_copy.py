"""Consistent copies of the database while everything runs: SQLite's online backup, and `pg_dump` for PostgreSQL."""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import quote

import zstandard
from sqlalchemy import URL, Connection, make_url, text

from onestory.errors import BadInput, DatabaseUnavailable, HomeUnusable
from onestory.private_files import create_private_file
from onestory.store.database_errors import BUSY_TIMEOUT_SECONDS

__all__ = [
    "POSTGRESQL_NAME",
    "SQLITE_NAME",
    "UNPACKED_NAME",
    "database_path",
    "dump_database",
    "is_being_loaded",
    "is_sqlite",
    "load_postgresql",
]

SQLITE_NAME = "onestory.db"
PACKED = ".zst"
POSTGRESQL_NAME = f"onestory.pgdump{PACKED}"
UNPACKED_NAME = "onestory.pgdump"  # of earlier versions, which let `pg_dump` compress
COMPRESSION_LEVEL = 1
NICENESS = 10
CHUNK_BYTES = 1 << 20
STEP_PAGES = 4096  # of SQLite: 16 MB
STEP_OPERATIONS = 100_000  # of its virtual machine
LINE_CHARS = 300


def is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def database_path(url: str) -> Path:
    """The file of a SQLite store."""
    return Path(make_url(url).database or "")


def dump_database(url: str, folder: Path) -> Path:
    """Copy the database as it is at one moment into the folder; return the file.

    Raises HomeUnusable, DatabaseUnavailable, BadInput if `pg_dump` is missing.
    """
    if is_sqlite(url):
        return _copy_sqlite(database_path(url), folder / SQLITE_NAME)
    target = folder / POSTGRESQL_NAME
    create_private_file(target)
    _dump_postgresql(url, target)
    return target


def _copy_sqlite(source: Path, target: Path) -> Path:
    """SQLite's backup in steps, of one read snapshot, which in WAL mode no writer waits for.

    Without a transaction of the reader, the copy would begin again whenever another process writes.
    """
    create_private_file(target)
    try:
        with _opened(source, read_only=True) as reader, _opened(target) as copy:
            rest = _Rest()
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
            reader.backup(copy, pages=STEP_PAGES, progress=lambda *_: rest.take())
            reader.rollback()
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.set_progress_handler(rest.take, STEP_OPERATIONS)
            [[found]] = copy.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        raise HomeUnusable(f"{source} cannot be copied ({error}): run `onestory doctor`") from error
    if found != "ok":
        raise HomeUnusable(f"the copy of {source} is damaged ({found}): run `onestory doctor`")
    return target


class _Rest:
    """Rests as long as was worked: two threads of one core slow each other down, whatever their priorities are."""

    def __init__(self) -> None:
        self._worked = time.process_time()

    def take(self) -> None:
        now = time.process_time()
        time.sleep(now - self._worked)
        self._worked = now


class _opened:  # noqa: N801 - used as a function
    """A connection that is closed afterwards; sqlite3's own context only commits."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode={'ro' if read_only else 'rw'}",
            uri=True,
            timeout=BUSY_TIMEOUT_SECONDS,
        )

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *exc: object) -> None:
        self._connection.close()


def _dump_postgresql(url: str, target: Path) -> None:
    """What `pg_dump` writes, packed here: versions before 16 know no zstd, and zlib takes several times the processor.

    Both leave the processor to whoever else wants it. The server goes no faster than they read.
    """
    options = ["--format=custom", "--compress=0", "--no-owner", "--no-privileges"]
    with (
        target.open("wb") as file,
        zstandard.ZstdCompressor(COMPRESSION_LEVEL).stream_writer(file, closefd=False) as packed,
        _running("pg_dump", options, make_url(url), stdout=subprocess.PIPE) as process,
    ):
        os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        shutil.copyfileobj(process.stdout, packed, CHUNK_BYTES)


def load_postgresql(url: str, dump: Path) -> None:
    """Load a dump into an empty database, in one transaction: all of it, or nothing."""
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    target = make_url(url)
    with (
        dump.open("rb") as file,
        _running("pg_restore", [*options, f"--dbname={target.database}"], target, stdin=subprocess.PIPE) as process,
        suppress(BrokenPipeError),  # It says itself why it ended.
        process.stdin as pipe,
    ):
        if dump.suffix == PACKED:
            zstandard.ZstdDecompressor().copy_stream(file, pipe, write_size=CHUNK_BYTES)
        else:
            shutil.copyfileobj(file, pipe, CHUNK_BYTES)


def is_being_loaded(connection: Connection) -> bool:
    """Whether `load_postgresql` works in the database of this connection; it goes on when its own process is killed."""
    query = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name")
    return connection.execute(query, {"name": _session_name("pg_restore")}).first() is not None


def _session_name(program: str) -> str:
    """What PostgreSQL knows the program as."""
    return f"onestory {program}"


@contextmanager
def _running(
    program: str, options: Sequence[str], url: URL, *, stdin: int | None = None, stdout: int | None = None
) -> Iterator[Any]:
    """The program on that database, with a pipe from it or to it. Raises DatabaseUnavailable if it fails.

    It ends when its pipe does: nothing is left behind by a process that was killed.
    """
    path = shutil.which(program)
    if path is None:
        raise BadInput(
            f"{program} is not installed: install PostgreSQL's client programs of the server's version, "
            "such as postgresql-client"
        )
    with TemporaryFile() as errors:
        # The password goes through the environment: other users can read a process's arguments.
        with subprocess.Popen(  # noqa: S603 - a program of PostgreSQL, with arguments of our own
            [path, *options],
            env={**os.environ, **_environment(url), "PGAPPNAME": _session_name(program)},
            stdin=stdin,
            stdout=stdout,
            stderr=errors,
        ) as process:
            yield process
        if process.returncode:
            errors.seek(0)
            said = (line for line in errors.read().decode(errors="replace").splitlines() if line.strip())
            raise DatabaseUnavailable(next(said, f"exit code {process.returncode}")[:LINE_CHARS])


def _environment(url: URL) -> Mapping[str, str]:
    """How libpq is told where the database is (PostgreSQL documentation, "Environment Variables")."""
    query = {name: value for name, value in url.query.items() if isinstance(value, str)}
    told = {
        "PGHOST": url.host or query.get("host"),
        "PGPORT": str(url.port) if url.port else query.get("port"),
        "PGUSER": url.username or query.get("user"),
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": query.get("sslmode"),
    }
    return {name: value for name, value in told.items() if value}
