"""A home under attack: what is started on it and killed, and what must be there afterwards. See `benchmarks.kills`."""

import os
import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx
from sqlalchemy import func, select

from benchmarks.imports import redis_processes
from benchmarks.kill_children import Work, end, forked, lines_of, write_line
from onestory.config import Config
from onestory.store.database import Store
from onestory.store.schema import articles, versions, watches
from onestory.store.sources.source_list import SourceEntry
from onestory.store.stories.export import iter_stories
from tests.servers import PostgresMissing, PostgresServer, postgres_in

LIFE_SECONDS = (0.05, 0.9)
ROLES = ("import", "import", "crawl", "serve")
REDIS_SHARE, POSTGRES_SHARE, FULL_SHARE = 0.15, 0.1, 0.1
MENDED = "had no story yet"


@dataclass(slots=True)
class Tally:
    """`kills` by what was killed; `wrong` in words."""

    kills: Counter[str] = field(default_factory=Counter)
    full: int = 0
    left: int = 0
    told: int = 0
    acknowledged: int = 0
    homes: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Arena:
    """A home under attack. `postgres` is the folder of a cluster, if the store is in one."""

    folder: Path
    texts: int
    sources: Sequence[SourceEntry]
    chance: random.Random
    tally: Tally
    stack: ExitStack
    postgres: Path | None = None
    database: str | None = None
    port: int = 0

    def config(self) -> Config:
        given = {"ONESTORY_DATABASE_URL": self.database} if self.database else {}
        return Config.read({**given, "ONESTORY_WORKERS": "1"}, home=self.folder / "home")

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def articles(self) -> Path:
        return self.folder / "articles"

    @property
    def watches(self) -> Path:
        return self.folder / "watches"

    def _work(self, role: str) -> Work:
        return Work(role, self.folder, self.config(), self.sources, self.port, self.chance.randrange(1 << 30))

    def cycle(self) -> None:
        role = self.chance.choice(ROLES)
        before, logged = self.unattached(), self.log.stat().st_size if self.log.exists() else 0
        child = forked(self._work(role), self.log)
        until = time.monotonic() + self.chance.uniform(*LIFE_SECONDS)
        is_full = role != "serve" and self.chance.random() < FULL_SHARE
        if is_full:
            time.sleep(max(0.0, (until - time.monotonic()) / 2))
            with suppress(ProcessLookupError):
                resource.prlimit(child, resource.RLIMIT_FSIZE, (4096, 4096))
            self.tally.full += 1
        if role == "serve":
            self._ask(until)
        time.sleep(max(0.0, until - time.monotonic()))
        other = self._strike_servers()
        code = end(child)
        if other or code is None:
            self.tally.kills[other or role] += 1
        if code == 1 or (code == 2 and not (is_full or other)):
            self.tally.wrong.append(f"{role}{' on a full disk' if is_full else ''} ended with {code}: {self._tail()}")
        self._check(before, logged, role)

    def _strike_servers(self) -> str | None:
        """Kill a server instead, and let the child live with it for a moment."""
        dice = self.chance.random()
        if self.postgres is not None and dice < POSTGRES_SHARE:
            os.kill(int((self.postgres / "data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            time.sleep(0.2)
            self.stack.pop_all().close()
            self.start_postgres()
            return "PostgreSQL"
        if POSTGRES_SHARE < dice < POSTGRES_SHARE + REDIS_SHARE and (servers := redis_processes(self.folder / "home")):
            for pid in servers:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.3)
            return "Redis"
        return None

    def start_postgres(self) -> PostgresServer:
        """Its processes may need a moment to see that the first of them was killed."""
        assert self.postgres is not None
        for _ in range(50):
            with suppress(PostgresMissing):
                return self.stack.enter_context(postgres_in(self.postgres))
            time.sleep(0.1)
        raise SystemExit("PostgreSQL did not start again")

    def _ask(self, until: float) -> None:
        """Make watches until then; each that is answered is acknowledged."""
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=2) as client:
            while time.monotonic() < until:
                phrase = f"harbour bridge {len(lines_of(self.watches))} {self.chance.random():.6f}".replace(".", " ")
                try:
                    answer = client.post("/v1/watches", json={"phrases": [phrase]})
                except httpx.TransportError:
                    time.sleep(0.02)
                    continue
                if answer.status_code == 201:
                    write_line(self.watches, str(answer.json()["watch"]["id"]))
                elif answer.status_code != 503:
                    self.tally.wrong.append(f"a watch was answered with {answer.status_code}: {answer.text[:200]}")

    def unattached(self) -> int:
        return self._read(_count_unattached, 0)

    def _read(self, read: "Callable[[Store], int]", otherwise: int) -> int:
        if self.database is None and not (self.folder / "home/onestory.db").exists():
            return otherwise
        store = Store.open(self.config().database_url)
        try:
            return read(store)
        finally:
            store.close()

    def _check(self, before: int, logged: int, role: str) -> None:
        self._read(self._nothing_is_lost, 0)
        if before and role != "serve" and not self.unattached():
            self.tally.left += 1
            self.tally.told += MENDED in self.log.read_text(errors="replace")[logged:]

    def _nothing_is_lost(self, store: Store) -> int:
        with store.read() as connection:
            if store.dialect == "sqlite":
                said = connection.exec_driver_sql("PRAGMA quick_check").scalar_one()
                if said != "ok":
                    self.tally.wrong.append(f"SQLite says: {said}")
            lost = lines_of(self.articles) - set(connection.execute(select(articles.c.url)).scalars())
            gone = lines_of(self.watches) - {str(one) for one in connection.execute(select(watches.c.id)).scalars()}
        if lost or gone:
            self.tally.wrong.append(f"acknowledged and lost: {sorted(lost)[:3]}, watches {sorted(gone)[:3]}")
        return 0

    def finish(self) -> None:
        """Do the work to its end; each text must be one story."""
        for role in ("import", "crawl"):
            child = forked(self._work(role), self.log)
            if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
                self.tally.wrong.append(f"the last {role} ended with {code}: {self._tail()}")
        self._read(self._stories_are_whole, 0)
        self.tally.acknowledged += len(lines_of(self.articles)) + len(lines_of(self.watches))
        self.tally.homes += 1

    def _stories_are_whole(self, store: Store) -> int:
        with store.read() as connection:
            found = [sorted(member.copy.url for member in members) for _, members in iter_stories(connection)]
        numbers = [{url.rsplit("/", 1)[1] for url in urls} for urls in found]
        if len(found) != self.texts or any(len(one) != 1 for one in numbers) or any(len(urls) != 4 for urls in found):
            odd = [urls for urls in found if len(urls) != 4][:3]
            self.tally.wrong.append(f"{len(found)} stories of {self.texts} texts at 4 outlets, such as {odd}")
        return 0

    def _tail(self) -> str:
        return self.log.read_text(errors="replace").strip()[-600:]


def _count_unattached(store: Store) -> int:
    with store.read() as connection:
        query = select(func.count()).select_from(versions).where(versions.c.attached.is_(None))
        return int(connection.execute(query).scalar_one())
