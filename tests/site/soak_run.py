"""A soak: crawlers as processes over simulated days, one of them killed with `kill -9` every day."""

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, and_, case, func, literal, not_, or_, select

from onestory.store.database import Store
from onestory.store.schema import hosts, pages, sources
from onestory.store.sources.polls import SourceEntry, add_sources
from tests.site.driven_clock import DrivenClock
from tests.site.server import serving
from tests.site.soak_site import SoakSite
from tests.site.soak_world import DAY, SOURCES_A_HOST, Plan, World

__all__ = ["Soaked", "soak"]

PROCESS = Path(__file__).with_name("crawl_process.py")
CRAWLERS = 3
DELAY_SECONDS = 2.0
INTERVAL_SECONDS = 3_600
# As long as a crawler of this speed may be held up by this machine.
LEASE_SECONDS = 7_200.0
SLOWEST, FASTEST = 50.0, 1_000.0
LOOK_SECONDS = 0.5
# What is due for longer than that, the crawlers are behind with; the clock slows down until they are not.
BEHIND, WELL = timedelta(minutes=45), timedelta(minutes=20)
Tell = Callable[[str], None]


@dataclass(slots=True)
class Soaked:
    """What is left to judge. `kills` are seconds of the clock.

    `faults` has what each crawler complained of in the end, or None.
    """

    world: World
    site: SoakSite
    port: int
    store: Store
    kills: list[float] = field(default_factory=list)
    faults: list[str | None] = field(default_factory=list)


@contextmanager
def soak(plan: Plan, database_url: str, home: Path, *, tell: Tell = lambda line: None) -> Iterator[Soaked]:
    """The end of it: all crawlers have stopped."""
    clock = DrivenClock.started(speed=SLOWEST, folder=home)
    world = World(plan)
    site = SoakSite(world, clock)
    store = Store.open(database_url)
    try:
        with serving() as server:
            server.otherwise = site
            soaked = Soaked(world, site, server.port, store)
            with store.write() as connection:
                add_sources(connection, _entries(plan, server.port), now=clock.now())
            clock.put_forward(seconds=-clock.elapsed())
            _drive(soaked, database_url, home, tell)
        yield soaked
    finally:
        store.close()


def _entries(plan: Plan, port: int) -> list[SourceEntry]:
    return [
        SourceEntry(
            f"http://h{host}.localhost:{port}/feed/{feed}",
            "feed",
            f"Outlet {host}",
            interval_seconds=INTERVAL_SECONDS,
        )
        for host in range(plan.hosts)
        for feed in range(SOURCES_A_HOST)
    ]


@dataclass(frozen=True, slots=True)
class Crawler:
    """A process, and where its complaints are kept: a pipe that nobody reads would fill up and stop it."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def complaint(self) -> str | None:
        """What is wrong with the way it ended, or that it ended."""
        code, said = self.process.returncode, self.log.read_text("utf-8", "replace")[-2_000:]
        return f"it ended with {code}: {said}" if code else None


def _drive(soaked: Soaked, database_url: str, home: Path, tell: Tell) -> None:
    clock, pick = soaked.site.clock, random.Random(soaked.world.plan.seed)
    running = [_start(database_url, home, clock) for _ in range(CRAWLERS)]
    try:
        for due in _moments(soaked.world.plan, pick):
            while clock.elapsed() < due:
                time.sleep(LOOK_SECONDS)
                _regulate(soaked, tell)
                _look(running, soaked)
            if due < soaked.world.plan.seconds:
                place = pick.randrange(CRAWLERS)
                running[place].kill()
                soaked.kills.append(clock.elapsed())
                running[place] = _start(database_url, home, clock)
        _stop(running)
        soaked.faults = [crawler.complaint() for crawler in running]
    finally:
        for crawler in running:
            crawler.kill()


def _stop(running: Sequence[Crawler]) -> None:
    """Each once it has come as far as to listen for that."""
    for crawler in running:
        assert crawler.process.stdout
        crawler.process.stdout.readline()
    time.sleep(LOOK_SECONDS)
    for crawler in running:
        crawler.process.send_signal(signal.SIGTERM)
    for crawler in running:
        crawler.process.wait(timeout=300)


def _moments(plan: Plan, pick: random.Random) -> list[float]:
    """One a day, and at least two, at which a crawler is killed; and the end."""
    days = max(2, round(plan.days))
    length = plan.seconds / days
    return [*((day + pick.uniform(0.3, 0.8)) * length for day in range(days)), plan.seconds]


def _start(database_url: str, home: Path, clock: DrivenClock) -> Crawler:
    options = [f"clock={clock.path}", f"delay_seconds={DELAY_SECONDS}", f"lease_seconds={LEASE_SECONDS}"]
    command = [sys.executable, str(PROCESS), database_url, str(home / "data"), *options]
    if setpriv := shutil.which("setpriv"):  # Then a soak that is killed leaves no crawler behind.
        command = [setpriv, "--pdeathsig", "KILL", *command]
    log = home / f"crawler-{time.monotonic_ns()}.log"
    with log.open("wb") as complaints:
        return Crawler(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints), log)


def _look(running: Sequence[Crawler], soaked: Soaked) -> None:
    for crawler in running:
        if crawler.process.poll() is not None:
            day = soaked.site.clock.elapsed() / DAY
            raise RuntimeError(f"a crawler ended on day {day:.2f}: {crawler.complaint()}")


def _regulate(soaked: Soaked, tell: Tell) -> None:
    """As fast as the crawlers keep up with."""
    clock, lag = soaked.site.clock, _lag(soaked)
    if lag > BEHIND:
        clock.run_at(max(clock.speed * 0.7, SLOWEST))
    elif lag < WELL:
        clock.run_at(min(clock.speed * 1.2, FASTEST))
    asked, minutes = len(soaked.site.log), lag.total_seconds() / 60
    tell(
        f"day {clock.elapsed() / DAY:.2f}, {clock.speed:.0f} times as fast, {asked} requests, {minutes:.0f} min behind"
    )


def _lag(soaked: Soaked) -> timedelta:
    """How long the crawlers have let wait what they could have fetched: it was due, and its host was free.

    What waits for its host's pace costs them nothing, and a slower clock would not bring it sooner. A host whose
    crawler was killed has to wait; its lease looks like any other until it has not been renewed for a while.
    """
    now, half = soaked.site.clock.now(), LEASE_SECONDS / 2
    was_killed = bool(soaked.kills) and soaked.site.clock.elapsed() - soaked.kills[-1] < half
    in_good_hands = and_(hosts.c.lease_until > now + timedelta(seconds=half), not_(literal(was_killed)))
    free = and_(hosts.c.next_fetch <= now, or_(hosts.c.lease_until.is_(None), in_good_hands))
    with soaked.store.read() as connection:
        page = select(_since(pages.c.due)).join(hosts, hosts.c.name == pages.c.host).where(pages.c.state == "due", free)
        looked_at = and_(pages.c.revisit.is_not(None), free)
        look = select(_since(pages.c.revisit)).join(hosts, hosts.c.name == pages.c.host).where(looked_at)
        source = select(_since(sources.c.next_poll)).join(hosts, hosts.c.name == sources.c.host).where(free)
        oldest = [connection.execute(query).scalar_one() for query in (page, look, source)]
    return max([now - due for due in oldest if due is not None and due < now], default=timedelta())


def _since(due: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """The first moment at which the oldest of them could have been fetched."""
    return func.min(case((due > hosts.c.next_fetch, due), else_=hosts.c.next_fetch))
