"""From publication in a feed to a story in the API: seconds, over real HTTP on loopback.

    python benchmarks/crawl_latency.py [--interval 5] [--rate 4] [--seconds 120] [--hosts 12]

A local site puts entries into its feeds all the time, while `onestory crawl` and `onestory serve` run as an operator
runs them. Asked: within the poll interval and 5 s at p99. The interval of the sources is set in the store, below what
a list of sources may say, so that a run is short; what counts is what comes on top of it.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.crawl_memory import page  # noqa: E402
from benchmarks.loopback import HTML, RSS, feed, serving, write_sources  # noqa: E402
from onestory.urls import article_id_of_url  # noqa: E402

ASKED_SECONDS = 5.0
IN_A_FEED = 30
LOOK_SECONDS = 0.1
# Until crawler and server are up, on a busy machine, too.
SETTLED_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class Presses:
    """The site. Entry n is published at `begin` + n / `rate`, on the monotonic clock, by host n modulo `hosts`."""

    begin: float
    rate: float
    hosts: int

    def published(self, number: int) -> float:
        return self.begin + number / self.rate

    def out(self) -> int:
        """How many are published by now; one before the beginning, as an empty feed would be a source in trouble."""
        return max(0, int((time.monotonic() - self.begin) * self.rate) + 1)

    def url(self, port: int, number: int) -> str:
        return f"http://h{number % self.hosts}.localhost:{port}/{number}"

    def __call__(self, port: int, host: str, path: str) -> tuple[str, bytes] | None:
        own = int(host[1:])
        if path == "/feed":
            numbers = list(range(own, self.out(), self.hosts))[-IN_A_FEED:]
            return RSS, feed([f"http://{host}.localhost:{port}/old"] + [self.url(port, number) for number in numbers])
        if path == "/old":
            return HTML, page(1_000_000 + own)
        # Numbers of the pages are apart, so that none is a copy by the rule of `page`.
        return (HTML, page(int(path[1:]) * 10 + 1)) if path[1:].isdigit() and int(path[1:]) < self.out() else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="not needed: the pages are made here")
    parser.add_argument("--interval", type=int, default=5)
    parser.add_argument("--rate", type=float, default=4.0, help="entries published a second, on all hosts")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--hosts", type=int, default=12)
    options = parser.parse_args()
    presses = Presses(time.monotonic() + SETTLED_SECONDS, options.rate, options.hosts)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="one-", ignore_cleanup_errors=True)))
        port = stack.enter_context(serving(presses))
        env = _environment(home, [f"http://h{number}.localhost:{port}/feed" for number in range(options.hosts)])
        _prepare(home, env, options.interval)
        base = stack.enter_context(_served(env))
        stack.enter_context(_running(["crawl", "--delay", "0.2"], env))
        wanted = {
            article_id_of_url(presses.url(port, number)): presses.published(number)
            for number in range(int(options.rate * options.seconds))
        }
        seconds = _wait_for(base, wanted, give_up=options.interval + 30.0)
    _table(seconds, interval=options.interval, asked=len(wanted))


def _table(seconds: Sequence[float], *, interval: int, asked: int) -> None:
    print(f"{len(seconds)} of {asked} entries became stories; poll interval {interval} s")
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("slowest", 1.0)):
        value = seconds[min(len(seconds) - 1, int(len(seconds) * share))]
        note = f"  (asked: {interval + ASKED_SECONDS:.1f})" if name == "p99" else ""
        print(f"{name:<10}{value:>7.1f} s{note}")


def _environment(home: Path, feeds: list[str]) -> dict[str, str]:
    return {
        **os.environ,
        "ONESTORY_HOME": str(home / "data"),
        "ONESTORY_SOURCES": str(write_sources(home / "sources.toml", feeds)),
        "ONESTORY_ALLOW_PRIVATE": ".localhost",
        "ONESTORY_CONTACT": "https://benchmark.example",
        "ONESTORY_REDIS_URL": "",
    }


def _prepare(home: Path, env: dict[str, str], interval: int) -> None:
    """Makes the store with its sources, which are polled at this interval from now on."""
    subprocess.run([*_onestory("sources", "list")], env=env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    with closing(sqlite3.connect(home / "data" / "onestory.db")) as connection, connection:
        named = {row[1] for row in connection.execute("PRAGMA table_info(sources)")}
        for column in {"interval_seconds", "min_seconds", "max_seconds"} & named:
            connection.execute(f"UPDATE sources SET {column} = ?", (interval,))


def _onestory(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "onestory", *arguments]


@contextmanager
def _running(arguments: Sequence[str], env: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    command = _onestory(*arguments)
    with subprocess.Popen(
        command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as it:
        try:
            yield it
        finally:
            it.terminate()
            it.communicate(timeout=60)


@contextmanager
def _served(env: dict[str, str]) -> Iterator[str]:
    """The address of the API, once it answers."""
    with _running(["serve", "--port", "0"], env) as process:
        for line in process.stderr or ():
            if "http://" in line:
                yield line[line.index("http://") :].strip()
                return
        raise SystemExit("the server did not start")


def _wait_for(base: str, wanted: dict[str, float], *, give_up: float) -> list[float]:
    """Seconds from each publication until the API knew its story, sorted; those that never came are left out."""
    found, open_ = [], dict(wanted)
    end = max(wanted.values()) + give_up
    with httpx.Client(base_url=base, trust_env=False) as client:
        while open_ and time.monotonic() < end:
            with suppress(httpx.HTTPError):
                known = _newest(client)
                now = time.monotonic()
                found += [now - open_.pop(story) for story in known & open_.keys()]
            time.sleep(LOOK_SECONDS)
    return sorted(found)


def _newest(client: httpx.Client) -> set[str]:
    """The ids of the newest stories: each is that of its first article."""
    stories = client.get("/v1/stories", params={"limit": 100}).raise_for_status().json()["stories"]
    return {story["id"] for story in stories}


if __name__ == "__main__":
    main()
