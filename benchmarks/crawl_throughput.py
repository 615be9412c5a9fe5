"""How many real pages a crawl takes in, over HTTP on loopback with a delay of 0; a bare Scrapy spider beside it.

    python benchmarks/crawl_throughput.py --data ../shared/data [--rounds 3] [--pages 428]

Ours is `onestory crawl --once` as an operator runs it: frontier, extraction, stories, in SQLite and the embedded Redis.
The peer hands its pages to trafilatura's `bare_extraction(with_metadata=True)` in a process pool of as many workers,
and keeps nothing. They take turns; start-up is measured with one page, and taken off.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.loopback import HTML, RSS, feed, serving, write_sources  # noqa: E402
from onestory.pipelines.archive.reader import read_captures  # noqa: E402
from onestory.store.articles.captures import Capture  # noqa: E402

HOSTS = 32
PEER = """
import asyncio, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import scrapy
from scrapy.crawler import CrawlerProcess
from trafilatura import bare_extraction

class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        for number in range(int(sys.argv[2])):
            yield scrapy.Request(f"http://127.0.0.1:{sys.argv[1]}/{number}")
    async def parse(self, response):
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(POOL, bare, response.text)
        return {}

def bare(html):
    return bare_extraction(html, with_metadata=True) is not None

if __name__ == "__main__":
    POOL = ProcessPoolExecutor(int(sys.argv[3]), mp_context=get_context("spawn"))
    process = CrawlerProcess({"LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "ROBOTSTXT_OBEY": False,
        "CONCURRENT_REQUESTS": 32, "CONCURRENT_REQUESTS_PER_DOMAIN": 32, "DOWNLOAD_DELAY": 0})
    process.crawl(Bare)
    process.start()
    POOL.shutdown()
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a command with all its processes; `cpu` without the server of the pages."""

    wall: float
    cpu: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


class Pages:
    """What the server answers: pages by number, on all hosts alike; a feed a host that lists its share of them.

    `/one` is the feed of a single page. The archive is read in the server's process.
    """

    def __init__(self, archive: Path, pages: int) -> None:
        self.archive = archive
        self.pages = pages
        self._bodies: list[bytes] = []

    def __call__(self, port: int, host: str, path: str) -> tuple[str, bytes] | None:
        if not self._bodies:
            found = read_captures(str(self.archive))
            self._bodies = [page.body or b"" for page in found if isinstance(page, Capture)][: self.pages]
        if path in ("/feed", "/one"):
            numbers = range(int(host[1:]), len(self._bodies), HOSTS) if path == "/feed" else range(1)
            return RSS, feed([f"http://{host}.localhost:{port}/{number}" for number in numbers])
        return (HTML, self._bodies[int(path[1:])]) if path[1:].isdigit() else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=int, default=428)
    options = parser.parse_args()
    pages = Pages(options.data / "extraction" / "pages.warc.gz", options.pages)
    with tempfile.TemporaryDirectory(prefix="one-") as folder, serving(pages) as port:
        place = Path(folder)
        peer = place / "peer.py"
        peer.write_text(PEER)
        ours, theirs = [], []
        for number in range(options.rounds):
            ours.append(_ours(place / f"data{number}", port, "feed") - _ours(place / f"one{number}", port, "one"))
            theirs.append(_theirs(peer, port, options.pages) - _theirs(peer, port, 1))
            print(f"round {number + 1}: ours {ours[-1]}, peer {theirs[-1]}", file=sys.stderr, flush=True)
    _table(options.pages, ours, theirs)


def _table(pages: int, ours: Sequence[Cost], theirs: Sequence[Cost]) -> None:
    """Medians over the rounds; the ratio is that of a round's two runs, which met the same machine."""
    print(f"{pages} pages, {os.cpu_count()} cores, {len(ours)} rounds")
    print(f"{'':<44}{'wall s':>8}{'pages/s':>9}{'cpu s':>8}")
    named = {"onestory crawl --once": ours, "scrapy and bare_extraction in a process pool": theirs}
    for name, costs in named.items():
        wall, cpu = (statistics.median(getattr(cost, field) for cost in costs) for field in ("wall", "cpu"))
        print(f"{name:<44}{wall:>8.1f}{pages / wall:>9.1f}{cpu:>8.1f}")
    pairs = list(zip(ours, theirs, strict=True))
    wall = statistics.median(peer.wall / own.wall for own, peer in pairs)
    cpu = statistics.median(own.cpu / peer.cpu for own, peer in pairs)
    print(f"throughput against the peer {wall:.2f} (asked: 0.80); processor time against it {cpu:.2f}")


def _ours(home: Path, port: int, path: str) -> Cost:
    hosts = HOSTS if path == "feed" else 1
    home.mkdir()
    sources = write_sources(
        home / "sources.toml", [f"http://h{number}.localhost:{port}/{path}" for number in range(hosts)]
    )
    env = {
        "ONESTORY_HOME": str(home),
        "ONESTORY_SOURCES": str(sources),
        "ONESTORY_ALLOW_PRIVATE": ".localhost",
        "ONESTORY_CONTACT": "https://benchmark.example",
        "ONESTORY_REDIS_URL": "",
    }
    return _cost([sys.executable, "-m", "onestory", "crawl", "--once", "--delay", "0"], env)


def _theirs(peer: Path, port: int, pages: int) -> Cost:
    return _cost([sys.executable, str(peer), str(port), str(pages), str(os.cpu_count() or 1)], {})


def _cost(command: Sequence[str], env: dict[str, str]) -> Cost:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, env={**os.environ, **env}, cwd=ROOT, check=True, stdout=2)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(time.monotonic() - started, cpu)


if __name__ == "__main__":
    main()
