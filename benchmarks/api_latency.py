"""How long the story API takes over 10,000 stories, at 50 requests a second, over real HTTP.

    python benchmarks/api_latency.py [--stories 10000] [--rate 50] [--seconds 20] [--database-url URL]

Requests are sent when their time has come, whether or not the ones before were answered, and counted from that time:
a server that stalls cannot hide it. The floor is the same server's /livez, which asks nothing of the store.
"""

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from store.articles import Reading, save
from store.database import Store
from store.models import Capture, Extracted
from store.stories import MatchRow, Part, add_matches, component, write_parts

START = datetime(2026, 11, 1, tzinfo=UTC)
TARGET_MS = 30
BATCH = 500
WORDS = [
    f"{a}{b}{c}" for a in ("har", "bri", "fer", "lor") for b in ("bo", "da", "ne", "ti") for c in ("ur", "ge", "ry")
]
SERVER = """
import sys
from pathlib import Path
from newsroom.server import serve
from store.config import Config
environ = {"ONESTORY_DATABASE_URL": sys.argv[2]} if sys.argv[2] else {}
serve(Config.read(environ, home=Path(sys.argv[1])), port=0, started=lambda url: print(url, flush=True))
"""


def fill(store: Store, stories: int, rng: random.Random) -> list[str]:
    """Stories of 1 to 12 copies, six in ten of a single one; the ids of all of them."""
    sizes = [1 if rng.random() < 0.6 else rng.choice((2, 2, 3, 3, 4, 5, 8, 12)) for _ in range(stories)]
    ids: list[str] = []
    for start in range(0, stories, BATCH):
        readings = [
            [_reading(start + offset, copy, rng) for copy in range(size)]
            for offset, size in enumerate(sizes[start : start + BATCH])
        ]
        ids += _keep(store, readings)
    return ids


def _reading(story: int, copy: int, rng: random.Random) -> Reading:
    url = f"https://www.outlet{(story * 7 + copy) % 400}.example/{story}/{copy}"
    text = "\n".join(" ".join(rng.choices(WORDS, k=60)) for _ in range(6))
    observed = START + timedelta(minutes=story * 3 + copy)
    title = f"{' '.join(rng.choices(WORDS, k=7))} {story}"
    extracted = Extracted(url=url, fetched_url=url, text=text, language="en", words=360, title=title)
    capture = Capture(url=url, observed=observed, outlet=f"Outlet {(story * 7 + copy) % 400}")
    digest = story.to_bytes(8, "big") * 2
    return Reading(capture, extracted, bytes(512), "benchmark", digest, "benchmark")


def _keep(store: Store, readings: Sequence[Sequence[Reading]]) -> list[str]:
    first: list[str] = []
    with store.write() as connection:
        saved = iter(save(connection, [one for story in readings for one in story], now=START))
        for story in readings:
            kept = [next(saved) for _ in story]
            ids = [one.article_id for one in kept]
            add_matches(connection, _evidence([(one.number or 0, one.article_id) for one in kept]))
            relations = dict.fromkeys(ids, "edited") | {ids[0]: "original"}
            write_parts(connection, component(connection, ids).members, [Part(ids[0], relations)], now=START)
            first.append(ids[0])
    return first


def _evidence(copies: Sequence[tuple[int, str]]) -> Iterator[MatchRow]:
    measures = {
        "a_is": "edited",
        "b_is": "edited",
        "jaccard": 0.9,
        "containment_a": 0.95,
        "containment_b": 0.94,
        "shared_words": 340,
    }
    for place, (a, a_article) in enumerate(copies):
        for b, b_article in copies[place + 1 :]:
            yield MatchRow(a, b, a_article, b_article, "copy", measures)


@contextmanager
def served(home: Path, database_url: str) -> Iterator[str]:
    """A server process of its own, and its address."""
    command = [sys.executable, "-c", SERVER, str(home), database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield (process.stdout.readline() if process.stdout else "").strip()
        finally:
            process.terminate()


async def measure(base: str, paths: Sequence[str], *, rate: float) -> list[float]:
    """Milliseconds of each request, from when it was due to its last byte."""
    async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
        await client.get(paths[0])
        begin = time.perf_counter() + 0.1
        tasks = [asyncio.create_task(_ask(client, path, begin + place / rate)) for place, path in enumerate(paths)]
        return sorted(await asyncio.gather(*tasks))


async def _ask(client: httpx.AsyncClient, path: str, due: float) -> float:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    answer = await client.get(path)
    answer.raise_for_status()
    return (time.perf_counter() - due) * 1000


def walked(base: str, pages: int) -> list[str]:
    """Addresses of the first pages of the list, one after another."""
    paths = ["/v1/stories"]
    with httpx.Client(base_url=base, trust_env=False) as client:
        while len(paths) < pages and (following := client.get(paths[-1]).links.get("next")):
            paths.append(following["url"])
    return paths


def report(name: str, times: Sequence[float], floor: float) -> None:
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    verdict = "ok" if p99 <= TARGET_MS else "MISSED"
    print(f"{name:<34}{p50:>9.1f}{p99:>9.1f}{times[-1]:>9.1f}{p99 / floor:>9.1f}x{TARGET_MS:>8}  {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--database-url", default="", help="an empty database; a new SQLite file by default")
    parser.add_argument("--data", help="not needed: the data is made")
    asked = parser.parse_args()
    rng = random.Random(3)
    with tempfile.TemporaryDirectory(prefix="one-") as folder:
        home = Path(folder)
        store = Store.open(asked.database_url or f"sqlite:///{home / 'onestory.db'}")
        ids = fill(store, asked.stories, rng)
        store.close()
        count = int(asked.rate * asked.seconds)
        with served(home, asked.database_url) as base:
            deep = walked(base, 20)
            loads = {
                "/livez (floor)": ["/livez"] * count,
                "/v1/stories": ["/v1/stories"] * count,
                "/v1/stories, cursors, 20 pages": [rng.choice(deep) for _ in range(count)],
                "/v1/stories?min_copies=3": ["/v1/stories?min_copies=3"] * count,
                "/v1/stories/{id}": [f"/v1/stories/{rng.choice(ids)}" for _ in range(count)],
                "/ (page)": ["/"] * count,
                "/stories/{id} (page)": [f"/stories/{rng.choice(ids)}" for _ in range(count)],
            }
            print(f"{asked.stories} stories, {asked.rate:g} requests/s, {count} requests each, milliseconds")
            print(f"{'':<34}{'p50':>9}{'p99':>9}{'max':>9}{'p99/floor':>10}{'target':>8}")
            floor = 1.0
            for name, paths in loads.items():
                times = asyncio.run(measure(base, paths, rate=asked.rate))
                floor = times[int(len(times) * 0.99)] if "floor" in name else floor
                report(name, times, floor)


if __name__ == "__main__":
    main()
