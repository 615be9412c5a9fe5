"""The band index as it grows: the server's time an article, lookup p99 and bytes, with synthetic signatures.

    python -m benchmarks.dedupe_scale [--articles 100000]

The claim is about a million: `--articles 1000000` takes some ten minutes.
"""

import argparse
from pathlib import Path

from benchmarks.dedupe_index import memory, opened, register, server, synthetic, timed

STEP = 10_000
MARKS = (10_000, 100_000, 1_000_000)
LOOKUPS = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="not used: the signatures are made up")
    parser.add_argument("--articles", type=int, default=100_000)
    options = parser.parse_args()
    print(f"{'articles':>10}{'server us an article':>22}{'x':>7}{'lookup p99 ms':>15}{'bytes an article':>18}")
    first = 0.0
    with server() as client:
        empty, index = memory(client), opened(client)
        for done in range(STEP, options.articles + 1, STEP):
            signatures = synthetic(STEP, done)
            _, each = register(index, signatures, done - STEP)
            first = first or each
            if done in MARKS or done + STEP > options.articles:
                taken = sorted(timed(lambda one=one: index.lookup(one)) for one in signatures[:LOOKUPS])
                p99 = 1e3 * taken[len(taken) * 99 // 100]
                weight = (memory(client) - empty) / done
                print(f"{done:10}{each:22.1f}{each / first:7.2f}{p99:15.2f}{weight:18.0f}", flush=True)


if __name__ == "__main__":
    main()
