"""`kill -9` during backup, restore, copy and upgrade: run again, does each end right?

    python -m benchmarks.kill_upkeep [--kills 20] [--seed 1] [--postgresql]

On SQLite, or with `--postgresql` backup, restore and upgrade of a PostgreSQL, and the copy of a SQLite into one. A kill
leaves the `pg_dump` or `pg_restore` that the work started, as it would on a server. One kill a round at a random moment
of the work's usual length. Afterwards the work is started again, with nothing cleared away, and must end well; what it
made must have the rows of its source.
"""

import argparse
import os
import random
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from sqlalchemy import select

from benchmarks.kill_children import Work, end, forked, write_rows
from onestory.config import Config
from onestory.newsroom.backup.copying import copy_command
from onestory.newsroom.backup.restoring import restore
from onestory.newsroom.backup.writing import back_up
from onestory.pipelines.runtime.read_capture import read_captures_in_worker
from onestory.pipelines.runtime.workers import FIRST_PAGE
from onestory.store.database import Store
from onestory.store.migrate import HEAD, schema_revision
from onestory.store.schema import articles, matches, versions
from onestory.times import utc_now
from tests.servers import PostgresServer, postgres_server, short_folder
from tests.store.test_upgrades import climb

TEXTS = 150
Rows = dict[str, list[tuple[object, ...]]]


def rows_of(url: str) -> Rows:
    store = Store.open(url)
    try:
        with store.read() as connection:
            queries = {
                "articles": select(articles.c.url, articles.c.story_id),
                "versions": select(versions.c.number, versions.c.text_digest, versions.c.text),
                "matches": select(matches.c.a, matches.c.b, matches.c.kind),
            }
            return {name: sorted(map(tuple, connection.execute(query))) for name, query in queries.items()}
    finally:
        store.close()


class Rounds:
    """The works on one filled home, each in folders of its round."""

    def __init__(self, folder: Path, server: PostgresServer | None = None) -> None:
        self.folder = folder
        self.server = server
        self.databases: set[str] = set()
        self.home = folder / "home"
        self.config = Config.read({"ONESTORY_WORKERS": "1"}, home=self.home)
        write_rows(folder, TEXTS)
        self.run(Work("import", folder, self.config, (), 0, 1))
        self.rows = rows_of(self.config.database_url)
        if server is not None:
            url = self.database(folder / "kept.db")
            self.run(lambda: copy_command(to=url, home=self.home))
            self.config = self.config_of(folder / "kept-home", url)
        self.run(lambda: self.back_up(folder / "kept"))
        [self.kept] = (folder / "kept").glob("onestory-*")

    def database(self, file: Path) -> str:
        """The URL of that SQLite file, or of a PostgreSQL database in its place, which is made at the first call."""
        if self.server is None:
            return f"sqlite:///{file}"
        name = "_".join(file.with_suffix("").relative_to(self.folder).parts).replace("-", "_")
        if name not in self.databases:
            self.server.execute(f"CREATE DATABASE {name}")
            self.databases.add(name)
        return self.server.url(name)

    def config_of(self, home: Path, url: str) -> Config:
        return Config.read({"ONESTORY_DATABASE_URL": url}, home=home)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def run(self, work: Callable[[], object]) -> float:
        """Do the work in a child to its end; the seconds that it took. Raises RuntimeError with what it said."""
        start = time.monotonic()
        child = forked(partial(void, work), self.log)
        if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            raise RuntimeError(f"ended with {code}: {self.log.read_text()[-500:]}")
        return time.monotonic() - start

    def back_up(self, folder: Path) -> None:
        store = Store.open(self.config.database_url)
        back_up(self.config, store, folder, keep=None, now=utc_now())
        store.close()

    def backup_work(self, place: Path) -> Callable[[], object]:
        return lambda: self.back_up(place)

    def backup_rows(self, place: Path) -> Rows:
        """Those of a restored backup: the complete one, beside which nothing half done may remain."""
        assert not list(place.glob("*.partial"))
        newest = max(place.glob("onestory-*"))
        url = self.database(place / "restored/onestory.db")
        restore(self.config_of(place / "restored", url), newest)
        return rows_of(url)

    def restore_work(self, place: Path) -> Callable[[], object]:
        config = self.config_of(place, self.database(place / "onestory.db"))
        return lambda: restore(config, self.kept)

    def restore_rows(self, place: Path) -> Rows:
        return rows_of(self.database(place / "onestory.db"))

    def copy_work(self, place: Path) -> Callable[[], object]:
        place.mkdir(exist_ok=True)
        url = self.database(place / "copy.db")
        return lambda: copy_command(to=url, home=self.home)

    def copy_rows(self, place: Path) -> Rows:
        return rows_of(self.database(place / "copy.db"))

    def upgrade_work(self, place: Path) -> Callable[[], object]:
        """From the first schema, with a row in each of its tables."""
        url = self.database(place / "old.db")
        if not place.exists():
            place.mkdir()
            climb(url, "0001")
        return lambda: Store.open(url).close()

    def upgrade_rows(self, place: Path) -> Rows:
        store = Store.open_as_is(self.database(place / "old.db"))
        with store.read() as connection:
            assert schema_revision(connection) == HEAD
            assert len(connection.execute(select(articles.c.id)).all()) == 2
        store.close()
        return self.rows


def void(work: Callable[[], object]) -> None:
    """Do work of which only the end counts."""
    work()


def attack(rounds: Rounds, name: str, kills: int, chance: random.Random) -> Mapping[str, object]:
    """Kill the work that many times; how often it was under way, and what was wrong."""
    work, rows = getattr(rounds, f"{name}_work"), getattr(rounds, f"{name}_rows")
    usual = rounds.run(work(rounds.folder / f"{name}-usual"))
    killed, tried, wrong = 0, 0, []
    while killed < kills and tried < 4 * kills:
        tried += 1
        place = rounds.folder / f"{name}-{tried}"
        child = forked(partial(void, work(place)), rounds.log)
        time.sleep(chance.uniform(0, usual))
        if end(child) is not None:
            continue
        killed += 1
        time.sleep(1 if name == "backup" else 0)  # a backup is named after its second
        try:
            rounds.run(work(place))
            if rows(place) != rounds.rows:
                wrong.append(f"{place.name}: other rows than the source")
        except Exception as error:
            wrong.append(f"{place.name}: {type(error).__name__} {error}")
        with suppress(OSError):
            shutil.rmtree(place)
    return {"killed": killed, "usual seconds": round(usual, 2), "wrong": wrong}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    read_captures_in_worker([FIRST_PAGE])
    failed = False
    with short_folder() as folder, ExitStack() as stack:
        server = stack.enter_context(postgres_server()) if options.postgresql else None
        if server is not None:
            # With the pg_dump of its version.
            os.environ["PATH"] = f"{(server.sockets / 'programs').resolve()}:{os.environ['PATH']}"
        rounds = Rounds(folder, server)
        for name in ("backup", "restore", "copy", "upgrade"):
            told = attack(rounds, name, options.kills, random.Random(options.seed))
            failed = failed or bool(told["wrong"]) or told["killed"] != options.kills
            print(f"{name:<10} {told}", flush=True)
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
