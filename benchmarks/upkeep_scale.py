"""Backup, restore and copy of a store of a million articles: how long, what a writer notices, and is all of it there?

    python -m benchmarks.upkeep_scale --home FOLDER [--articles N] [--steps backup,restore,copy,postgresql,index]

The store is that of `benchmarks.desk_store`, half of it filled and doubled by `benchmarks.multiplied_store`; it is kept
in the folder and used again. The writer stores articles ten at a time through the functions of the intake, as fast
as it can: first alone, then during the backup, then alone again. The backup must hold what it had acknowledged before.
Serving means that /readyz and the front page answer; with `index`, what is left of the search index is timed too. The
copy goes to a new database of the PostgreSQL that listens in the folder `--server`, and trusts the user postgres
there; else of one that is started, and does not wait for its disk. Dumps of both stores are compared by their bytes.
`postgresql` does backup and restore with what was copied.
"""

import argparse
import hashlib
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.request import urlopen

from sqlalchemy import func, select

from benchmarks.desk_store import Shape, _keep, _piece, fill, vocabulary
from benchmarks.multiplied_store import multiply
from onestory.store.database import Store
from onestory.store.queries import existing_values
from onestory.store.schema import articles
from tests.cli import ONESTORY
from tests.servers import PostgresServer, postgres_server

ALONE_SECONDS = 45
FIRST_PIECE = 10_000_000
SERVER = """
import sys
from pathlib import Path
from onestory.config import Config
from onestory.newsroom.server.server import run_server
run_server(Config.read(home=Path(sys.argv[1])), port=0, started=lambda url: print(url, flush=True))
"""


def prepare(home: Path, number: int) -> None:
    path = home / "onestory.db"
    if path.exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    store = Store.open(f"sqlite:///{path}")
    fill(store, Shape(number * 3 // 10, number // 2))
    store.close()
    multiply(path, 2)


def write(url: str, log: Path, seed: int) -> None:
    """Store ten articles at a time, and note each time when they are stored, and one of them."""
    rng, store = random.Random(seed), Store.open(url)
    words, weights = vocabulary(rng)
    with log.open("a", buffering=1) as told:
        for number in count(FIRST_PIECE + seed * 100_000_000, 10):
            now = datetime.now(UTC)
            pieces = [(_piece(number + n, number + n, words, weights, rng, now), 1) for n in range(10)]
            stored = _keep(store, pieces, Shape(), rng, now)
            told.write(f"{time.time()} {stored[-1]}\n")


@contextmanager
def writing(url: str, log: Path) -> Iterator[None]:
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.upkeep_scale", "--write", url, "--home", str(log)]
    process = subprocess.Popen([*command, "--seed", str(int(time.time()) % 100_000)])
    try:
        while not (log.exists() and log.stat().st_size):
            time.sleep(0.2)
        yield
    finally:
        process.kill()
        process.wait()


def rate(log: Path, begin: float, end: float) -> float:
    """Articles a second that were stored between two times."""
    times = [float(line.split()[0]) for line in log.read_text().splitlines() if " " in line]
    return 10 * sum(begin <= one < end for one in times) / (end - begin)


def onestory(*words: object, url: str | None = None) -> float:
    """Run the command to its end; the seconds that it took. Raises RuntimeError with what it said."""
    env = os.environ | ({"ONESTORY_DATABASE_URL": url} if url else {})
    began = time.monotonic()
    done = subprocess.run([ONESTORY, *map(str, words)], capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {done.stderr[-500:]}")
    return time.monotonic() - began


def back_up(home: Path, folder: Path, url: str, real: str | None) -> tuple[Path, set[str]]:
    """A backup while a writer works; the backup, and what was acknowledged before it began."""
    log = folder.with_suffix(".log")
    with writing(url, log):
        began = time.time()
        time.sleep(ALONE_SECONDS)
        acknowledged = {line.split()[1] for line in log.read_text().splitlines()[:-1]}
        start = time.time()
        onestory("backup", folder, "--home", home, url=real)
        end = time.time()
        time.sleep(ALONE_SECONDS)
        last = time.time()
    before, during, after = rate(log, began, start), rate(log, start, end), rate(log, end, last)
    alone = (before + after) / 2
    [made] = folder.glob("onestory-*")
    size = sum(path.stat().st_size for path in made.iterdir())
    say(f"backup {end - start:.0f} s (wanted 300), {size / 1e9:.1f} GB; articles that the writer stored a second:")
    say(f"  {before:.0f} before, {during:.0f} during, {after:.0f} after: {during / alone:.2f} (wanted .80)")
    say(f"  load {os.getloadavg()[0]:.0f}")
    return made, acknowledged


def restore(made: Path, home: Path, acknowledged: set[str], real: str | None = None, *, index: bool = False) -> None:
    seconds = onestory("restore", made, "--home", home, url=real)
    check(real or f"sqlite:///{home}/onestory.db", acknowledged)
    env = os.environ | ({"ONESTORY_DATABASE_URL": real} if real else {})
    start = time.monotonic()
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(home)], stdout=subprocess.PIPE, text=True, env=env)
    try:
        assert server.stdout
        url = server.stdout.readline().strip()
        _until(lambda: _get(f"{url}/readyz") and _get(f"{url}/"))
        serving = time.monotonic() - start
        say(f"restore {seconds:.0f} s, then {serving:.0f} s until pages are served (wanted 600 s for both)")
        say(f"  load {os.getloadavg()[0]:.0f}")
        if index:
            _until(lambda: b'"ready"' in (_get(f"{url}/readyz") or b"").partition(b'"index":')[2][:10])
            say(f"  the index is whole after {time.monotonic() - start:.0f} s more")
    finally:
        server.terminate()
        server.wait()


def check(url: str, acknowledged: set[str]) -> None:
    """Say how many of the articles that were acknowledged before a backup began are missing after its restore."""
    store = Store.open(url)
    with store.read() as connection:
        number = connection.execute(select(func.count()).select_from(articles)).scalar_one()
        found = existing_values(connection, articles.c.id, acknowledged)
    store.close()
    missing = len(acknowledged - found)
    say(f"  {number:,} articles; {missing} missing of {len(acknowledged)} looked up that were acknowledged before")


def _get(url: str) -> bytes | None:
    with suppress(OSError), urlopen(url, timeout=60) as response:
        return bytes(response.read())
    return None


def _until(is_so: object, most: float = 1800) -> None:
    end = time.monotonic() + most
    while not is_so():  # type: ignore[operator]
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.5)


def dump(home: Path, url: str | None = None) -> tuple[list[tuple[int, str]], float]:
    """Size and SHA-256 of the rows of articles and of stories, and the seconds that both took. Nothing is grouped."""
    env = os.environ | ({"ONESTORY_DATABASE_URL": url} if url else {})
    began, found = time.monotonic(), []
    for rows in ("articles", "stories"):
        command = [str(ONESTORY), "dump", "-", "--rows", rows, "--home", str(home)]
        size, digest = 0, hashlib.sha256()
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as process:
            assert process.stdout
            while part := process.stdout.read(1 << 20):
                size += len(part)
                digest.update(part)
        if process.returncode:
            raise RuntimeError(f"dump ended with {process.returncode}")
        found.append((size, digest.hexdigest()))
    return found, time.monotonic() - began


def copy(home: Path, url: str) -> None:
    seconds = onestory("copy", "--to", url, "--home", home)
    say(f"copy to PostgreSQL {seconds:.0f} s, every row verified; load {os.getloadavg()[0]:.0f}")
    ours, first = dump(home)
    theirs, second = dump(home, url)
    same = "the same bytes" if ours == theirs else "OTHER BYTES"
    say(f"  dumps of {sum(size for size, _ in ours) / 1e9:.1f} GB: {same}; {first:.0f} and {second:.0f} s")


def postgresql(home: Path, url: str, server: PostgresServer) -> None:
    """With a home of its own: the archive folder of the first one is not looked at."""
    made, acknowledged = back_up(home / "pg-home", home / "pg-backups", url, url)
    with server.database() as fresh:
        restore(made, home / "pg-restored", acknowledged, fresh)


def say(line: str) -> None:
    print(line, flush=True)


@contextmanager
def a_server(sockets: Path | None) -> Iterator[PostgresServer]:
    if sockets is not None:
        yield PostgresServer(sockets)
        return
    with postgres_server() as server:
        programs = (server.sockets / "programs").resolve()  # with the pg_dump of its version
        os.environ["PATH"] = f"{programs}:{os.environ['PATH']}"
        yield server


def run(home: Path, steps: Sequence[str], sockets: Path | None) -> None:
    url = f"sqlite:///{home}/onestory.db"
    with sqlite3.connect(home / "onestory.db") as connection:
        say(f"{connection.execute('SELECT count(*) FROM articles').fetchone()[0]:,} articles")
    if "copy" in steps or "postgresql" in steps:
        with a_server(sockets) as server, server.database() as target:
            copy(home, target)
            if "postgresql" in steps:
                postgresql(home, target, server)
    if "backup" in steps or "restore" in steps:
        made, acknowledged = back_up(home, home / "backups", url, None)
        restore(made, home / "restored", acknowledged, index="index" in steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--steps", default="backup,restore,copy,postgresql")
    parser.add_argument("--server", type=Path, metavar="FOLDER", help="with the socket of a PostgreSQL server")
    parser.add_argument("--write", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=1, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.write:
        write(asked.write, asked.home, asked.seed)
        return
    prepare(asked.home, asked.articles)
    run(asked.home, asked.steps.split(","), asked.server)


if __name__ == "__main__":
    main()
