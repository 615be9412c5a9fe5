"""Killed, raced, replayed and shuffled: does an import still end in the same stories?

    python -m benchmarks.endurance --data ../shared/data [--quick]

Everything goes through the command line, as an operator would: real processes, real `kill -9`.
"""

import argparse
import os
import random
import signal
import time
from pathlib import Path

from benchmarks.imports import (
    Rows,
    dump_of,
    dumped,
    fresh_home,
    partition_of,
    redis_processes,
    rows_file,
    run_import,
    start_import,
    text_rows,
)
from tests.servers import postgres_server


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    options = parser.parse_args()
    rows = text_rows(options.data / "dedupe" / "syndication_dev.jsonl.gz")
    share = 10 if options.quick else 1
    print(f"{'check':<58}{'asked':>8}{'passed':>8}")
    shuffles, kills, crashes, pairs = max(2, 5 // share), 20 // share, 10 // share, 1000 // share
    some = rows[: max(300, 1500 // share)]
    _report("shuffled imports with identical partitions", shuffles, _shuffled(rows[::share], shuffles))
    _report("imports killed with kill -9, same dump in the end", kills, _killed(some, kills))
    _report("imports with Redis killed with kill -9, same dump", crashes, _redis_killed(some, crashes))
    _report("pairs imported by 4 processes at once, SQLite", pairs, _raced(rows, pairs, None))
    with postgres_server() as server, server.database() as url:
        _report("pairs imported by 4 processes at once, PostgreSQL", pairs, _raced(rows, pairs, url))


def _report(check: str, asked: int, passed: int) -> None:
    print(f"{check:<58}{asked:>8}{passed:>8}{'' if passed == asked else '   NOT ALL'}", flush=True)


def _shuffled(rows: Rows, times: int) -> int:
    """How many of the imports agree with the first."""
    partitions = []
    for seed in range(times):
        mixed = list(rows)
        random.Random(seed).shuffle(mixed)
        with fresh_home() as home:
            run_import(home, rows_file(home, mixed))
            partitions.append(partition_of(home))
    return sum(partition == partitions[0] for partition in partitions)


def _killed(rows: Rows, times: int) -> int:
    """One import, killed again and again at random moments of its life, then run to the end: as often as asked."""
    with fresh_home() as home:
        started = time.monotonic()
        run_import(home, rows_file(home, rows))
        life = time.monotonic() - started
        expected = dump_of(home)
    pick, agreed = random.Random(1), 0
    for _ in range(times):
        with fresh_home() as home:
            path = rows_file(home, rows)
            process = start_import(home, path)
            time.sleep(pick.uniform(0.1, life))
            process.kill()
            process.wait()
            run_import(home, path)
            agreed += dump_of(home) == expected
    return agreed


def _redis_killed(rows: Rows, times: int) -> int:
    with fresh_home() as home:
        started = time.monotonic()
        run_import(home, rows_file(home, rows))
        life = time.monotonic() - started
        expected = dump_of(home)
    pick, agreed = random.Random(2), 0
    for _ in range(times):
        with fresh_home() as home:
            path = rows_file(home, rows)
            process = start_import(home, path)
            time.sleep(pick.uniform(life * 0.3, life))
            servers = redis_processes(home)
            if process.poll() is None and not servers:
                raise SystemExit("the Redis of the import was not found: nothing would be tested")
            for pid in servers:
                os.kill(pid, signal.SIGKILL)
            process.wait()
            run_import(home, path)
            agreed += dump_of(home) == expected
    return agreed


def _raced(rows: Rows, pairs: int, database_url: str | None) -> int:
    """Both halves of each pair at the same moments, in four processes; how many pairs are one story."""
    originals = [row for row in rows if len(row["text"].split()) > 200][:pairs]
    twins = [row | {"url": row["url"] + "/twin", "outlet": "twin.example"} for row in originals]
    halves = [originals[0::2], twins[0::2], originals[1::2], twins[1::2]]
    with fresh_home() as home:
        env = {"ONESTORY_DATABASE_URL": database_url} if database_url else {}
        files = [rows_file(home, half, name=f"half{number}.jsonl") for number, half in enumerate(halves)]
        processes = [start_import(home, path, env=env) for path in files]
        codes = [process.wait() for process in processes]
        if any(codes):
            raise SystemExit(f"imports at the same moments ended with {codes}")
        story_of = {row["url"]: row["story_id"] for row in dumped(home, "articles", env=env)}
    return sum(story_of[row["url"]] == story_of[row["url"] + "/twin"] for row in originals)


if __name__ == "__main__":
    main()
