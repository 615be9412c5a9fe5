"""The band index as it grows: the server's time an article, lookup p99 and bytes, with synthetic signatures.

    python -m benchmarks.dedupe_scale [--articles 100000]

The claim is about a million: `--articles 1000000` takes some ten minutes. Past that a second epoch begins, and
each call asks two. Each figure stands beside one of a fresh index of 10,000 articles, taken turn by turn with it on a
second server: what else the machine does weighs on both alike.
"""

import argparse
import statistics
from pathlib import Path

from redis import Redis

from benchmarks.dedupe_index import memory, opened, register, server, synthetic, timed
from onestory.dedupe.index import BandIndex

STEP = 10_000
TURNS = 5  # steps before each mark that are measured
MARKS = (50_000, 100_000, 250_000, 500_000, 1_000_000, 1_250_000)
LOOKUPS = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="not used: the signatures are made up")
    parser.add_argument("--articles", type=int, default=100_000)
    options = parser.parse_args()
    print(f"{'articles':>10}{'us an article':>15}{'at 10k':>9}{'x':>7}{'lookup p99 ms':>15}{'bytes an article':>18}")
    with server() as client, server() as beside:
        empty, index = memory(client), opened(client)
        large: list[float] = []
        small: list[float] = []
        for done in range(STEP, options.articles + 1, STEP):
            _, each = register(index, synthetic(STEP, done), done - STEP)
            if any(mark - TURNS * STEP < done <= mark for mark in MARKS):
                large.append(each)
                small.append(fresh(beside, seed=done))
            if done in MARKS:
                bytes_each = (memory(client) - empty) / done
                show(done, large, small, p99_milliseconds(index, done), bytes_each)
                large, small = [], []


def fresh(client: Redis, *, seed: int) -> float:
    """The server's microseconds an article of the first 10,000."""
    client.flushall()
    _, each = register(opened(client), synthetic(STEP, -seed % 2**32), 0)
    return each


def p99_milliseconds(index: BandIndex, seed: int) -> float:
    """Of lookups of what was registered last."""
    taken = sorted(timed(lambda one=one: index.lookup(one)) for one in synthetic(STEP, seed)[:LOOKUPS])
    return 1e3 * taken[len(taken) * 99 // 100]


def show(done: int, large: list[float], small: list[float], p99: float, bytes_each: float) -> None:
    ours, first = statistics.median(large), statistics.median(small)
    print(f"{done:10}{ours:15.1f}{first:9.1f}{ours / first:7.2f}{p99:15.2f}{bytes_each:18.0f}", flush=True)


if __name__ == "__main__":
    main()
