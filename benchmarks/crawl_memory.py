"""Whether a crawler grows: its memory after so many pages, and at the end, over real HTTP on loopback.

    python benchmarks/crawl_memory.py [--pages 50000] [--early 5000]

Fifty hosts of small pages, each text its own but for one in ten, which another host has run; a delay of 0. The whole
crawl as an operator runs it, with embedded Redis and SQLite. PSS: a shared page counts in parts for all who share it.
"""

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.loopback import HTML, RSS, feed, serving, write_sources  # noqa: E402

HOSTS = 50
LOOK_SECONDS = 2.0
SYLLABLES = ("ba", "do", "fer", "gi", "har", "lo", "mun", "ne", "pra", "ri", "sto", "tu", "vel", "wi", "yor", "zen")


@dataclass(frozen=True, slots=True)
class Memory:
    """Of the crawler's own process, and of its workers together; bytes."""

    pss: int
    rss: int
    workers_pss: int


@dataclass(frozen=True, slots=True)
class Papers:
    """What the server answers: a feed a host, and the pages that it lists."""

    pages: int

    def __call__(self, port: int, host: str, path: str) -> tuple[str, bytes] | None:
        number = int(host[1:])
        each = self.pages // HOSTS
        if path == "/feed":
            return RSS, feed([f"http://{host}.localhost:{port}/{number * each + one}" for one in range(each)])
        if not path[1:].isdigit():
            return None
        return HTML, page(int(path[1:]))


def page(number: int) -> bytes:
    """One in ten has the text of another host's page, the one three tenths of the way behind it."""
    rng = random.Random(number - 3001 if number % 10 == 0 and number > 3001 else number)
    title = " ".join(_word(rng) for _ in range(7))
    paragraphs = "".join(f"<p>{_sentence(rng)} {_sentence(rng)} {_sentence(rng)}</p>" for _ in range(5))
    head = f"<head><title>{title}</title></head>"
    return f'<html lang="en">{head}<body><article><h1>{title}</h1>{paragraphs}</article></body></html>'.encode()


def _word(rng: random.Random) -> str:
    return "".join(rng.choices(SYLLABLES, k=rng.choice((1, 2, 2, 3))))


def _sentence(rng: random.Random) -> str:
    return " ".join(_word(rng) for _ in range(14)).capitalize() + "."


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="not needed: the pages are made here")
    parser.add_argument("--pages", type=int, default=50_000)
    parser.add_argument("--early", type=int, default=5_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="one-") as folder, serving(Papers(options.pages)) as port:
        feeds = [f"http://h{number}.localhost:{port}/feed" for number in range(HOSTS)]
        sources = write_sources(Path(folder) / "sources.toml", feeds)
        looks = list(_crawl(Path(folder) / "data", sources))
    early = next((memory for stored, memory in looks if stored >= options.early), None)
    # The middle of the last looks: one of them may fall into a checkpoint or the end.
    last = sorted((memory for _, memory in looks[-9:]), key=lambda memory: memory.pss)[len(looks[-9:]) // 2]
    if early is None or looks[-1][0] < options.pages * 0.98:
        raise SystemExit(f"the crawl ended at {looks[-1][0]} pages")
    _table(options.early, early, looks[-1][0], last)


def _table(early_pages: int, early: Memory, pages: int, last: Memory) -> None:
    print(f"{'MB':<28}{early_pages:>10}{pages:>10}{'ratio':>8}{'asked':>8}")
    for name, before, after in (
        ("crawler, PSS", early.pss, last.pss),
        ("crawler, RSS", early.rss, last.rss),
        ("its workers, PSS", early.workers_pss, last.workers_pss),
    ):
        asked = "" if "workers" in name else "1.20"
        print(f"{name:<28}{before / 1e6:>10.0f}{after / 1e6:>10.0f}{after / before:>8.2f}{asked:>8}")


def _crawl(home: Path, sources: Path) -> Iterator[tuple[int, Memory]]:
    """Articles stored, and the memory, every few seconds until the crawl ends."""
    env = {
        **os.environ,
        "ONESTORY_HOME": str(home),
        "ONESTORY_SOURCES": str(sources),
        "ONESTORY_ALLOW_PRIVATE": ".localhost",
        "ONESTORY_CONTACT": "https://benchmark.example",
        "ONESTORY_REDIS_URL": "",
    }
    command = [sys.executable, "-m", "onestory", "crawl", "--once", "--delay", "0"]
    started = time.monotonic()
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                time.sleep(LOOK_SECONDS)
                memory = _memory(process.pid)
                if memory is not None and (stored := _stored(home)):
                    said = f"{stored} stored in {time.monotonic() - started:.0f} s, PSS {memory.pss / 1e6:.0f} MB"
                    print(said, file=sys.stderr, flush=True)
                    yield stored, memory
        finally:
            process.terminate()


def _stored(home: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{home / 'onestory.db'}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM articles").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _memory(pid: int) -> Memory | None:
    own = _rollup(pid)
    if not own:
        return None
    return Memory(own["Pss"], own["Rss"], sum(_rollup(worker).get("Pss", 0) for worker in _workers(pid)))


def _workers(pid: int) -> Sequence[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            children = (task / "children").read_text().split()
            found += [int(one) for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]
        except OSError:
            continue
    return found


def _rollup(pid: int) -> dict[str, int]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {name: int(value.split()[0]) * 1024 for name, _, value in (line.partition(":") for line in lines)}


if __name__ == "__main__":
    main()
