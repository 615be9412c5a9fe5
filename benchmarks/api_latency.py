"""How long the desk's pages and the API take over 100,000 articles, at 50 requests a second, over real HTTP.

    python benchmarks/api_latency.py [--rate 50] [--seconds 20] [--database-url URL] [--home FOLDER] [--only PATTERN]

The store is made by `benchmarks/desk_store.py`; with `--home` it is kept there, and used again. Requests are sent when
their time has come, whether or not the ones before were answered, and counted from that time: a server that stalls
cannot hide it. /livez, which asks nothing of the store, is asked ten times a second all along; its time in the same
seconds is what the machine and the other requests cost by themselves.
"""

import argparse
import asyncio
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx2 as httpx
from desk_store import AGENCIES, OUTLETS, OWNERS, TOPICS, Shape, fill
from plain_client import PlainClient
from sqlalchemy import func, select

from onestory.store.database import Store
from onestory.store.events.event_log import event_log_bounds
from onestory.store.schema import articles, stories
from onestory.store.search.full_text_index import index_all_due

TARGET_MS = {"sqlite": 60, "postgresql": 40}
MOST_PAGE_BYTES = 80_000
LIVEZ_RATE = 10.0
SERVER = """
import sys
from pathlib import Path
from onestory.newsroom.server.server import run_server
from onestory.config import Config
environ = {"ONESTORY_DATABASE_URL": sys.argv[2]} if sys.argv[2] else {}
run_server(Config.read(environ, home=Path(sys.argv[1])), port=0, started=lambda url: print(url, flush=True))
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store has to ask for: ids of any stories, and of those with five copies and more, words, events."""

    articles: int
    ids: list[str]
    wide: list[str]
    widest: str
    titles: list[str]
    last_event: int


def known_of(store: Store, rng: random.Random) -> Known:
    live = stories.c.absorbed_into.is_(None)
    with store.read() as connection:
        rows = connection.execute(
            select(stories.c.id, stories.c.copies, stories.c.title).where(live).order_by(stories.c.id)
        ).all()
        count = connection.execute(select(func.count()).select_from(articles)).scalar_one()
        last = event_log_bounds(connection).last
    sample = rng.sample(rows, min(2_000, len(rows)))
    wide = [row.id for row in rows if row.copies >= 5]
    widest = max(rows, key=lambda row: row.copies).id
    return Known(count, [row.id for row in sample], wide, widest, [row.title for row in sample], last)


def loads(known: Known, base: str, count: int, rng: random.Random) -> dict[str, list[str]]:
    """Name to the addresses that are asked for."""
    deep = walked(base, 20)

    def of(template: str, values: Sequence[object]) -> list[str]:
        return [template.format(quote(str(rng.choice(values)))) for _ in range(count)]

    rare = [" ".join(title.split()[1:3]) for title in known.titles]
    common = [*TOPICS, "harbour strike", '"storm is news"', "budget -ferry"]
    return {
        "/ (page)": ["/"] * count,
        "/?span=7d (page)": ["/?span=7d"] * count,
        "/?ours=true (page)": ["/?ours=true"] * count,
        "/?q= (page), rare words": of("/?q={}", rare),
        "/?q= (page), common words": of("/?q={}", common),
        "/stories/{id} (page), any": of("/stories/{}", known.ids),
        "/stories/{id} (page), 5 copies up": of("/stories/{}", known.wide),
        "/stories/{id} (page), the widest": [f"/stories/{known.widest}"] * count,
        "/v1/stories": ["/v1/stories"] * count,
        "/v1/stories, cursors, 20 pages": [rng.choice(deep) for _ in range(count)],
        "/v1/stories?min_outlets=3": ["/v1/stories?min_outlets=3"] * count,
        "/v1/stories?outlet=": of("/v1/stories?outlet=Outlet%20{}", range(OUTLETS)),
        "/v1/stories?owner=": of("/v1/stories?owner=Owner%20{}", range(OWNERS)),
        "/v1/stories?credit=": of("/v1/stories?credit={}", [name for name in AGENCIES if name]),
        "/v1/stories/{id}, any": of("/v1/stories/{}", known.ids),
        "/v1/stories/{id}, 5 copies up": of("/v1/stories/{}", known.wide),
        "/v1/stories/{id}, the widest": [f"/v1/stories/{known.widest}"] * count,
        "/v1/search, rare words": of("/v1/search?q={}", rare),
        "/v1/search, common words": of("/v1/search?q={}", common),
        "/v1/search by time, common words": of("/v1/search?order=time&q={}", common),
        "/v1/events?after=": of("/v1/events?after={}", range(max(1, known.last_event))),
    }


@contextmanager
def served(home: Path, database_url: str) -> Iterator[str]:
    """A server process of its own, and its address, once it has its index."""
    command = [sys.executable, "-c", SERVER, str(home), database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            base = (process.stdout.readline() if process.stdout else "").strip()
            print("waiting for the index", file=sys.stderr)
            while httpx.get(f"{base}/readyz", trust_env=False, timeout=30).json().get("index") != "ready":
                time.sleep(1)
            yield base
        finally:
            process.terminate()


async def measure(base: str, paths: Sequence[str], *, rate: float) -> tuple[list[float], list[float]]:
    """Milliseconds of each request, from when it was due to its last byte; and of /livez in the same time."""
    async with PlainClient.open(base) as client:
        await client.get(paths[0])
        begin = time.perf_counter() + 0.1
        asked = [_ask(client, path, begin + place / rate) for place, path in enumerate(paths)]
        alive = int(len(paths) / rate * LIVEZ_RATE)
        beside = [_ask(client, "/livez", begin + place / LIVEZ_RATE) for place in range(alive)]
        found = await asyncio.gather(*asked, *beside)
    return sorted(found[: len(asked)]), sorted(found[len(asked) :])


async def _ask(client: PlainClient, path: str, due: float) -> float:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    await client.get(path)
    return (time.perf_counter() - due) * 1000


def walked(base: str, pages: int) -> list[str]:
    """Addresses of the first pages of the list, one after another."""
    paths = ["/v1/stories"]
    with httpx.Client(base_url=base, trust_env=False) as client:
        while len(paths) < pages and (following := client.get(paths[-1]).links.get("next")):
            paths.append(following["url"].removeprefix(base))
    return paths


def weigh(base: str) -> None:
    """Bytes of the first page, and of what it loads, as they are sent."""
    with httpx.Client(base_url=base, trust_env=False) as client:
        page = client.get("/")
        loaded = sorted(set(re.findall(r'"(/static/[^"]+)"', page.text)))
        files = {path.partition("?")[0]: len(client.get(path.replace("&amp;", "&")).content) for path in loaded}
    whole = len(page.content) + sum(files.values())
    told = ", ".join(f"{name} {size:,}" for name, size in files.items())
    verdict = "ok" if whole <= MOST_PAGE_BYTES else "MISSED"
    print(
        f"first page: {len(page.content):,} bytes of HTML; {told}; in all {whole:,} of {MOST_PAGE_BYTES:,}  {verdict}"
    )


def report(name: str, times: Sequence[float], beside: Sequence[float], target: int) -> None:
    p50, p99 = _at(times, 0.5), _at(times, 0.99)
    verdict = "ok" if p99 <= target else "MISSED"
    print(
        f"{name:<36}{p50:>8.1f}{p99:>8.1f}{times[-1]:>8.1f}{_at(beside, 0.99):>10.1f}{target:>8}  {verdict}", flush=True
    )


def _at(times: Sequence[float], part: float) -> float:
    return times[int(len(times) * part)]


def prepared(url: str, shape: Shape, rng: random.Random) -> Known:
    """What is there is used again; an empty store is filled."""
    store = Store.open(url)
    with store.read() as connection:
        is_empty = connection.execute(select(stories.c.id).limit(1)).first() is None
    if is_empty:
        fill(store, shape)
    index_all_due(store)
    known = known_of(store, rng)
    store.close()
    return known


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stories", type=int, default=Shape().stories)
    parser.add_argument("--articles", type=int, default=Shape().articles)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--database-url", default="", help="an empty database, or one that this script filled")
    parser.add_argument("--home", type=Path, help="a folder to keep the store in; else it is made anew")
    parser.add_argument("--only", default="", help="measure what has this pattern in its name")
    parser.add_argument("--data", help="not needed: the data is made")
    asked = parser.parse_args()
    rng = random.Random(3)
    with ExitStack() as stack:
        home = asked.home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="one-")))
        url = asked.database_url or f"sqlite:///{home / 'onestory.db'}"
        known = prepared(url, Shape(asked.stories, asked.articles), rng)
        base = stack.enter_context(served(home, asked.database_url))
        count = int(asked.rate * asked.seconds)
        kind = url.partition(":")[0].partition("+")[0]
        print(f"{kind}, {known.articles:,} articles, {asked.rate:g} requests/s, {count} each, milliseconds")
        print(f"{'':<36}{'p50':>8}{'p99':>8}{'max':>8}{'/livez p99':>10}{'target':>8}")
        wanted = {"/livez alone": ["/livez"] * count, **loads(known, base, count, rng)}
        for name, paths in wanted.items():
            if re.search(asked.only, name):
                report(name, *asyncio.run(measure(base, paths, rate=asked.rate)), TARGET_MS[kind])
        weigh(base)


if __name__ == "__main__":
    main()
