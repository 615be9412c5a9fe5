"""`kill -9`, again and again: is anything acknowledged lost, is a story split, does a restart say what it mends?

    python -m benchmarks.kills [--kills 500] [--postgres] [--seed 1]

A cycle starts an import, a crawl or a server on a home, forked from this process so that it takes no time to start. It
kills it, or its Redis, or PostgreSQL, at a random moment; at some of them the disk has been full for a while. Then the
store is read: all that was acknowledged must be there. After some cycles the work is done to its end: each text must be
one story. Pages are read in the process itself; `benchmarks.siege` has worker processes.
"""

import argparse
import random
import sys
import time
from contextlib import ExitStack
from typing import TextIO

from benchmarks.kill_arena import Arena, Tally
from benchmarks.kill_children import site_process, write_rows
from onestory.newsroom.server.server import listen_on
from onestory.pipelines.runtime.read_capture import read_captures_in_worker
from onestory.pipelines.runtime.workers import FIRST_PAGE
from tests.servers import postgres_folder, short_folder

KILLS_A_HOME = 25


def attack(kills: int, *, texts: int, seed: int, in_postgres: bool, out: TextIO) -> Tally:
    """Kill that many times, on one home after the other."""
    chance, tally = random.Random(seed), Tally()
    read_captures_in_worker([FIRST_PAGE])  # models are loaded once, before any fork
    with site_process(texts) as sources:
        while tally.kills.total() < kills:
            with short_folder() as folder, ExitStack() as stack, ExitStack() as servers:
                arena = Arena(folder, texts, sources, chance, tally, servers)
                write_rows(folder, texts)
                with listen_on("127.0.0.1", 0) as free:
                    arena.port = free.getsockname()[1]
                if in_postgres:
                    arena.postgres = stack.enter_context(postgres_folder())
                    arena.database = arena.start_postgres().url("postgres")
                for _ in range(min(KILLS_A_HOME, kills - tally.kills.total())):
                    arena.cycle()
                arena.finish()
            print(time.strftime("%H:%M:%S"), tally, file=out, flush=True)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--texts", type=int, default=100)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally = attack(options.kills, texts=options.texts, seed=options.seed, in_postgres=options.postgres, out=sys.stdout)
    print(f"{tally.kills.total()} kills ({dict(tally.kills)}), the disk full at {tally.full}, {tally.homes} homes")
    print(f"acknowledged {tally.acknowledged}; restarts with something to mend {tally.left}, that said so {tally.told}")
    for fault in tally.wrong:
        print(f"  {fault}")
    raise SystemExit(bool(tally.wrong))


if __name__ == "__main__":
    main()
